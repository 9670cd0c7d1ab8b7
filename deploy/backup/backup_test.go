// Package backup_test holds the backup job against a real MariaDB.
package backup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

// job is the script with a database of its own.
type job struct {
	server   *mysqltest.Server
	database string
	folder   string // of the dumps
	set      map[string]string
}

func newJob(t *testing.T) *job {
	s := mysqltest.MariaDB(t)
	db := s.Database(t)
	s.Exec(t, db, "CREATE TABLE products (id INT PRIMARY KEY, name TEXT, picture BLOB)",
		"INSERT INTO products SELECT seq, REPEAT(MD5(seq), 20), UNHEX(SHA2(seq, 512)) FROM seq_1_to_2000",
		"CREATE PROCEDURE nothing() BEGIN END", "CREATE VIEW cheap AS SELECT id FROM products WHERE id < 10")
	folder := t.TempDir()
	options := filepath.Join(t.TempDir(), "client.cnf")
	write(t, options, fmt.Sprintf("[client]\nuser=root\nsocket=%s\n", s.Socket()), 0o600)
	return &job{server: s, database: db, folder: folder, set: map[string]string{
		"BACKUP_DATABASES": db, "BACKUP_DIR": folder, "BACKUP_DEFAULTS_FILE": options}}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (j *job) command(args ...string) *exec.Cmd {
	c := exec.Command("./productcache-backup", args...)
	c.Env = os.Environ()
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	for name, value := range j.set {
		c.Env = append(c.Env, name+"="+value)
	}
	return c
}

// run returns the exit status of a run, and what it said.
func (j *job) run(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	c := j.command(args...)
	end := time.AfterFunc(time.Minute, func() { killSession(t, c) })
	defer end.Stop()
	out, err := c.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}

func (j *job) want(t *testing.T, status int, says string, args ...string) {
	t.Helper()
	got, said := j.run(t, args...)
	if got != status || !strings.Contains(said, says) {
		t.Fatalf("run: status %d, want %d; said:\n%swant: %s", got, status, said, says)
	}
}

// dumps are the names of all good dumps, the oldest first.
func (j *job) dumps(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(j.folder, j.database+"-2*.sql.gz"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// files are the names of everything in the folder but the lock.
func (j *job) files(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(j.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// program puts a program of the test's on the way of the script, as its setting.
func (j *job) program(t *testing.T, setting, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fake")
	write(t, path, "#!/usr/bin/env bash\n"+script, 0o755)
	j.set[setting] = path
}

// heldDump stops the real dump in its transaction: nobody reads what it would write.
func (j *job) heldDump(t *testing.T) (started, goOn func()) {
	t.Helper()
	folder := t.TempDir()
	said, gate := filepath.Join(folder, "said"), filepath.Join(folder, "gate")
	for _, path := range []string{said, gate} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	j.program(t, "BACKUP_DUMP", fmt.Sprintf(`[ "$1" != --help ] || exec mariadb-dump --help
set -o pipefail
mariadb-dump "$@" | { head -c 65536; echo >%s; read -r <%s; cat; }`, said, gate))
	return func() {
			t.Helper()
			if _, err := os.ReadFile(said); err != nil {
				t.Fatal(err)
			}
		}, func() {
			t.Helper()
			write(t, gate, "go\n", 0o600)
		}
}

func (j *job) checksum(t *testing.T, db string) string {
	t.Helper()
	return j.server.Query(t, db, "CHECKSUM TABLE products")[0][1]
}

func TestRestore(t *testing.T) {
	j := newJob(t)
	j.want(t, 0, "dumped in")
	latest := filepath.Join(j.folder, j.database+"-latest.sql.gz")
	info, err := os.Stat(latest)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("latest dump: %v, %v; want mode 0600", info, err)
	}
	into := j.server.Database(t)
	out, err := exec.Command("bash", "-o", "pipefail", "-c", `gzip -dc "$0" | mariadb --socket="$1" --user=root "$2"`,
		latest, j.server.Socket(), into).CombinedOutput()
	if err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	if got, want := j.checksum(t, into), j.checksum(t, j.database); got != want {
		t.Errorf("checksum after the restore: %s, want %s", got, want)
	}
	if got := j.server.Query(t, into, "SELECT COUNT(*) FROM cheap"); got[0][0] != "9" {
		t.Errorf("the restored view has %s rows, want 9", got[0][0])
	}
	j.server.Exec(t, into, "CALL nothing()")
}

func TestTwoAtOnce(t *testing.T) {
	j := newJob(t)
	begun, goOn := j.heldDump(t)
	first := j.command()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	begun()
	before := j.files(t)
	j.want(t, 75, "another run is under way")
	if got := j.files(t); !slices.Equal(got, before) {
		t.Errorf("the second run changed the folder: %v, before %v", got, before)
	}
	goOn()
	if err := first.Wait(); err != nil {
		t.Errorf("the first run: %v", err)
	}
	if n := len(j.dumps(t)); n != 1 {
		t.Errorf("%d dumps, want 1", n)
	}
}

func TestNobodyWaits(t *testing.T) {
	j := newJob(t)
	// A dump that has read its first table stays in its transaction.
	started, goOn := j.heldDump(t)
	run := j.command()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	started()
	before := j.checksum(t, j.database)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := j.server.Open(t, j.database).ExecContext(ctx, "UPDATE products SET name = 'new'"); err != nil {
		t.Errorf("UPDATE during the dump: %v", err)
	}
	goOn()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	into := j.server.Database(t)
	restore := exec.Command("mariadb", "--socket="+j.server.Socket(), "--user=root", into)
	restore.Stdin = bytes.NewReader(unpacked(t, j.dumps(t)[0]))
	if out, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	if got := j.checksum(t, into); got != before {
		t.Errorf("the dump has checksum %s, want %s of before the update", got, before)
	}
}

func unpacked(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGenerations(t *testing.T) {
	j := newJob(t)
	j.set["BACKUP_KEEP"] = "2"
	foreign := filepath.Join(j.folder, j.database+"-before-the-move.sql.gz")
	write(t, foreign, "not ours", 0o600)
	for range 4 {
		j.want(t, 0, "dumped in")
	}
	dumps := j.dumps(t)
	if len(dumps) != 2 {
		t.Errorf("%d dumps are kept, want 2: %v", len(dumps), dumps)
	}
	if to, err := os.Readlink(filepath.Join(j.folder, j.database+"-latest.sql.gz")); err != nil || to != filepath.Base(dumps[1]) {
		t.Errorf("latest points to %s, %v; want %s", to, err, dumps[1])
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is no dump of ours was removed: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	j := newJob(t)
	j.set["BACKUP_METRICS_DIR"] = t.TempDir()
	metric := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(j.set["BACKUP_METRICS_DIR"], "shop_backup_"+j.database+".prom"))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\nshop_backup_"+name+`{database="`+j.database+`"} `)
		value, _, _ := strings.Cut(rest, "\n")
		return value
	}
	j.want(t, 0, "dumped in")
	succeeded := metric("last_success_timestamp_seconds")
	info, err := os.Stat(j.dumps(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := strconv.FormatInt(info.ModTime().Unix(), 10); succeeded != want || metric("last_run_success") != "1" {
		t.Errorf("last success at %s, success %s; want %s and 1", succeeded, metric("last_run_success"), want)
	}
	if want := strconv.FormatInt(info.Size(), 10); metric("last_success_size_bytes") != want {
		t.Errorf("size %s, want %s", metric("last_success_size_bytes"), want)
	}
	j.program(t, "BACKUP_DUMP", "exit 1")
	j.want(t, 1, "the dump failed")
	if metric("last_run_success") != "0" || metric("last_success_timestamp_seconds") != succeeded {
		t.Errorf("after a failure: success %s, last success at %s; want 0 and %s", metric("last_run_success"),
			metric("last_success_timestamp_seconds"), succeeded)
	}
	j.set["BACKUP_METRICS_DIR"] = filepath.Join(j.folder, "missing")
	delete(j.set, "BACKUP_DUMP")
	j.want(t, 1, "no metrics in")
}

func TestOtherEngines(t *testing.T) {
	j := newJob(t)
	j.server.Exec(t, j.database, "CREATE TABLE visits (id INT) ENGINE=MyISAM", "CREATE TABLE carts (id INT) ENGINE=Aria")
	j.want(t, 0, j.database+": these tables are not InnoDB, and what is written to them meanwhile may be in the dump in part: carts visits")
}

// TestOneFailsOthersGoOn dumps three databases, of which the second is not there.
func TestOneFailsOthersGoOn(t *testing.T) {
	j := newJob(t)
	other := j.server.Database(t)
	j.set["BACKUP_DATABASES"] = j.database + " nowhere " + other
	j.want(t, 1, "nowhere: the dump failed")
	got := len(j.dumps(t))
	j.database = other
	if got != 1 || len(j.dumps(t)) != 1 {
		t.Errorf("%d and %d dumps of the others, want 1 of each", got, len(j.dumps(t)))
	}
}
