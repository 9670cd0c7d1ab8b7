package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMisplacedSecretsAreHidden gives DSNs to what is not for them, and broken ones to
// what is: the program ends with a message that has no word of the password.
func TestMisplacedSecretsAreHidden(t *testing.T) {
	folder := t.TempDir()
	dsnFile := filepath.Join(folder, "dsn")
	catalog := catalogFile(t, twoLookups)
	dsns := []string{"shop:canary@tcp(db:3306)/shop", "shop:can@ary-canary@unix(/m.sock)/shop", "shop:canary@tcp(db)", "shop:ca/nary?x=canary@tcp(db)/shop",
		"shop:x,canary@tcp(db)/shop", "mysql://shop:canary@db:3306/shop", "shop:canary@/shop", "shop:canary@db", "shop@tcp(db)/shop?password=canary", "-shop:canary@tcp(db)/shop"}
	for _, dsn := range dsns {
		if err := os.WriteFile(dsnFile, []byte(dsn+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		base := slices.Clip(append([]string{"-mysql-dsn", "shop:x@tcp(127.0.0.1:1)/shop"}, catalog...))
		cases := [][]string{{dsn}, append(base, dsn), {"check", dsn}, {"-mysql-dns", dsn}, {"-mysql-dns=" + dsn}, {"-" + dsn}, {"-mysql-dsn", "-table", dsn},
			{"-mysql-dsn-file", dsnFile, "-catalog", dsnFile}, append(base, "-admin-token-file", dsnFile, "-tls-cert", dsnFile, "-tls-key", dsnFile), append(base, "-mysql-dsn", dsn, "-ttl", "never")}
		for _, name := range flagNames() {
			if name == secretFlag {
				continue
			}
			if name != "version" && name != "catalog" { // -catalog is given; -version has no variable
				expectHidden(t, base, map[string]string{strings.TrimPrefix(envName(name), "PRODUCTCACHE_"): dsn})
			}
			cases = append(cases, append(base, "-"+name, dsn), append(base, "--"+name+"="+dsn))
		}
		for _, args := range cases {
			expectHidden(t, args, nil)
		}
	}
	for _, broken := range []string{"shop:canary", "shop:canary@tcp(db", "shop:x?tls=canary", "shop:can@ary/canary", "canary", "shop:p@tcp(canary/shop", "shop:x@tcp(db)/shop?loc=canary"} {
		for _, command := range []string{"serve", "check", "init"} {
			expectHidden(t, append([]string{command, "-mysql-dsn", broken}, catalog...), nil)
			expectHidden(t, append([]string{command}, catalog...), map[string]string{"MYSQL_DSN": broken})
		}
	}
}

func flagNames() (names []string) {
	new(Config).flagSet().VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

// expectHidden runs the program, which must fail, and looks for canaries.
func expectHidden(t *testing.T, args []string, variables map[string]string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what was not refused ends at once
	var out bytes.Buffer
	code := run(ctx, slices.Clone(args), environment(variables), &out, &out)
	if text := strings.ToLower(out.String()); strings.Contains(text, "canary") || strings.Contains(text, "nary") {
		t.Errorf("%q %q says:\n%s", args, variables, &out)
	}
	if code == exitOK {
		t.Errorf("%q %q: exit code 0", args, variables)
	}
}

// TestPasswordOfL2GetsAnExplanation: it was taken for a DSN, and said to be for another flag.
func TestPasswordOfL2GetsAnExplanation(t *testing.T) {
	const want = "productcache: no user or password in -l2: put PASSWORD or USER:PASSWORD into a file and give -l2-auth-file\n"
	for _, url := range []string{"redis://user:canary@host:6379", "redis://:canary@host", "rediss://canary@host", "redis://a:1,canary:canary@b:2", "unix://user:canary@/run/redis.sock", "redis://user:can/ary-canary@host"} {
		for _, given := range []struct {
			args      []string
			variables map[string]string
		}{{args: []string{"-l2", url}}, {args: []string{"-l2=" + url}}, {variables: map[string]string{"L2": url}}} {
			var out bytes.Buffer
			if code := run(t.Context(), append(slices.Clone(minimal), given.args...), environment(given.variables), &out, &out); code != exitUsage || out.String() != want {
				t.Errorf("%q %q: exit code %d and %s", given.args, given.variables, code, &out)
			}
		}
	}
	var out bytes.Buffer
	if run(t.Context(), append(slices.Clone(minimal), "-l2", "shop:canary@tcp(db)/shop"), noEnvironment, &out, &out); !strings.Contains(out.String(), "the value of -l2 looks like a DSN") {
		t.Errorf("a DSN in -l2: %s", &out)
	}
}

// TestWhatIsNoDSN is not taken for one.
func TestWhatIsNoDSN(t *testing.T) {
	for _, value := range []string{"127.0.0.1:8080", "[::1]:8080,unix:/run/a@b.sock", "unix:@abstract", "unix:/run/u:a@b/s", "systemd:productcache", "systemd:productcache@blue.socket", "127.0.0.1:80,systemd:shop@1.socket", "/etc/p@x/catalog.yaml", "5m", "64MiB", "products", "catalog (copy).yaml", ""} {
		if looksLikeDSN(value) {
			t.Errorf("%q is taken for a DSN", value)
		}
		for _, args := range [][]string{{"-listen", value}, {"-listen=" + value}} { // the second was, of a Unix socket with an @
			if where, found := misplacedDSN(args); found {
				t.Errorf("%q: %s is taken for a DSN", args, where)
			}
		}
	}
}
