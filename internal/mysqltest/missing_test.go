package mysqltest_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// verdict is a testing.TB that remembers how a test would have ended.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()                          {}
func (v *verdict) Skip(args ...any)                 { v.skipped = fmt.Sprint(args...); runtime.Goexit() }
func (v *verdict) Fatal(args ...any)                { v.failed = fmt.Sprint(args...); runtime.Goexit() }
func (v *verdict) Skipf(format string, args ...any) { v.Skip(fmt.Sprintf(format, args...)) }

// verdictOn runs a test to its end, and returns that.
func verdictOn(test func(testing.TB)) *verdict {
	v, done := &verdict{}, make(chan struct{})
	go func() {
		defer close(done)
		test(v)
	}()
	<-done
	return v
}

func TestMissingMySQL(t *testing.T) {
	t.Setenv(mysqltest.MySQLFolderVariable, t.TempDir())
	if _, err := mysqltest.Start(t.Context(), mysqltest.Config{Flavour: mysqltest.FlavourMySQL}); !errors.Is(err, mysqltest.ErrNotInstalled) {
		t.Errorf("Start of a missing MySQL = %v, want %v", err, mysqltest.ErrNotInstalled)
	}
	get := func(tb testing.TB) { mysqltest.MySQL(tb) }
	t.Setenv(mysqltest.RequireMySQLVariable, "")
	if v := verdictOn(get); !strings.Contains(v.skipped, "no MySQL") || v.failed != "" {
		t.Errorf("without MySQL: skipped %q, failed %q; want skipped", v.skipped, v.failed)
	}
	t.Setenv(mysqltest.RequireMySQLVariable, "1")
	if v := verdictOn(get); !strings.Contains(v.failed, "no MySQL") || v.skipped != "" {
		t.Errorf("without a MySQL that is required: skipped %q, failed %q; want failed", v.skipped, v.failed)
	}
}

// TestDepsMySQL: what cannot be installed ends `make` only where it is required.
func TestDepsMySQL(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip(err)
	}
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "apt-get"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for required, works := range map[string]bool{"": true, "1": false} {
		command := exec.Command("make", "--no-print-directory", "-C", "../..", "deps-mysql")
		command.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"),
			mysqltest.MySQLFolderVariable+"="+filepath.Join(t.TempDir(), "mysql"), mysqltest.RequireMySQLVariable+"="+required)
		out, err := command.CombinedOutput()
		if (err == nil) != works || !strings.Contains(string(out), "MySQL could not be unpacked") {
			t.Errorf("make deps-mysql, MySQL required: %q: %v, %s", required, err, out)
		}
	}
}

func TestCIRequiresMySQL(t *testing.T) {
	script, err := os.ReadFile("../../.ci/run")
	if err != nil || !strings.Contains(string(script), "\nexport "+mysqltest.RequireMySQLVariable+"=1\n") {
		t.Errorf(".ci/run does not set %s: %v", mysqltest.RequireMySQLVariable, err)
	}
}

func TestMissingOpenCart(t *testing.T) {
	t.Setenv(mysqltest.OpenCartVariable, "nowhere/opencart.sql")
	v := verdictOn(func(tb testing.TB) { new(mysqltest.Server).OpenCart(tb) })
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(root, "nowhere/opencart.sql"); !strings.Contains(v.skipped, want) || v.failed != "" {
		t.Errorf("skipped %q, failed %q; want skipped, naming %s", v.skipped, v.failed, want)
	}
}
