package main

import (
	"context"
	"sync"
	"time"
)

const (
	hotPause = 30 * time.Second // between two hot lists of a fleet; less while a node is young
	mostHot  = 50_000           // keys in it
	fillers  = 4                // of a node that starts
)

// run fills memory from the tier, and then writes the list of the keys that are asked for most, for the next node that
// starts, until ctx is done.
func (f *fleet) run(ctx context.Context) {
	if f.config.L2Warm > 0 {
		f.fill(ctx)
		f.warmed.Store(true)
	}
	for pause := time.Second; sleep(ctx, pause); pause = min(2*pause, hotPause) {
		f.tier.ShareHot(ctx, pause, f.hot)
	}
}

// hot lists keys by lookup, the hottest first.
func (f *fleet) hot() map[string][]string {
	served := f.front.served.Load()
	if served == nil {
		return nil
	}
	type key struct{ lookup, key string }
	ring, n := make([]key, 0, mostHot), 0
	for l, entry := range f.cache.Saved(time.Now()) { // the hottest last
		if of := served.lookups[l.Name()]; of == nil || of.cached != l || len(entry.Key) > mostHotKey {
			continue
		}
		if k := (key{l.Name(), entry.Key}); n < mostHot {
			ring = append(ring, k)
		} else {
			ring[n%mostHot] = k
		}
		n++
	}
	keys := make(map[string][]string)
	for i := range ring {
		k := ring[((n-1-i)%len(ring)+len(ring))%len(ring)]
		keys[k.lookup] = append(keys[k.lookup], k.key)
	}
	return keys
}

// mostHotKey is the longest key, in bytes, that is in the list.
const mostHotKey = 200

// fill asks for the keys of the hot list, as far as there is time.
func (f *fleet) fill(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, f.config.L2Warm)
	defer cancel()
	select {
	case <-f.tier.Joined():
	case <-ctx.Done():
		return
	}
	select {
	case <-f.front.opened:
	case <-ctx.Done():
		return
	}
	if f.config.FollowBinlog { // which makes stale what came before
		select {
		case <-f.caught:
		case <-ctx.Done():
			return
		}
	}
	for !f.tier.Usable() {
		if !sleep(ctx, readyTick) {
			return
		}
	}
	began := time.Now()
	filled := 0
	var work sync.WaitGroup
	chunks := make(chan func())
	for range fillers {
		work.Go(func() {
			for do := range chunks {
				do()
			}
		})
	}
	for name, keys := range f.tier.Hot(ctx) {
		l := f.front.served.Load().lookups[name]
		if l == nil {
			continue
		}
		for len(keys) > 0 && ctx.Err() == nil {
			n := min(len(keys), f.config.BatchKeys)
			chunk := f.spelt(l, keys[:n])
			keys = keys[n:]
			select {
			case chunks <- func() { l.cached.GetMany(ctx, chunk, nil) }:
				filled += n
			case <-ctx.Done():
			}
		}
	}
	close(chunks)
	work.Wait()
	f.log.Info("memory is filled from the second tier", "keys", filled, "took", time.Since(began).Round(time.Millisecond))
}

// spelt are those of keys that are keys of the lookup as it is here.
func (f *fleet) spelt(l *lookup, keys []string) (own []string) {
	seen := make(map[string]bool, len(keys))
	for _, key := range keys {
		if canonical, err := l.ParseKey(key); err == nil && canonical == key && !seen[key] {
			seen[key] = true
			own = append(own, key)
		}
	}
	return own
}
