package httpapi_test

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRequestNoCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, honor := range []bool{false, true} {
			s := open(t, func(set *settings) { set.api.HonorNoCache = honor })
			s.get(t, "/v1/products?keys=7,8,9999")
			for _, c := range []struct {
				header  []string
				reloads bool
			}{
				{[]string{"Cache-Control", "no-cache"}, true},
				{[]string{"Cache-Control", "No-Cache"}, true},
				{[]string{"Cache-Control", "max-age=0, no-cache"}, true},
				{[]string{"Cache-Control", "max-age=0", "Cache-Control", "no-cache"}, true},
				{[]string{"Pragma", "no-cache"}, true},
				{[]string{"Pragma", "no-cache", "Cache-Control", "max-age=0"}, false},
				{[]string{"Cache-Control", "max-age=0"}, false},
				{[]string{"Cache-Control", "no-store"}, false},
				{[]string{"Cache-Control", `x="no-cache"`}, false},
			} {
				for target, status := range map[string][2]string{
					"/v1/products/7":            {"hit; ttl=300", "fwd=request; stored"},
					"/v1/products/9999":         {"hit; detail=negative", "fwd=request; stored"},
					"/v1/products?keys=7,8":     {`hit; detail="hit=2"`, `fwd=request; stored; detail="miss=2"`},
					"/v1/products?keys=7,9999":  {`hit; detail="hit=1 negative=1"`, `fwd=request; stored; detail="miss=2"`},
					"/v1/category/20?page=1000": {"hit; ttl=300", "fwd=request; stored"},
				} {
					s.get(t, target)
					want := "productcache; " + status[0]
					if honor && c.reloads {
						want = "productcache; " + status[1]
					}
					if got := s.get(t, target, c.header...).Header().Get("Cache-Status"); got != want {
						t.Errorf("honored %v: GET %s with %s: Cache-Status = %s, want %s", honor, target, c.header, got, want)
					}
				}
			}
		}
	})
}

func TestForcedLoadOfWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(set *settings) { set.api.HonorNoCache = true })
		noCache := []string{"Cache-Control", "no-cache"}
		s.get(t, "/v1/products/7")
		s.change(func(s *shop) { s.err = errAway })
		time.Sleep(time.Minute) // virtual time
		w := s.get(t, "/v1/products/7", noCache...)
		if got := w.Header().Get("Cache-Status"); w.Code != 200 || got != "productcache; hit; ttl=240" {
			t.Errorf("while MySQL is away = %d, Cache-Status %s", w.Code, got)
		}
		expect(t, s.get(t, "/v1/products/8", noCache...), noDatabase)
		expect(t, s.get(t, "/v1/products?keys=8,9", noCache...), noDatabase)
	})
}

func TestForcedLoadsOfAMultiGetShareQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, func(set *settings) { set.api.HonorNoCache = true })
		s.change(func(s *shop) { s.took = time.Second })
		start := time.Now()
		w := s.get(t, "/v1/products?keys="+numbers(1, 24), "Cache-Control", "no-cache")
		if got, want := w.Header().Get("Cache-Status"), `productcache; fwd=request; stored; detail="miss=24"`; got != want {
			t.Errorf("Cache-Status = %s, want %s", got, want)
		}
		if took := time.Since(start); took > 2*time.Second || s.loads > 3 {
			t.Errorf("24 keys took %v and %d loads, want at most 2s and 3", took, s.loads)
		}
	})
}
