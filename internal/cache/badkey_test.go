package cache_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
)

// TestBadKeyIsNotLoadedByEveryRequest: what has failed for a reason of its key is loaded once a second at most, whoever
// asks, but at once after an invalidation, and for who insists.
func TestBadKeyIsNotLoadedByEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newOrigin("a", "1", "b", "2")
		from.bad["a"] = errBadRow
		_, l := open(t, options(), lifetimes, from.load)
		expect := func(what string, loads int) {
			t.Helper()
			if _, err := l.Get(t.Context(), "a"); !errors.Is(err, errBadRow) {
				t.Errorf("%s: got %v, want %v", what, err, errBadRow)
			}
			if got := len(from.loads); got != loads {
				t.Errorf("%s: %d loads, want %d", what, got, loads)
			}
		}
		expect("first", 1)
		expect("at once", 1)
		time.Sleep(999 * time.Millisecond)
		expect("soon", 1)
		ask(t, l, "b", cache.Miss, "2")
		time.Sleep(time.Millisecond)
		expect("after a second", 3)
		l.Purge(cache.PurgeStale, "a")
		expect("after a purge", 4)
		if _, err := l.Reload(t.Context(), "a"); !errors.Is(err, errBadRow) || len(from.loads) != 5 {
			t.Errorf("Reload: %v after %d loads, want %v after 5", err, len(from.loads), errBadRow)
		}
		for i := range 1000 {
			from.bad[fmt.Sprint(i)] = errBadRow
			if _, err := l.Get(t.Context(), fmt.Sprint(i)); !errors.Is(err, errBadRow) {
				t.Errorf("%d: got %v, want %v", i, err, errBadRow)
			}
		}
		delete(from.bad, "a")
		ask(t, l, "a", cache.Miss, "1") // only so many are remembered
	})
}

// TestLastingFailure: what fails until its row is changed is seldom tried, but at once where a change may have been made.
func TestLastingFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newOrigin("a", "1")
		from.bad["a"] = errHuge
		_, l := open(t, options(), lifetimes, from.load)
		expect := func(what string, loads int) {
			t.Helper()
			if _, err := l.Get(t.Context(), "a"); !errors.Is(err, errHuge) || from.count() != loads {
				t.Errorf("%s: got %v after %d loads, want %v after %d", what, err, from.count(), errHuge, loads)
			}
		}
		expect("first", 1)
		time.Sleep(30*time.Second - 1)
		expect("within half a minute", 1)
		time.Sleep(time.Nanosecond)
		expect("after half a minute", 2)
		l.Purge(cache.PurgeStale, "a")
		expect("after a purge", 3)
		l.Purge(cache.PurgeStale, "a")
		delete(from.bad, "a")
		ask(t, l, "a", cache.Miss, "1")
	})
}
