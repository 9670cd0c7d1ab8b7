package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// environment is a lookupEnv of these variables, without their prefix.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := variables[strings.TrimPrefix(name, "PRODUCTCACHE_")]
		return value, ok
	}
}

var noEnvironment = environment(nil)

// minimal are the flags that every configuration needs.
var minimal = []string{"-mysql-dsn", "shop:secret@tcp(db:3306)/shop", "-catalog", "catalog.yaml"}

func parse(t *testing.T, variables map[string]string, args ...string) *Config {
	t.Helper()
	c, err := parseConfig("serve", args, environment(variables), io.Discard)
	if err != nil {
		t.Fatalf("parseConfig(%q): %v", args, err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	c := parse(t, nil, minimal...)
	got := map[string]string{}
	for _, s := range c.settings {
		got[s.Name] = s.Value
	}
	for name, want := range map[string]string{
		"listen": "127.0.0.1:8080", "admin-listen": "127.0.0.1:8081", "cache-bytes": "256MiB", "cache-entries": "0", "eviction": "adaptive",
		"max-entry-bytes": "1MiB", "max-result-bytes": "16MiB", "ttl": "5m0s", "ttl-jitter": "0.1", "stale-while-revalidate": "30s",
		"stale-if-error": "24h0m0s", "negative-ttl": "10s", "negative-entries": "100000", "mysql-max-conns": "8",
		"mysql-query-timeout": "2s", "batch-keys": "100", "max-keys": "100", "max-waiting": "10000",
		"request-timeout": "5s", "client-max-age": "0s", "honor-no-cache": "false", "fast-path": "true", "shutdown-timeout": "10s", "log-requests": "0",
		"snapshot": "", "snapshot-interval": "1m0s",
		"log-format": "text", "log-level": "INFO",
	} {
		if got[name] != want {
			t.Errorf("-%s is %q by default, want %q", name, got[name], want)
		}
	}
}

func TestFlagBeatsEnvironmentBeatsDefault(t *testing.T) {
	env := map[string]string{"TTL": "7m", "CACHE_BYTES": "64MiB", "HONOR_NO_CACHE": "true"}
	c := parse(t, env, append(minimal, "-ttl", "9m")...)
	if c.TTL != 9*time.Minute || c.CacheBytes != 64<<20 || !c.HonorNoCache || c.MaxKeys != 100 {
		t.Errorf("ttl, cache-bytes, honor-no-cache, max-keys = %v, %v, %v, %v; want 9m, 64MiB, true, 100", c.TTL, c.CacheBytes, c.HonorNoCache, c.MaxKeys)
	}
	sources := map[string]string{}
	for _, s := range c.settings {
		sources[s.Name] = s.Source
	}
	if sources["ttl"] != "flag" || sources["cache-bytes"] != "environment" || sources["max-keys"] != "default" {
		t.Errorf("sources = %v", sources)
	}
}

// TestFlagBeatsTheVariableOfItsRival: they were said to exclude each other.
func TestFlagBeatsTheVariableOfItsRival(t *testing.T) {
	for flag, variables := range map[string]map[string]string{
		"-mysql-dsn-file": {"MYSQL_DSN": "shop:secret@tcp(db)/shop", "TABLE": "products"}, "-mysql-dsn": {"MYSQL_DSN_FILE": "/nowhere", "TABLE": "products"},
		"-catalog": {"TABLE": "products", "MYSQL_DSN": "shop:secret@tcp(db)/shop"}, "-table": {"CATALOG": "nowhere.yaml", "MYSQL_DSN": "shop:secret@tcp(db)/shop"},
	} {
		c := parse(t, variables, flag, "given")
		for _, s := range c.settings {
			if s.Name == rivals[flag[1:]] && (s.Value != "" || s.Source != "default") {
				t.Errorf("%s given and %v set: -%s is %q by %s, want nothing", flag, variables, s.Name, s.Value, s.Source)
			}
		}
	}
	for _, variables := range []map[string]string{{"MYSQL_DSN": "a@/b", "MYSQL_DSN_FILE": "c", "TABLE": "t"}, {"MYSQL_DSN": "a@/b", "CATALOG": "c", "TABLE": "t"}} {
		if _, err := parseConfig("serve", nil, environment(variables), io.Discard); err == nil || !strings.Contains(err.Error(), "exclude each other") {
			t.Errorf("%v: %v", variables, err)
		}
	}
}

// TestEveryFlagHasAVariable sets every flag by the environment only.
func TestEveryFlagHasAVariable(t *testing.T) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	new(Config).flags(fs)
	fs.VisitAll(func(f *flag.Flag) {
		if f.Name == "version" {
			return
		}
		_, err := parseConfig("serve", nil, func(name string) (string, bool) { return "-x-", name == envName(f.Name) }, io.Discard)
		if err == nil {
			t.Errorf("%s=-x- changes nothing", envName(f.Name))
		}
	})
}

func TestBadArguments(t *testing.T) {
	for _, tt := range []struct {
		want string
		env  map[string]string
		args []string
	}{
		{"flag provided but not defined: -tll; see -help", nil, []string{"-tll", "5m"}},
		{"flag needs an argument: -ttl; see -help", nil, []string{"-ttl"}},
		{`unexpected argument "catalog.yaml": is it the catalog? give -catalog before it`, nil, []string{"catalog.yaml"}},
		{`unexpected argument "chekc"; see -help`, nil, []string{"chekc"}},
		{`invalid value "5" for flag -ttl: a time is a number with a unit, such as 30s or 5m`, nil, []string{"-ttl", "5"}},
		{`invalid value "5 minutes" for PRODUCTCACHE_TTL: a time is`, map[string]string{"TTL": "5 minutes"}, nil},
		{`invalid value "lots" for flag -cache-bytes`, nil, []string{"-cache-bytes", "lots"}},
		{`invalid value "many" for PRODUCTCACHE_MAX_KEYS`, map[string]string{"MAX_KEYS": "many"}, nil},
		{`invalid value "loud" for flag -log-level: a level is debug, info, warn or error`, nil, []string{"-log-level", "loud"}},
	} {
		_, err := parseConfig("serve", append(slices.Clip(minimal), tt.args...), environment(tt.env), io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q %v: %v, want %q", tt.args, tt.env, err, tt.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"-mysql-dsn and -mysql-dsn-file exclude each other", []string{"-mysql-dsn-file", "f"}},
		{"-catalog and -table exclude each other", []string{"-table", "products"}},
		{"-cache-bytes must be at least 1MiB, not 1000KiB", []string{"-cache-bytes", "1000KiB", "-max-entry-bytes", "1KiB"}},
		{"-max-entry-bytes must be positive", []string{"-max-entry-bytes", "0"}},
		{"-max-entry-bytes must be at most a quarter of -cache-bytes, not 1MiB of 3MiB", []string{"-cache-bytes", "3MiB"}},
		{"-max-result-bytes must be at least twice -max-entry-bytes, not 1MiB of 1MiB", []string{"-max-result-bytes", "1MiB"}},
		{`-eviction must be adaptive, lru, 2q or tinylfu, not "fifo"`, []string{"-eviction", "fifo"}},
		{"-cache-entries must not be negative, but is -1", []string{"-cache-entries", "-1"}},
		{"-ttl must not be negative", []string{"-ttl", "-1s"}},
		{"-ttl-jitter must be within 0 and 1, not 2", []string{"-ttl-jitter", "2"}},
		{"-ttl-jitter must be within 0 and 1, not NaN", []string{"-ttl-jitter", "NaN"}},
		{"-stale-while-revalidate must not be negative", []string{"-stale-while-revalidate", "-1s"}},
		{"-stale-if-error must not be negative", []string{"-stale-if-error", "-1s"}},
		{"-negative-ttl must not be negative", []string{"-negative-ttl", "-1s"}},
		{"-negative-entries must not be negative", []string{"-negative-entries", "-1"}},
		{"-mysql-max-conns must be positive", []string{"-mysql-max-conns", "0"}},
		{"-mysql-query-timeout must be positive", []string{"-mysql-query-timeout", "0"}},
		{"-batch-keys must be positive", []string{"-batch-keys", "0"}},
		{"-max-keys must be positive", []string{"-max-keys", "0"}},
		{"-max-waiting must be at least -max-keys, not 10 of 100", []string{"-max-waiting", "10"}},
		{"-request-timeout must be positive", []string{"-request-timeout", "0"}},
		{"-client-max-age must not be negative", []string{"-client-max-age", "-1s"}},
		{"-shutdown-timeout must not be negative", []string{"-shutdown-timeout", "-1s"}},
		{"-snapshot-interval must not be negative", []string{"-snapshot-interval", "-1s"}},
		{`-log-format must be text or json, not "xml"`, []string{"-log-format", "xml"}},
		{"-tls-cert and -tls-key go together", []string{"-tls-cert", "cert.pem"}},
		{`-listen: "8080" is neither host:port nor unix:PATH nor systemd:NAME`, []string{"-listen", "127.0.0.1:1,8080"}},
		{`-admin-listen: "unix:" is neither`, []string{"-admin-listen", "unix:"}},
		{`-listen: "systemd:" is neither`, []string{"-listen", "systemd:"}},
		{"-log-requests must be within 0 and 1, not 2", []string{"-log-requests", "2"}},
	} {
		_, err := parseConfig("serve", append(minimal[:len(minimal):len(minimal)], tt.args...), noEnvironment, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want only %q", tt.args, err, tt.want)
		}
	}
	if _, err := parseConfig("health", nil, noEnvironment, io.Discard); err != nil {
		t.Errorf("health without flags: %v", err)
	}
	for command, want := range map[string]string{
		"serve": "which database? give -mysql-dsn (or PRODUCTCACHE_MYSQL_DSN) or -mysql-dsn-file\nwhat to serve? give -catalog FILE or -table NAME",
		"check": "which database? give -mysql-dsn (or PRODUCTCACHE_MYSQL_DSN) or -mysql-dsn-file\nwhat to serve?",
		"init":  "which database? give -mysql-dsn",
	} {
		_, err := parseConfig(command, nil, noEnvironment, io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s without flags: %v, want %q", command, err, want)
		}
	}
}

func TestRunWithoutServing(t *testing.T) {
	for _, tt := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"-version"}, 0, "productcache development", ""},
		{[]string{"-help"}, 0, "", "usage: productcache [flags]"},
		{[]string{"help"}, 0, "", "usage: productcache [flags]"},
		{[]string{"check", "-h"}, 0, "", "-catalog file"},
		{[]string{"-nonsense"}, 2, "", "productcache: flag provided but not defined: -nonsense"},
		{[]string{"-catalog", "x"}, 2, "", "productcache: which database?"},
		{append(minimal[:2:2], "-catalog", "/does/not/exist.yaml"), 1, "", "-catalog: open /does/not/exist.yaml: no such file"},
		{[]string{"-mysql-dsn-file", "/does/not/exist", "-table", "t"}, 1, "", "-mysql-dsn-file: open /does/not/exist"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), tt.args, noEnvironment, &stdout, &stderr)
		if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
			t.Errorf("run(%q) = %d, %q, %q; want %d, %q, %q", tt.args, code, &stdout, &stderr, tt.code, tt.stdout, tt.stderr)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for dsn, want := range map[string]string{
		"":                               "",
		"shop:canary@tcp(db:3306)/shop":  "shop:***@tcp(db:3306)/shop",
		"shop:c@nary@tcp(db)/shop?a=b":   "shop:***@tcp(db)/shop",
		"canary":                         "***",
		"shop@unix(/run/m.sock)/shop":    "shop:***@unix(/run/m.sock)/shop",
		"shop:canary@tcp(db)/x?tls=mine": "shop:***@tcp(db)/x",
	} {
		if got := masked("mysql-dsn", dsn); got != want {
			t.Errorf("masked(%q) = %q, want %q", dsn, got, want)
		}
	}
	var log bytes.Buffer
	env := map[string]string{"MYSQL_DSN": "shop:canary@tcp(db:3306)/shop"}
	logSettings(parse(t, env, "-table", "t"), slog.New(slog.NewTextHandler(&log, nil)))
	if strings.Contains(log.String(), "canary") || !strings.Contains(log.String(), "(environment)") {
		t.Errorf("settings in the log: %s", &log)
	}
	_, err := parseConfig("serve", nil, environment(map[string]string{"MYSQL_DSN": "canary", "TTL": "x"}), io.Discard)
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("error = %v", err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte("shop:secret@tcp(db)/shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, nil, "-mysql-dsn-file", file, "-table", "t")
	if dsn, err := c.dsn(); err != nil || dsn != "shop:secret@tcp(db)/shop" {
		t.Errorf("dsn = %q, %v", dsn, err)
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.dsn(); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("dsn of an empty file: %v", err)
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	var help bytes.Buffer
	if _, err := parseConfig("serve", []string{"-help"}, noEnvironment, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	new(Config).flags(fs)
	fs.VisitAll(func(f *flag.Flag) {
		if !strings.Contains(help.String(), "  -"+f.Name) {
			t.Errorf("-help does not name -%s", f.Name)
		}
	})
}
