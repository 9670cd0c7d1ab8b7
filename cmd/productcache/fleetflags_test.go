package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"productcache/internal/redistest"
)

// TestFleetFlagsAreChecked: what cannot be is said at the start, and no password is.
func TestFleetFlagsAreChecked(t *testing.T) {
	for _, c := range []struct{ flags, complaint string }{
		{"-l2 http://a", "-l2: it has to be like redis://HOST:PORT"},
		{"-l2 redis://a:1,b", "-l2: each server in it needs a host, and a port of 1 to 65535"},
		{"-l2 redis://a:1?master_sett=x", "-l2: its parameters may be client_cache, db, master_set, protocol, skip_verify"},
		{"-l2-auth-file f", "-l2-auth-file and -l2-node are of -l2"},
		{"-l2-node n", "-l2-auth-file and -l2-node are of -l2"},
		{"-l2-prefix a:b", "-l2-prefix must be"},
		{"-l2-timeout 0", "-l2-timeout must be positive"},
		{"-l2-warm -1s", "-l2-warm must not be negative"},
	} {
		_, err := parseConfig("serve", append([]string{"-mysql-dsn", "u@tcp(a)/b", "-table", "t"}, strings.Fields(c.flags)...), noEnvironment, nil)
		if err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s: %v, want %q", c.flags, err, c.complaint)
		}
	}
	_, err := parseConfig("serve", []string{"-mysql-dsn", "u@tcp(a)/b", "-table", "t", "-l2", "redis://user:canary@a:1"}, noEnvironment, nil)
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a password in -l2: %v, want that it is refused, and not quoted", err)
	}
	_, err = parseConfig("serve", []string{"-mysql-dsn", "u@tcp(a)/b", "-table", "t"}, func(name string) (string, bool) {
		return "redis://user:canary@a:1", name == "PRODUCTCACHE_L2"
	}, nil)
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a password in the environment: %v, want that it is refused, and not quoted", err)
	}
}

// TestFleetAccount: an account of Redis, by its name and password out of a file, with no more rights than operations.md says.
func TestFleetAccount(t *testing.T) {
	s := redistest.Start(t)
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rule, _ := strings.Cut(string(page), "    ACL SETUSER ")
	rule, _, _ = strings.Cut(rule, "\n")
	account := strings.Fields(strings.ReplaceAll(rule, "PASSWORD", "secret"))
	if got := s.Do(append([]string{"ACL", "SETUSER"}, account...)...); got != "OK" {
		t.Fatalf("ACL SETUSER %q: %s", account, got)
	}
	s.Do("ACL", "SETUSER", account[0], "on")
	s.Do("ACL", "SETUSER", "default", "off")
	file := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(file, []byte(account[0]+":secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := startFleet(t, s.URL(), 2, 10, "-l2-auth-file", file, "-audit-rate", "0")
	f.nodes[0].version(1)
	f.stored(1)
	f.nodes[1].version(1)
	if n := f.nodes[1].metric("productcache_tier_hits_total"); n != "1" {
		t.Errorf("%s hits, want 1", n)
	}
	a := f.nodes[0].do(http.MethodPost, f.nodes[0].admin+"/api/purge", `{"lookup":"products","all":true}`, "Content-Type: application/json")
	if a.status != http.StatusOK {
		t.Errorf("purge: %d %s\n%s", a.status, a.body, f.nodes[0].log)
	}
	for _, r := range f.nodes {
		if strings.Contains(r.log.String(), "secret") {
			t.Error("the password is in the log")
		}
	}
}

// TestFleetPrefixes: fleets with different prefixes know nothing of one another.
func TestFleetPrefixes(t *testing.T) {
	f := startFleet(t, redistest.Start(t).URL(), 1, 10, "-l2-prefix", "one", "-audit-rate", "0")
	other := f.add("-l2-prefix", "two", "-audit-rate", "0")
	f.nodes[0].version(1)
	f.stored(1)
	other.version(1)
	if n := other.metric("productcache_tier_hits_total"); n != "0" {
		t.Errorf("%s hits of another fleet's", n)
	}
	if n := other.metric("productcache_tier_nodes"); n != "0" {
		t.Errorf("%s other nodes, want none", n)
	}
}

// TestFleetTimeout: a load waits for a Redis that has stopped as long as -l2-timeout, and not much longer.
func TestFleetTimeout(t *testing.T) {
	s := redistest.Start(t)
	f := startFleet(t, s.URL(), 1, 100, "-l2-timeout", "300ms", "-audit-rate", "0")
	s.Stop()
	defer s.Continue()
	var took []time.Duration
	for id := 1; id <= 5; id++ {
		began := time.Now()
		f.nodes[0].version(id)
		took = append(took, time.Since(began))
	}
	// Three exchanges are late, and then nobody waits.
	if took[0] < 300*time.Millisecond || took[4] > 250*time.Millisecond {
		t.Errorf("answers took %v, want 300 ms for the first, and nothing of that for the last", fmt.Sprint(took))
	}
}
