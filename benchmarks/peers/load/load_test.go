package load_test

import (
	"bufio"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"productcache/benchmarks/peers/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server answers every line with an empty 200, after a pause before the answer number stallAt.
func server(t *testing.T, stallAt int64, stall time.Duration) (network, address string) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var answered atomic.Int64
	var stalled atomic.Pointer[time.Time] // until when all are
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answer(conn, func() {
				if answered.Add(1) == stallAt {
					until := time.Now().Add(stall)
					stalled.Store(&until)
				}
				if until := stalled.Load(); until != nil {
					time.Sleep(time.Until(*until))
				}
			})
		}
	}()
	return "unix", l.Addr().String()
}

func answer(conn net.Conn, pause func()) {
	defer conn.Close()
	for in := bufio.NewScanner(conn); in.Scan(); {
		pause()
		if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")); err != nil {
			return
		}
	}
}

var line = []load.Work{{Steps: [][]byte{[]byte("a line\n")}, Answers: 1}}

// TestStallIsSeenByAllWhoWereDue holds what most generators get wrong: a server that stands still for
// a second makes everybody wait who comes within it, though only one request a connection is under way.
func TestStallIsSeenByAllWhoWereDue(t *testing.T) {
	const rate, stall = 1000, time.Second
	network, address := server(t, 500, stall)
	r, err := load.Run(t.Context(), load.Options{Network: network, Address: address, Connections: 4, Work: line,
		Answer: load.HTTP(200), Duration: 2 * time.Second, Rate: rate, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Done < 1800 || r.Done > 2200 {
		t.Errorf("%d answers, want about 2000", r.Done)
	}
	// Those due in the first half of the stall have waited for more than its second half.
	waited := 0
	for _, l := range r.Latency {
		if l > stall/2 {
			waited++
		}
	}
	if waited < 400 || waited > 900 {
		t.Errorf("%d waited longer than half of the stall, want about 500", waited)
	}
	if q := r.Quantile(0.99); q < 900*time.Millisecond {
		t.Errorf("p99 = %v, want nearly the stall", q)
	}
	if last := r.Quantile(1); last < stall {
		t.Errorf("the longest latency = %v, want the stall", last)
	}
}

func TestClosedLoopKeepsConnectionsBusy(t *testing.T) {
	network, address := server(t, 0, 0)
	r, err := load.Run(t.Context(), load.Options{Network: network, Address: address, Connections: 4, Work: line,
		Answer: load.HTTP(200), Duration: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r.Done < 200 || r.Elapsed < 200*time.Millisecond {
		t.Errorf("%d answers in %v", r.Done, r.Elapsed)
	}
}

func TestStepsAndPipelinesCountAsOne(t *testing.T) {
	network, address := server(t, 0, 0)
	step := []byte("a\nb\nc\n")
	r, err := load.Run(t.Context(), load.Options{Network: network, Address: address, Connections: 2, Answer: load.HTTP(200),
		Work: []load.Work{{Steps: [][]byte{step, step}, Answers: 3}}, Duration: 100 * time.Millisecond, Rate: 200, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Done < 8 || r.Done > 40 {
		t.Errorf("%d works, want about 20", r.Done)
	}
}

func TestWrongAnswerIsAnError(t *testing.T) {
	network, address := server(t, 0, 0)
	for name, answer := range map[string]load.Answer{"another status": load.HTTP(304), "another protocol": load.Redis(0)} {
		_, err := load.Run(t.Context(), load.Options{Network: network, Address: address, Connections: 1, Work: line,
			Answer: answer, Duration: 10 * time.Millisecond})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestQuantile(t *testing.T) {
	r := load.Result{}
	if got := r.Quantile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for i := range 1000 {
		r.Latency = append(r.Latency, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 500, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := r.Quantile(q); got != want {
			t.Errorf("Quantile(%v) = %d, want %d", q, got, want)
		}
	}
}
