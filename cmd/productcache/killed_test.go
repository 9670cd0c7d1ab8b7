package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// runVariable, if set, makes this test binary the program.
const runVariable = "PRODUCTCACHE_TEST_RUN"

var (
	killSeed   = flag.Uint64("kill.seed", 0, "seed of TestKilledAtAnyMoment; 0: a new one, which the test prints")
	killRounds = flag.Int("kill.rounds", 6, "times that TestKilledAtAnyMoment kills the service")
)

// killedKeys is how many products there are.
const killedKeys = 20

// killed is a service that is killed again and again, while its database changes.
type killed struct {
	t       *testing.T
	rand    *rand.Rand // of the test's goroutine
	flags   []string
	client  *http.Client
	db      *sql.DB
	follow  bool
	public  string // base URLs of the process
	admin   string
	process *exec.Cmd
	log     *bytes.Buffer // of the process; complete when it has ended
	back    int           // entries that came back, over all starts
	read    sync.WaitGroup

	mu        sync.Mutex // guards all below
	committed [killedKeys]int
	purged    [killedKeys]int // what no answer may be older than
	atStart   [killedKeys]int // what nothing fresh may be older than; followed: no answer
	checked   int
	hits      int // answers from memory
}

// TestKilledAtAnyMoment kills the program again and again, while it starts,
// serves, writes snapshots and stops, with rows changed while it is up and while
// it is not. No answer may go behind what was purged, nor, where the binlog is
// followed, behind what was committed when the program was started.
func TestKilledAtAnyMoment(t *testing.T) {
	for _, follow := range []bool{true, false} {
		t.Run(fmt.Sprint("followed: ", follow), func(t *testing.T) {
			seed := *killSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("again by: go test -run '%s' ./cmd/productcache -args -kill.seed=%d -kill.rounds=%d", t.Name(), seed, *killRounds)
			k := newKilled(t, seed, follow)
			for range *killRounds {
				k.round()
			}
			k.start()
			k.work(300 * time.Millisecond)
			k.end(syscall.SIGTERM)
			if t.Logf("%d answers checked, %d from memory; %d entries came back", k.checked, k.hits, k.back); k.checked == 0 || k.hits == 0 || k.back == 0 {
				t.Error("is the test blind?")
			}
		})
	}
}

func newKilled(t *testing.T, seed uint64, follow bool) *killed {
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	k := &killed{t: t, rand: rand.New(rand.NewPCG(seed, 0)), follow: follow, client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}}
	database := s.Database(t)
	s.Exec(t, database, "CREATE TABLE products (id INT PRIMARY KEY, version INT NOT NULL)")
	k.db = s.Open(t, database)
	for id := range killedKeys {
		s.Exec(t, database, fmt.Sprintf("INSERT INTO products VALUES (%d, 0)", id))
	}
	catalog := catalogFile(t, `
lookups:
  products:
    key: id
    key_type: integer
    query: SELECT id, version FROM products WHERE id IN (:keys)
    changed_by:
      products: {key: id}
`)
	k.flags = append(catalog, "-mysql-dsn", s.DSN(database), "-listen", "127.0.0.1:0", "-admin-listen", "127.0.0.1:0", "-audit-rate", "0",
		"-snapshot", snapshotFile(t), "-snapshot-interval", "10ms", "-follow-binlog="+fmt.Sprint(follow))
	t.Cleanup(func() {
		k.client.CloseIdleConnections()
		if k.process != nil {
			_ = k.process.Process.Kill()
			k.read.Wait()
			_ = k.process.Wait()
		}
	})
	return k
}

// round starts the program, uses it, ends it in some way, and changes rows.
func (k *killed) round() {
	k.start()
	for range 3 {
		k.change()
	}
	k.work(time.Duration(k.rand.IntN(300)) * time.Millisecond)
	if k.rand.IntN(3) == 0 { // killed while it stops
		_ = k.process.Process.Signal(syscall.SIGTERM)
		time.Sleep(time.Duration(k.rand.IntN(10)) * time.Millisecond)
	}
	k.end(syscall.SIGKILL)
	if k.rand.IntN(2) == 0 { // killed while it starts, at some place
		k.start()
		k.end(syscall.SIGKILL)
		log := k.launch()
		go io.Copy(io.Discard, log)
		time.Sleep(time.Duration(k.rand.IntN(60)) * time.Millisecond)
		k.end(syscall.SIGKILL)
	}
	for range k.rand.IntN(5) {
		k.change()
	}
}

