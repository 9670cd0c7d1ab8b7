package httpapi

import (
	"errors"
	"sync"
)

// largestAtOnce bounds what a loop answers a multi-get with: others must not wait
// for the writing of more.
const largestAtOnce = 256 << 10

// errDeferred says that memory alone does not answer.
var errDeferred = errors.New("httpapi: not to be answered at once")

// get asks the cache for one key.
func (x *exchange) get(key string) (a answer, err error) {
	switch {
	case x.mustReload:
		return x.lookup.Cache.Reload(&x.wait, key)
	case x.memoryOnly:
		var ok bool
		if a, ok = x.lookup.Cache.TryGet(key); !ok {
			err = errDeferred
		}
		return a, err
	}
	return x.lookup.Cache.Get(&x.wait, key)
}

// areSmall reports whether a loop may answer with all of them.
func areSmall(all []result) bool {
	size := 0
	for i := range all {
		if all[i].Found {
			size += all[i].Value.BodyLen()
		}
	}
	return size <= largestAtOnce
}

// getMany asks the cache for keys, and appends their results to dst. It reports false
// where get returns errDeferred.
func (x *exchange) getMany(keys []string, dst []result) (_ []result, ok bool) {
	switch {
	case x.mustReload:
		return x.reloadMany(keys, dst), true
	case x.memoryOnly:
		return x.lookup.Cache.TryGetMany(keys, dst, areSmall)
	}
	return x.lookup.Cache.GetMany(&x.wait, keys, dst), true
}

func (x *exchange) reloadMany(keys []string, dst []result) []result {
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
