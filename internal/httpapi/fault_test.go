package httpapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/httpapi"
)

// failure is the whole response of a request that the cache could not answer.
func failure(status int, cacheStatus, retry, body string) string {
	return strconv.Itoa(status) + `
Cache-Control: no-store
Cache-Status: productcache; ` + cacheStatus + `
Content-Length: ` + strconv.Itoa(len(body)) + `
Content-Type: application/problem+json
` + retry + `X-Content-Type-Options: nosniff

` + body
}

var (
	noDatabase = failure(503, "fwd=miss; detail=unavailable", "Retry-After: 1\n",
		problem(503, "unavailable", "The database is unavailable", "There is no earlier answer to serve instead."))
	tookTooLong = failure(504, "fwd=miss; detail=timeout", "Retry-After: 1\n",
		problem(504, "timeout", "Loading took too long", "There is no earlier answer to serve instead."))
	tooMany = failure(503, "detail=overloaded", "Retry-After: 1\n",
		problem(503, "overloaded", "Too many requests are waiting", "Ask again a moment later."))
	defect = failure(500, "fwd=miss; detail=error", "", problem(500, "internal-error", "The service has failed", ""))
)

func TestFailedLoads(t *testing.T) {
	for err, want := range map[error]string{errAway: noDatabase, errSlow: tookTooLong, errBroken: defect} {
		s := open(t)
		s.change(func(s *shop) { s.err = fmt.Errorf("store: load products: %w", err) })
		for _, target := range []string{"/v1/products/7", "/v1/products?keys=7,8", "/v1/category/20?page=1"} {
			w := s.get(t, target)
			expect(t, w, want)
			if o := s.lastSeen(); o.Outcome != "failed" || o.Status != w.Code {
				t.Errorf("%v: observed %+v, want failed, %d", err, o, w.Code)
			}
		}
		if got := s.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, err.Error()) {
			t.Errorf("%v: the log must have one line about it, not\n%s", err, got)
		}
	}
}

// TestExpiredDeadlineOfAnother: a load that fails because a deadline of somebody
// else has passed is what Classify says, and only where that does not know it a timeout.
func TestExpiredDeadlineOfAnother(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: %w", errAway, context.DeadlineExceeded), noDatabase},
		{fmt.Errorf("%w: %w", errSlow, context.DeadlineExceeded), tookTooLong},
		{context.DeadlineExceeded, tookTooLong},
	} {
		s := open(t)
		s.change(func(s *shop) { s.err = tt.err })
		for _, target := range []string{"/v1/products/7", "/v1/products?keys=7,8"} {
			expect(t, s.get(t, target), tt.want)
		}
	}
}

func TestFailuresAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.change(func(s *shop) { s.err = errAway })
		for _, requests := range []int{10, 3, 1} {
			for range requests {
				s.get(t, "/v1/products/7")
			}
			time.Sleep(time.Second) // virtual time
		}
		var omitted []string
		for line := range strings.Lines(s.log.String()) {
			omitted = append(omitted, strings.TrimSpace(line[strings.LastIndex(line, " "):]))
		}
		if want := []string{"omitted=0", "omitted=9", "omitted=2"}; !slices.Equal(omitted, want) {
			t.Errorf("the log's lines end with %s, want %s", omitted, want)
		}
	})
}

func TestRequestTimeout(t *testing.T) {
	for _, target := range []string{"/v1/products/7", "/v1/products?keys=7,8"} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, func(set *settings) { set.api.RequestTimeout = 700 * time.Millisecond })
			s.change(func(s *shop) { s.took = 10 * time.Second })
			start := time.Now()
			expect(t, s.get(t, target), tookTooLong)
			if got := time.Since(start); got != 700*time.Millisecond {
				t.Errorf("GET %s was answered after %v, want 700ms", target, got)
			}
			time.Sleep(10 * time.Second)
			if w := s.get(t, target); w.Code != 200 {
				t.Errorf("GET %s after the load has ended = %d, want 200", target, w.Code)
			}
		})
	}
}

