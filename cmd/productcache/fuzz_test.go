package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"
)

// settingSeeds are values of the kinds that settings have, most of them refused by most settings.
var settingSeeds = []string{"", "0", "-1", "1", "5m", "5 minutes", "-1s", "24h0m0.5s", "9999999h", "64MiB", "8192PiB", "7EiB", "1.5GiB", "many", "0.1", "NaN", "Inf", "1e400", "true", "x\"y",
	"debug", "INFO+2", "loud", "9223372036854775808", "0x7fffffffffffffff", "json", "lru", "unix:", "unix:/run/a.sock,127.0.0.1:0", "systemd:", "[::1]:80", ":80", ",", "a:b@tcp(c)/d?e", "\xff\x00", "-help", "--"}

// FuzzConfig sets one setting by its flag and by its variable: both are refused with a short message or
// are the same setting, which reads back as itself from how it is shown.
func FuzzConfig(f *testing.F) {
	var names []string
	for _, s := range defaults(f).settings {
		if s.Name != "version" {
			names = append(names, s.Name)
		}
	}
	for at := range names {
		f.Add(uint8(at), settingSeeds[at%len(settingSeeds)])
	}
	for at, value := range settingSeeds {
		f.Add(uint8(at*7), value)
	}
	f.Fuzz(func(t *testing.T, at uint8, value string) {
		name := names[int(at)%len(names)]
		byFlag, err := parseConfig("serve", append(otherThan(rivals[name]), "-"+name+"="+value), noEnvironment, io.Discard)
		byVariable, failed := parseConfig("serve", otherThan(name, rivals[name]), oneVariable(envName(name), value), io.Discard)
		if (err == nil) != (failed == nil) {
			t.Fatalf("-%s=%q: %v, and %s: %v", name, value, err, envName(name), failed)
		}
		if err != nil {
			if len(err.Error()) > 4096 || len(failed.Error()) > 4096 {
				t.Fatalf("-%s of %d bytes: an error of %d", name, len(value), len(err.Error()))
			}
			return
		}
		shown := valueOf(byFlag, name)
		if other := valueOf(byVariable, name); other != shown {
			t.Fatalf("-%s=%q is %q, and %q by %s", name, value, shown, other, envName(name))
		}
		if name == "mysql-dsn" {
			return // masked
		}
		again, err := parseConfig("serve", append(otherThan(rivals[name]), "-"+name+"="+shown), noEnvironment, io.Discard)
		if err != nil || valueOf(again, name) != shown {
			t.Fatalf("-%s=%q is shown as %q, which is %v", name, value, shown, err)
		}
	})
}