// launch starts the program and returns where its log can be read.
func (k *killed) launch() io.Reader {
	k.t.Helper()
	k.mu.Lock()
	k.atStart = k.committed
	k.mu.Unlock()
	k.process = exec.Command(os.Args[0], k.flags...)
	k.process.Env = append(os.Environ(), runVariable+"=1")
	stderr, err := k.process.StderrPipe()
	if err == nil {
		err = k.process.Start()
	}
	if err != nil {
		k.t.Fatal(err)
	}
	k.log = &bytes.Buffer{}
	read, write := io.Pipe()
	k.read.Go(func() {
		_, err := io.Copy(io.MultiWriter(k.log, write), stderr)
		_ = write.CloseWithError(err)
	})
	return read
}

var listening = regexp.MustCompile(`msg=listening as=(\S+) address=(\S+)`)

// start starts the program and waits until it listens.
func (k *killed) start() {
	k.t.Helper()
	log := bufio.NewScanner(k.launch())
	found := map[string]string{}
	for len(found) < 2 && log.Scan() {
		if m := listening.FindStringSubmatch(log.Text()); m != nil {
			found[m[1]] = "http://" + m[2]
		}
	}
	if len(found) < 2 {
		k.read.Wait()
		k.t.Fatalf("the program does not listen:\n%s", k.log)
	}
	go func() { // the log goes on, and must be read
		for log.Scan() {
		}
	}()
	k.public, k.admin = found["listen"], found["admin-listen"]
}

// end ends the program, and looks at what it has said.
func (k *killed) end(by syscall.Signal) {
	k.t.Helper()
	_ = k.process.Process.Signal(by)
	k.read.Wait()
	_ = k.process.Wait()
	for line := range strings.Lines(k.log.String()) {
		if m := restoredEntries.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			k.back += n
		}
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") {
			k.t.Errorf("the program says: %s", line)
		}
	}
	k.process = nil
}

// work reads and writes for a while.
func (k *killed) work(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 {
		r := rand.New(rand.NewPCG(k.rand.Uint64(), 0))
		wg.Go(func() {
			for ctx.Err() == nil {
				k.ask(r.IntN(killedKeys))
			}
		})
	}
	r := rand.New(rand.NewPCG(k.rand.Uint64(), 0))
	wg.Go(func() {
		for ctx.Err() == nil {
			k.changeOne(r.IntN(killedKeys), r.IntN(2) == 0, r)
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		}
	})
	wg.Wait()
}

// change changes a row, and tells nobody.
func (k *killed) change() { k.changeOne(k.rand.IntN(killedKeys), false, k.rand) }

// changeOne changes a row and may purge it. Its callers do so one after the other.
func (k *killed) changeOne(id int, purge bool, r *rand.Rand) {
	if _, err := k.db.Exec("UPDATE products SET version = version + 1 WHERE id = ?", id); err != nil {
		k.t.Error(err)
		return
	}
	k.mu.Lock()
	k.committed[id]++
	version := k.committed[id]
	k.mu.Unlock()
	if !purge {
		return
	}
	body := fmt.Sprintf(`{"lookup":"products","keys":["%d"],"mode":"%s"}`, id, []string{"stale", "remove"}[r.IntN(2)])
	response, err := k.client.Post(k.admin+"/api/purge", "application/json", strings.NewReader(body))
	if err != nil {
		return // it was not answered
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		k.t.Errorf("purge: %s", response.Status)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.purged[id] = version
}

var restoredEntries = regexp.MustCompile(`msg="snapshot loaded" entries=(\d+)`)

var versionField = regexp.MustCompile(`"version":(\d+)`)

// ask asks for a product and checks the answer.
func (k *killed) ask(id int) {
	k.mu.Lock()
	purged, atStart := k.purged[id], k.atStart[id]
	k.mu.Unlock()
	response, err := k.client.Get(fmt.Sprint(k.public, "/v1/products/", id))
	if err != nil {
		return
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	m := versionField.FindSubmatch(body)
	status := response.Header.Get("Cache-Status")
	if err != nil || m == nil || strings.Contains(status, "stale-error") {
		return
	}
	version, _ := strconv.Atoi(string(m[1]))
	fresh := !strings.Contains(status, "detail=stale")
	if version < purged || version < atStart && (k.follow || fresh) {
		k.t.Errorf("product %d has version %d (%s); %d was purged, %d was committed when the program was started", id, version, status, purged, atStart)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.checked++
	if strings.Contains(status, "hit") {
		k.hits++
	}
}
