package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

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

// TestMalformedDSNGetsAnExample: the example of a DSN was concealed as if it were one.
func TestMalformedDSNGetsAnExample(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	const want = "productcache: store: malformed DSN; want user:password@tcp(host:3306)/database or user:password@unix(/path/to.sock)/database\n"
	for _, dsn := range []string{"canary", "shop:canary@127.0.0.1:3306/shop", "shop:canary@tcp(127.0.0.1:3306)", "shop:canary@tcp(127.0.0.1:3306/shop"} {
		if err := os.WriteFile(file, []byte(dsn+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"serve", "check", "init"} {
			expectExample(t, want, nil, command, "-table=t", "-mysql-dsn", dsn)
			expectExample(t, want, nil, command, "-table=t", "-mysql-dsn-file", file)
			expectExample(t, want, map[string]string{"MYSQL_DSN": dsn}, command, "-table=t")
		}
	}
}

// expectExample runs a command, which must end with a message and show no canary before it.
func expectExample(t *testing.T, want string, variables map[string]string, args ...string) {
	t.Helper()
	var out, messages bytes.Buffer
	code := run(t.Context(), args, environment(variables), &out, &messages)
	if code != exitFailure || !strings.HasSuffix(messages.String(), want) || strings.Contains(out.String()+messages.String(), "canary") {
		t.Errorf("%q, %v: exit code %d and\n%s\nwant %s", args, variables, code, &messages, want)
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

// TestSecretsAreSeenNowhere runs the program with a DSN from each source, right and wrong, of a MySQL that is there and of one that
// is not, and a token, asks for everything that it shows of itself, and finds neither in it, nor in the log, talkative or not.
func TestSecretsAreSeenNowhere(t *testing.T) {
	server := mysqltest.MariaDB(t)
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (k INT PRIMARY KEY)", "INSERT INTO t VALUES (1)",
		"CREATE USER IF NOT EXISTS secretive IDENTIFIED BY 'c4nary/dsn'", "GRANT ALL ON *.* TO secretive")
	for _, password := range []string{"c4nary/dsn", "c4nary/wrong"} {
		for _, source := range []string{"flag", "environment", "file"} {
			t.Run(strings.ReplaceAll(password, "c4nary/", "")+" by "+source, func(t *testing.T) {
				seesNothing(t, "secretive:"+password+"@tcp("+server.Addr()+")/"+db, source, "-log-level", "debug")
			})
		}
	}
	for name, address := range map[string]string{"refused": "tcp(127.0.0.1:1)", "no such name": "tcp(nowhere.invalid:3306)", "no such socket": "unix(/nowhere/mysqld.sock)",
		"no such database": "tcp(" + server.Addr() + ")/nothing", "an odd variable": "tcp(" + server.Addr() + ")/" + db + "?no_such_variable=1"} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(address, ")/") {
				address += "/" + db
			}
			seesNothing(t, "secretive:c4nary/dsn@"+address, "flag", "-log-level", "debug", "-log-format", "json")
		})
	}
	for _, level := range []string{"info", "warn", "error"} {
		t.Run(level, func(t *testing.T) {
			seesNothing(t, "secretive:c4nary/wrong@tcp("+server.Addr()+")/"+db, "flag", "-log-level", level, "-log-requests", "1")
		})
	}
}

// asked is all that a program has shown, by where it was.
type asked struct {
	*killed
	folder string
	shown  map[string]string
}

const secretToken = "c4nary-token-of-the-admin-listener"

// seesNothing runs the program with a DSN and looks for the canary.
func seesNothing(t *testing.T, dsn, source string, flags ...string) {
	a := &asked{killed: &killed{t: t}, folder: t.TempDir(), shown: map[string]string{}}
	a.flags = append([]string{"-table", "t", "-listen", "unix:" + a.folder + "/public", "-admin-listen", "unix:" + a.folder + "/admin", "-admin-token-file", a.file("token", secretToken),
		"-snapshot", filepath.Join(a.folder, "snapshot"), "-follow-binlog"}, flags...)
	switch source {
	case "flag":
		a.flags = append(a.flags, "-mysql-dsn", dsn)
	case "environment":
		t.Setenv("PRODUCTCACHE_MYSQL_DSN", dsn)
	case "file":
		a.flags = append(a.flags, "-mysql-dsn-file", a.file("dsn", dsn))
	}
	// Each host is the socket of its name.
	a.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(a.folder, host))
	}}}
	go io.Copy(io.Discard, a.launch())
	a.askAll()
	a.look()
}

func (a *asked) file(name, text string) string {
	a.t.Helper()
	name = filepath.Join(a.folder, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return name
}

// ask notes an answer, which a program that starts may take a while to give.
func (a *asked) ask(method, url, body, token string) {
	a.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(a.t.Context(), method, "http://"+url, strings.NewReader(body))
		if err != nil {
			a.t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := a.client.Do(request)
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
			select {
			case <-tick.C:
				continue
			case <-a.t.Context().Done():
			}
		}
		if err != nil {
			a.t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }() // read to its end below
		text, err := io.ReadAll(response.Body)
		if err != nil {
			a.t.Fatal(err)
		}
		a.shown[method+" "+url] += fmt.Sprint(response.StatusCode, response.Header, string(text))
		return
	}
}

// askAll asks for everything that there is.
func (a *asked) askAll() {
	a.t.Helper()
	for _, path := range []string{"/v1/t/1", "/v1/t?keys=1,2", "/v1/t/x", "/v1/nothing/1"} {
		a.ask("GET", "public"+path, "", secretToken)
	}
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/api/stats", "/api/stats/history", "/api/config", "/api/config?format=flags", "/api/top", "/api/cache/t/1",
		"/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2", "/debug/pprof/goroutine?debug=1", "/debug/pprof/heap?debug=1", "/debug/pprof/allocs?debug=1", "/debug/pprof/"} {
		a.ask("GET", "admin"+path, "", secretToken)
	}
	for _, token := range []string{secretToken, secretToken + "x", ""} {
		a.ask("PATCH", "admin/api/config", `{"ttl":"2m","mysql-dsn":"x"}`, token)
		a.ask("PATCH", "admin/api/config", `{"ttl":"3m"}`, token)
		a.ask("POST", "admin/api/purge", `{"lookup":"t","all":true}`, token)
	}
}

// look ends the program and looks at all that was shown.
func (a *asked) look() {
	a.t.Helper()
	pid := a.process.Process.Pid
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		a.t.Fatal(err)
	}
	a.shown["/proc/PID/cmdline"] = string(line)
	if listed, err := exec.Command("ps", "-ww", "-o", "args=", "-p", fmt.Sprint(pid)).Output(); err == nil { // not every machine has ps
		a.shown["ps"] = string(listed)
	}
	a.client.CloseIdleConnections()
	_ = a.process.Process.Signal(syscall.SIGTERM)
	a.read.Wait()
	_ = a.process.Wait()
	a.shown["log"] = a.log.String()
	if kept, err := os.ReadFile(filepath.Join(a.folder, "snapshot")); err == nil {
		a.shown["snapshot"] = string(kept)
	}
	for what, text := range a.shown {
		if at := strings.Index(text, "c4nary"); at >= 0 {
			a.t.Errorf("%s shows a secret: %q", what, text[max(0, at-80):min(len(text), at+40)])
		}
	}
	if a.shown["log"] == "" && !slices.Contains(a.flags, "error") || !strings.Contains(string(line), "-admin-token-file") || !strings.Contains(a.shown["GET admin/api/config"], "mysql-dsn") {
		a.t.Errorf("is the test blind? the log is %q, the command line %q", a.shown["log"], line)
	}
}
