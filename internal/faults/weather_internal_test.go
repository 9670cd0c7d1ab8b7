package faults

import (
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// arrivals has an answer of so many bytes delivered in some weather, and returns when its pieces arrived. With turn it
// becomes fine after that time.
func arrivals(t *testing.T, w Weather, bytes int, turn time.Duration) (at []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &Proxy{weather: w, pairs: make(map[*pair]struct{})}
		client, far := net.Pipe()
		server, _ := net.Pipe()
		pr := &pair{proxy: p, client: far, server: server, turned: make(chan struct{}), over: make(chan struct{}), chance: rand.New(rand.NewPCG(1, 0))}
		p.pairs[pr] = struct{}{}
		began := time.Now()
		if turn > 0 {
			time.AfterFunc(turn, func() { p.Set(Weather{}) })
		}
		go func() {
			pr.deliver(make([]byte, bytes))
			pr.close()
		}()
		for piece := make([]byte, pieceSize); ; {
			_, err := client.Read(piece)
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			at = append(at, time.Since(began))
		}
	})
	return at
}

func TestWeather(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		weather Weather
		bytes   int
		turn    time.Duration
		want    []time.Duration
	}{
		"fine":              {Weather{}, 100, 0, []time.Duration{0}},
		"delay":             {Weather{Delay: 300 * ms}, 100, 0, []time.Duration{300 * ms}},
		"trickle":           {Weather{Rate: 100, Piece: 10}, 30, 0, []time.Duration{100 * ms, 200 * ms, 300 * ms}},
		"bandwidth":         {Weather{Rate: 1000}, 100, 0, []time.Duration{100 * ms}},
		"it becomes fine":   {Weather{Delay: time.Hour}, 100, 70 * ms, []time.Duration{70 * ms}},
		"fine in a trickle": {Weather{Rate: 100, Piece: 10}, 30, 150 * ms, []time.Duration{100 * ms, 150 * ms, 150 * ms}},
	} {
		if got := arrivals(t, test.weather, test.bytes, test.turn); !slices.Equal(got, test.want) {
			t.Errorf("%s: pieces arrived at %v, want %v", name, got, test.want)
		}
	}
}

// TestJitterIsTheSameEachTime, and between its bounds.
func TestJitterIsTheSameEachTime(t *testing.T) {
	w := Weather{Delay: time.Second, Jitter: time.Second, Piece: 1}
	first, second := arrivals(t, w, 20, 0), arrivals(t, w, 20, 0)
	if !slices.Equal(first, second) {
		t.Errorf("%v, and then %v", first, second)
	}
	var last time.Duration
	gaps := map[time.Duration]bool{}
	for _, at := range first {
		if gap := at - last; gap < time.Second || gap > 2*time.Second {
			t.Errorf("a piece %v after the last, want 1 s to 2 s", gap)
		}
		gaps[at-last], last = true, at
	}
	if len(gaps) < 10 {
		t.Errorf("%d different gaps of 20, want jitter", len(gaps))
	}
}
