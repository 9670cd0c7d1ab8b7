package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"productcache/internal/mysqltest"
)

func TestTakeArguments(t *testing.T) {
	const dsn = "shop:canary@tcp(db:3306)/shop"
	stars := strings.Repeat("*", len(dsn))
	for _, c := range []struct{ args, want []string }{
		{[]string{"-mysql-dsn", dsn, "-ttl", "1m"}, []string{"-mysql-dsn", stars, "-ttl", "1m"}},
		{[]string{"check", "--mysql-dsn=" + dsn}, []string{"check", "--mysql-dsn=" + stars}},
		{[]string{"-mysql-dsn"}, []string{"-mysql-dsn"}},
		{[]string{dsn}, []string{stars}},
		{[]string{"-listen", dsn, "-mysql-dsn-file", "/etc/dsn"}, []string{"-listen", stars, "-mysql-dsn-file", "/etc/dsn"}},
		{[]string{"-listen=:8080", "-catalog", "a@b.yaml"}, []string{"-listen=:8080", "-catalog", "a@b.yaml"}},
	} {
		var args []string // in memory that can be written to
		for _, a := range c.args {
			args = append(args, string([]byte(a)))
		}
		if got := takeArguments(args); !slices.Equal(got, c.args) || !slices.Equal(args, c.want) {
			t.Errorf("takeArguments(%q) = %q and leaves %q, want %q", c.args, got, args, c.want)
		}
	}
}

// secretPasswords hold what a DSN is cut at.
var secretPasswords = []string{"canary", "canary?canary", "can/canary@canary", "canary?tls=canary", "canary:canary@tcp(canary"}

// TestErrorsHideSecrets: whatever is wrong with a DSN, or wherever it was given by mistake, no message shows its password.
func TestErrorsHideSecrets(t *testing.T) {
	folder := t.TempDir()
	for _, password := range secretPasswords {
		for _, rest := range []string{"@tcp(127.0.0.1:1)/shop", "@tcp(127.0.0.1:1)/shop?tls=nowhere", "@tcp(127.0.0.1:1)/shop?loc=Mars", "@tcp(127.0.0.1:1", "@/", "@tcp(127.0.0.1:1)/",
			"@tcp(127.0.0.1:1)/shop?timeout=x", "@tcp(127.0.0.1:1)/shop?charset=%zz"} {
			dsn := "shop:" + password + rest
			file := filepath.Join(folder, "dsn")
			if err := os.WriteFile(file, []byte(dsn), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"check", "-table=t", "-mysql-dsn", dsn}, {"check", "-table=t", "-mysql-dsn-file", file}} {
				hides(t, args, nil)
			}
			hides(t, []string{"check", "-table=t"}, map[string]string{"MYSQL_DSN": dsn})
		}
		for _, flag := range []string{"-listen", "-admin-listen", "-catalog", "-mysql-dsn-file", "-admin-token-file", "-ttl", "-cache-bytes", "-mysql-max-conns", "-eviction", "-snapshot", "-log-level"} {
			dsn := "shop:" + password + "@tcp(127.0.0.1:1)/shop"
			hides(t, []string{"-mysql-dsn", "a:b@tcp(127.0.0.1:1)/c", "-table", "t", "-mysql-max-conns", "0", flag, dsn}, nil)
			hides(t, []string{"check", flag, dsn}, nil)
			hides(t, []string{"check", dsn}, nil)
			hides(t, []string{"check"}, map[string]string{strings.ToUpper(strings.ReplaceAll(flag[1:], "-", "_")): dsn})
		}
	}
}

// hides fails the test if a command, which must fail, shows the canary.
func hides(t *testing.T, args []string, variables map[string]string) {
	t.Helper()
	var out bytes.Buffer
	if code := run(t.Context(), args, environment(variables), &out, &out); code == exitOK {
		t.Errorf("%q, %v: success", args, variables)
	}
	if strings.Contains(out.String(), "canary") {
		t.Errorf("%q, %v: the output shows the password:\n%s", args, variables, out.String())
	}
}

// TestSecretsAreSeenNowhere runs the program with a DSN from each source, right and wrong, and a token, asks for everything that
// it shows of itself, and finds neither in it, nor in the log at its most talkative.
func TestSecretsAreSeenNowhere(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY)", "INSERT INTO t VALUES (1)",
		"CREATE USER IF NOT EXISTS secretive IDENTIFIED BY 'c4nary/dsn'", "GRANT ALL ON *.* TO secretive")
	for _, password := range []string{"c4nary/dsn", "c4nary/wrong"} {
		for _, source := range []string{"flag", "environment", "file"} {
			t.Run(strings.ReplaceAll(password, "c4nary/", "")+" by "+source, func(t *testing.T) {
				seesNothing(t, "secretive:"+password+"@tcp("+server.Addr()+")/"+db, source)
			})
		}
	}
}

// seesNothing runs the program, its log as the test sees it, and looks for the canary.
func seesNothing(t *testing.T, dsn, source string) {
	folder := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const token = "c4nary-token-of-the-admin-listener"
	p := &killed{t: t, client: &http.Client{}, flags: []string{"-table", "t", "-log-level", "debug", "-listen", "127.0.0.1:0", "-admin-listen", "127.0.0.1:0",
		"-admin-token-file", file("token", token), "-snapshot", filepath.Join(folder, "snapshot"), "-follow-binlog"}}
	switch source {
	case "flag":
		p.flags = append(p.flags, "-mysql-dsn", dsn)
	case "environment":
		t.Setenv("PRODUCTCACHE_MYSQL_DSN", dsn)
	case "file":
		p.flags = append(p.flags, "-mysql-dsn-file", file("dsn", dsn))
	}
	p.start()
	shown := map[string]string{}
	ask := func(method, url, body, token string) {
		request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := p.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		shown[method+" "+url] += fmt.Sprint(response.StatusCode, response.Header, string(text))
	}
	for _, path := range []string{"/v1/t/1", "/v1/t?keys=1,2", "/v1/t/x", "/v1/nothing/1"} {
		ask("GET", p.public+path, "", token)
	}
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/api/stats", "/api/config", "/api/top", "/api/cache/t/1", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2"} {
		ask("GET", p.admin+path, "", token)
	}
	for _, token := range []string{token, token + "x", ""} {
		ask("PATCH", p.admin+"/api/config", `{"ttl":"2m","mysql-dsn":"x"}`, token)
		ask("PATCH", p.admin+"/api/config", `{"log-level":"debug"}`, token)
		ask("POST", p.admin+"/api/purge", `{"lookup":"t","all":true}`, token)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	shown["/proc/PID/cmdline"] = string(line)
	p.client.CloseIdleConnections()
	_ = p.process.Process.Signal(syscall.SIGTERM)
	p.read.Wait()
	_ = p.process.Wait()
	shown["log"] = p.log.String()
	if kept, err := os.ReadFile(filepath.Join(folder, "snapshot")); err == nil {
		shown["snapshot"] = string(kept)
	}
	for what, text := range shown {
		if at := strings.Index(text, "c4nary"); at >= 0 {
			t.Errorf("%s shows a secret: %q", what, text[max(0, at-80):min(len(text), at+40)])
		}
	}
	if !strings.Contains(shown["log"], "settings") || !strings.Contains(string(line), "-admin-token-file") {
		t.Errorf("is the test blind? the log is %q, the command line %q", shown["log"], line)
	}
}
