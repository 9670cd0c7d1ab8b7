package httpapi

import "sync"

// get asks the cache for one key.
func (x *exchange) get(key string) (answer, error) {
	if x.mustReload {
		return x.lookup.Cache.Reload(&x.wait, key)
	}
	return x.lookup.Cache.Get(&x.wait, key)
}

// getMany asks the cache for keys, and appends their results to dst.
func (x *exchange) getMany(keys []string, dst []result) []result {
	if !x.mustReload {
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