// TestSlowLoadOfAnExpiredValue: a database that takes longer than a request may
// wait counts as failing. The request gets the old value when its time is over,
// and those after it get it at once.
func TestSlowLoadOfAnExpiredValue(t *testing.T) {
	for target, want := range map[string]string{
		"/v1/products/7":      "productcache; hit; ttl=-60; detail=stale-error",
		"/v1/products?keys=7": `productcache; hit; detail="stale-error=1"`,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, func(set *settings) { set.cache.LoadTimeout = set.api.RequestTimeout })
			if w := s.get(t, target); w.Code != 200 {
				t.Fatalf("GET %s = %d", target, w.Code)
			}
			time.Sleep(lifetimes.TTL + lifetimes.StaleWhileRevalidate + 25*time.Second)
			s.change(func(s *shop) { s.took = 10 * time.Second })
			for _, wait := range []time.Duration{5 * time.Second, 0, 0} {
				began := time.Now()
				w := s.get(t, target)
				if got := w.Header().Get("Cache-Status"); w.Code != 200 || got != want || time.Since(began) != wait {
					t.Errorf("GET %s = %d, %q after %v; want 200, %q after %v", target, w.Code, got, time.Since(began), want, wait)
				}
			}
		})
	}
}

func TestLoadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(set *settings) { set.cache.LoadTimeout = time.Second })
		s.change(func(s *shop) { s.took = 10 * time.Second })
		expect(t, s.get(t, "/v1/products/7"), tookTooLong)
	})
}

func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(set *settings) { set.cache.MaxWaiting = 1 })
		s.change(func(s *shop) { s.took = time.Second })
		first := make(chan int)
		go func() { first <- s.get(t, "/v1/products/7").Code }()
		synctest.Wait()
		expect(t, s.get(t, "/v1/products/8"), tooMany)
		expect(t, s.get(t, "/v1/products?keys=8,9"), tooMany)
		if o := s.lastSeen(); o.Outcome != "refused" || o.Status != 503 || o.Keys != 2 {
			t.Errorf("observed %+v, want refused", o)
		}
		if got := <-first; got != 200 {
			t.Errorf("the one that waited = %d, want 200", got)
		}
	})
}

// TestClientLeaves ends a request's context while it waits.
func TestClientLeaves(t *testing.T) {
	for _, target := range []string{"/v1/products/7", "/v1/products?keys=7,8"} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t)
			s.change(func(s *shop) { s.took = time.Second })
			ctx, leave := context.WithCancel(context.Background())
			w, done := httptest.NewRecorder(), make(chan struct{})
			go func() {
				defer close(done)
				s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", target, nil))
			}()
			synctest.Wait()
			leave()
			<-done
			if w.Code != httpapi.StatusLeft || w.Body.Len() != 0 {
				t.Errorf("GET %s = %d %s, want no body", target, w.Code, w.Body)
			}
			if got := s.log.String(); got != "" {
				t.Errorf("GET %s: leaving is not an error, and the log has %s", target, got)
			}
			if o := s.lastSeen(); o.Status != httpapi.StatusLeft || o.Outcome != "failed" {
				t.Errorf("GET %s: observed %+v", target, o)
			}
		})
	}
}

// foreign is a context that package context cannot look into: what is derived
// from it leaves a goroutine behind until it ends.
type foreign struct{ context.Context }

func (f foreign) Value(any) any { return nil }

func TestNothingIsLeftOfAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.change(func(s *shop) { s.took = time.Second })
		ctx, cancel := context.WithCancel(context.Background())
		t.Cleanup(cancel)
		r := httptest.NewRequestWithContext(foreign{ctx}, "GET", "/v1/products/7", nil)
		synctest.Wait()
		before := runtime.NumGoroutine()
		s.ServeHTTP(httptest.NewRecorder(), r)
		synctest.Wait()
		if got := runtime.NumGoroutine(); got != before {
			t.Errorf("%d goroutines after the request, before it %d", got, before)
		}
	})
}

func TestAfterClose(t *testing.T) {
	s := open(t)
	if err := s.closeCache(context.Background()); err != nil {
		t.Fatal(err)
	}
	expect(t, s.get(t, "/v1/products/7"), noDatabase)
}
