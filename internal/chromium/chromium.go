// Package chromium drives a headless Chromium for tests of the console, over
// the DevTools protocol by two pipes: no WebSocket, no port, no Node.
//
// Tests alone use it; a browser lives as long as its test.
package chromium

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// RequireVariable names the environment variable that makes tests fail, and not
// skip, where there is no Chromium.
const RequireVariable = "PRODUCTCACHE_TEST_REQUIRE_CHROMIUM"

// patience is how long the browser may take for one command, and a page for
// what Await waits for.
const patience = time.Minute

// A Browser is a running Chromium. It is safe for concurrent use.
type Browser struct {
	commands *os.File

	mu       sync.Mutex // guards all below, and writes to commands
	last     int        // id of a command
	pending  map[int]chan<- message
	sessions map[string]*Page
	ended    error
}

// message is a command's answer, or an event.
type message struct {
	ID      int             `json:"id"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Open starts a browser, and ends it with the test. Without Chromium the test
// is skipped, or fails where RequireVariable is set.
func Open(t testing.TB) *Browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv(RequireVariable) != "" {
			t.Fatalf("%v: `make deps-chromium` installs it", err)
		}
		t.Skipf("%v: `make deps-chromium` installs it", err)
	}
	// Killed as a whole, it leaves files behind that appear while a folder is removed.
	profile, err := os.MkdirTemp("", "productcache-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	theirIn, ourOut := pipe(t)
	ourIn, theirOut := pipe(t)
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
		"--force-device-scale-factor=1", "--remote-debugging-pipe", "--user-data-dir="+profile, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // where it expects them: 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close() // the child has its own
	b := &Browser{commands: ourOut, pending: map[int]chan<- message{}, sessions: map[string]*Page{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.read(ourIn)
	}()
	t.Cleanup(func() {
		b.end(cmd, read)
		_ = ourIn.Close()
		_ = os.RemoveAll(profile)
	})
	return b
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// end closes the browser, or kills it if it does not heed.
func (b *Browser) end(cmd *exec.Cmd, read <-chan struct{}) {
	_ = b.call("", "Browser.close", nil, nil) // the wait below is what counts
	_ = b.commands.Close()
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait() // how it ended is no test's business
	<-read
}

// read takes messages, each ended by a zero byte, until there are no more.
func (b *Browser) read(from *os.File) {
	in := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			b.over(err)
			return
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.over(err)
			return
		}
		b.take(m)
	}
}

// over answers all who wait.
func (b *Browser) over(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = fmt.Errorf("chromium: it has ended: %w", err)
	for _, answer := range b.pending {
		close(answer)
	}
	b.pending = nil
}

func (b *Browser) take(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.ID == 0 {
		if p := b.sessions[m.Session]; p != nil {
			p.event(m)
		}
		return
	}
	if answer := b.pending[m.ID]; answer != nil {
		delete(b.pending, m.ID)
		answer <- m // has room for one, and gets one
	}
}

// call sends a command and waits for its answer, which goes into result unless
// that is nil.
func (b *Browser) call(session, method string, params, result any) error {
	answer, err := b.send(session, method, params)
	if err != nil {
		return err
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return b.ended
		case m.Error != nil:
			return fmt.Errorf("chromium: %s: %s", method, m.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-limit.C:
		return fmt.Errorf("chromium: %s: no answer within %v", method, patience)
	}
}

func (b *Browser) send(session, method string, params any) (<-chan message, error) {
	if params == nil {
		params = struct{}{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended != nil {
		return nil, b.ended
	}
	b.last++
	text, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Session string `json:"sessionId,omitempty"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{b.last, session, method, params})
	if err != nil {
		return nil, errors.New("chromium: " + err.Error())
	}
	answer := make(chan message, 1)
	b.pending[b.last] = answer
	_, err = b.commands.Write(append(text, 0))
	return answer, err
}
