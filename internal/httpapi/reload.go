package httpapi

import (
	"strings"
	"sync"
)

// get asks the cache for one key.
func (x *exchange) get(key string) (answer, error) {
	if x.mustReload() {
		return x.lookup.Cache.Reload(&x.wait, key)
	}
	return x.lookup.Cache.Get(&x.wait, key)
}

// getMany asks the cache for keys, and appends their results to dst.
func (x *exchange) getMany(keys []string, dst []result) []result {
	if !x.mustReload() {
		return x.lookup.Cache.GetMany(&x.wait, keys, dst)
	}
	from := len(dst)
	dst = append(dst, make([]result, len(keys))...)
	var loads sync.WaitGroup
	for i, key := range keys {
		r := &dst[from+i]
		loads.Go(func() { r.Answer, r.Err = x.lookup.Cache.Reload(&x.wait, key) })
	}
	loads.Wait()
	return dst
}

// mustReload reports whether the client asked for a load and may (RFC 9111,
// sections 5.2.1.4 and 5.4).
func (x *exchange) mustReload() bool {
	if !x.HonorNoCache {
		return false
	}
	lines := x.r.Header["Cache-Control"]
	if len(lines) == 0 {
		lines = x.r.Header["Pragma"]
	}
	for _, line := range lines {
		for directive := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(trimOWS(directive), "no-cache") {
				return true
			}
		}
	}
	return false
}
