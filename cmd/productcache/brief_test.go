package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestRefusedValuesAreNotRepeatedWhole: a value of a megabyte came back whole, up to three times.
func TestRefusedValuesAreNotRepeatedWhole(t *testing.T) {
	long := strings.Repeat("é\"", 40_000) // the kernel takes arguments of 128 KiB
	c := parse(t, nil, minimal...)
	for _, name := range tunable {
		if _, err := c.with(map[string]string{name: long}); err == nil || len(err.Error()) > 700 || !utf8.ValidString(err.Error()) {
			t.Errorf("with(%s: 120 kB) = %d bytes, %.300v", name, len(fmt.Sprint(err)), err)
		}
	}
	for _, f := range c.settings {
		if f.Name == "version" {
			continue
		}
		for how, parsed := range map[string]func() (*Config, error){
			"flag": func() (*Config, error) {
				return parseConfig("serve", []string{"-" + f.Name + "=" + long}, noEnvironment, io.Discard)
			},
			"environment": func() (*Config, error) {
				return parseConfig("serve", nil, oneVariable(envName(f.Name), long), io.Discard)
			},
		} {
			if _, err := parsed(); err == nil || len(err.Error()) > 1500 {
				t.Errorf("%s of 120 kB for -%s: %d bytes", how, f.Name, len(fmt.Sprint(err)))
			}
		}
	}
	for _, args := range [][]string{{long}, {"-" + long}, {"-a" + long + "=b"}} {
		if _, err := parseConfig("serve", args, noEnvironment, io.Discard); err == nil || len(err.Error()) > 700 {
			t.Errorf("argument of 120 kB: %d bytes", len(fmt.Sprint(err)))
		}
	}
}

// oneVariable is a lookupEnv of one variable.
func oneVariable(name, value string) func(string) (string, bool) {
	return func(n string) (string, bool) { return value, n == name }
}

// TestManyUnknownSettingsAreNotAllNamed: a change of a megabyte got an answer of several.
func TestManyUnknownSettingsAreNotAllNamed(t *testing.T) {
	c := parse(t, nil, minimal...)
	values := map[string]string{}
	for i := range 25 {
		values[fmt.Sprint("none", i)] = ""
	}
	_, err := c.with(values)
	if got := strings.Split(fmt.Sprint(err), "\n"); len(got) != 21 || got[20] != "and 5 more" {
		t.Errorf("25 unknown settings: %q", got)
	}
}

func TestBrief(t *testing.T) {
	short := errors.New(strings.Repeat("x", 200))
	if got := brief(short); got != short {
		t.Errorf("brief(200 bytes) = %v", got)
	}
	long := fmt.Errorf("%s %w", strings.Repeat("ü", 150), io.EOF)
	if got := brief(long); got.Error() != string(bytes.Repeat([]byte("ü"), 100))+"…" || !errors.Is(got, io.EOF) {
		t.Errorf("brief(301 bytes) = %v", got)
	}
}