// defaults are the settings with nothing but what is needed.
func defaults(t testing.TB) *Config {
	t.Helper()
	c, err := parseConfig("serve", minimal, noEnvironment, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// otherThan are the minimal flags without some.
func otherThan(names ...string) (args []string) {
	for i := 0; i < len(minimal); i += 2 {
		if !slices.Contains(names, minimal[i][1:]) {
			args = append(args, minimal[i:i+2]...)
		}
	}
	return args
}

func valueOf(c *Config, name string) string {
	for _, s := range c.report(false) {
		if s.Name == name {
			return s.Value
		}
	}
	return "none"
}

// FuzzTune changes two settings while the service runs: neither changes if one is refused; else both are what a
// restart with such flags would make them, and nothing else has changed.
func FuzzTune(f *testing.F) {
	names := append(slices.Clone(tunable), "version", "listen", "tll", "", "-ttl", "ttl=5m")
	for at, value := range settingSeeds {
		f.Add(names[at%len(names)], value, tunable[at%len(tunable)], settingSeeds[(at*5+1)%len(settingSeeds)])
	}
	f.Add("ttl", "10m", "cache-bytes", "64MiB")
	f.Add("cache-entries", "4", "log-level", "debug")
	f.Fuzz(func(t *testing.T, name, value, other, otherValue string) {
		c := defaults(t)
		before := values(c)
		asked := map[string]string{name: value, other: otherValue}
		next, err := c.with(asked)
		if !maps.Equal(values(c), before) {
			t.Fatalf("with(%q) changes what it was given: %v, was %v", asked, values(c), before)
		}
		if err != nil {
			if len(err.Error()) > 4096 {
				t.Fatalf("with(%d bytes): an error of %d", len(value)+len(otherValue), len(err.Error()))
			}
			return
		}
		args := slices.Clone(minimal)
		for name, value := range asked {
			args = append(args, "-"+name+"="+value)
		}
		started, err := parseConfig("serve", args, noEnvironment, io.Discard)
		if err != nil || !maps.Equal(values(next), values(started)) {
			t.Fatalf("with(%q) = %v; started so: %v", asked, values(next), err)
		}
		for name, now := range values(next) {
			if _, ok := asked[name]; !ok && now != before[name] {
				t.Fatalf("with(%q) changes %s from %s to %s", asked, name, before[name], now)
			}
		}
	})
}

// values are all settings as they are shown.
func values(c *Config) map[string]string {
	all := map[string]string{}
	for _, s := range c.report(false) {
		all[s.Name] = s.Value
	}
	return all
}

// FuzzMasked: nothing of a password is shown of a DSN that the driver takes.
func FuzzMasked(f *testing.F) {
	for _, password := range []string{"", "@", ":", "/", "?", "@tcp(a)/b", "?a=b@c", "\xff", "%40", ")"} {
		f.Add("shop", password, "tcp(db:3306)/shop?tls=false")
		f.Add("", password, "unix(/run/m@ysql.sock)/a@b?x=y@z")
	}
	f.Fuzz(func(t *testing.T, user, around, rest string) {
		const canary = "c4nary"
		dsn := user + ":" + canary + around + canary + "@" + rest
		c, err := mysql.ParseDSN(dsn)
		if err != nil || strings.Contains(c.User+c.Net+c.Addr+c.DBName, canary) || strings.Contains(rest, canary) {
			return
		}
		if shown := masked("mysql-dsn", dsn); strings.Contains(shown, canary) {
			t.Fatalf("%q is shown as %q", dsn, shown)
		}
	})
}

// FuzzSecretFile: the DSN of a file is its text without the blanks around it, and no error shows it.
func FuzzSecretFile(f *testing.F) {
	for _, text := range []string{"shop:secret@tcp(db)/shop\n", "", "\n", " \t\r\n", "a\nb", "\xef\xbb\xbfa", "a\x00", "\u00a0"} {
		f.Add([]byte(text))
	}
	file := filepath.Join(f.TempDir(), "dsn")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c := &Config{MySQLDSNFile: file}
		got, err := c.dsn()
		switch want := strings.TrimSpace(string(text)); {
		case (err != nil) != (want == ""), err != nil && err.Error() != "-mysql-dsn-file: "+file+" is empty":
			t.Fatalf("%q: %q, %v", text, got, err)
		case got != want:
			t.Fatalf("%q is read as %q", text, got)
		}
	})
}

// FuzzAddresses: a list of listeners is its parts; those that are valid have what listening needs.
func FuzzAddresses(f *testing.F) {
	for _, list := range []string{"127.0.0.1:8080", "unix:/run/a.sock, :80", "systemd:public", "", ",", "unix:", "systemd:", "[::1]:80", "a:b:c", "a", "tcp:1", "[::1", " unix:x "} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		all := addresses(list)
		if len(all) != strings.Count(list, ",")+1 {
			t.Fatalf("addresses(%q) = %q", list, all)
		}
		for _, a := range all {
			if a != strings.TrimSpace(a) || !strings.Contains(list, a) {
				t.Fatalf("addresses(%q) has %q", list, a)
			}
			kind, rest, found := strings.Cut(a, ":")
			if validAddress(a) && (!found || rest == "" || strings.HasSuffix(a, ":") && kind != "unix" && kind != "systemd") {
				t.Fatalf("%q is an address", a)
			}
		}
		_, err := parseConfig("serve", append(slices.Clone(minimal), "-listen="+list), noEnvironment, io.Discard)
		if valid := !slices.ContainsFunc(all, func(a string) bool { return !validAddress(a) }); valid != (err == nil) {
			t.Fatalf("-listen=%q: %v", list, err)
		}
		if err != nil && (len(err.Error()) > 1200*len(all) || utf8.ValidString(list) && !utf8.ValidString(err.Error())) {
			t.Fatalf("-listen=%q: %v", list, err)
		}
	})
}
