package hammer

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"productcache/internal/cache"
	"productcache/internal/document"
)

// awayPause is between two answers while MySQL is away: it needs the processors to come back.
const awayPause = time.Millisecond

// reader asks the cache and judges the answers.
type reader struct {
	*hammer
	ctx    context.Context
	chance *rand.Rand
	keys   []string
	asked  []asked
	got    []cache.Result[*document.Document]
}

// asked is a key, and what an answer for it may carry.
type asked struct {
	key     int
	items   []int
	members [items/lists + 1]bounds
}

func newReader(h *hammer, number uint64) *reader {
	return &reader{hammer: h, chance: rand.New(rand.NewPCG(2, number))}
}

// run reads until ctx is done.
func (r *reader) run(ctx context.Context, read func(*reader)) {
	r.ctx = ctx
	pause := time.NewTicker(awayPause)
	defer pause.Stop()
	for ctx.Err() == nil {
		read(r)
		if r.outages.Away() {
			wait(ctx, pause.C)
		}
		runtime.Gosched() // the follower shares these processors
	}
}

func (r *reader) item()  { r.ask(r.ctx, itemLookup, r.chance.IntN(items)) }
func (r *reader) brief() { r.ask(r.ctx, briefLookup, r.chance.IntN(items)) }
func (r *reader) list()  { r.ask(r.ctx, listLookup, r.chance.IntN(lists)) }

// several asks for many items at once.
func (r *reader) several() {
	r.ask(r.ctx, itemLookup, r.chance.Perm(items)[:2+r.chance.IntN(10)]...)
}

// ask asks for keys of a lookup.
func (r *reader) ask(ctx context.Context, l lookup, keys ...int) {
	r.keys, r.asked, r.got = r.keys[:0], r.asked[:0], r.got[:0]
	for _, key := range keys {
		a := asked{key: key, items: r.ledger.shown(l, key)}
		for i, id := range a.items {
			a.members[i] = r.ledger.items[id].bounds(l)
		}
		r.asked = append(r.asked, a)
		r.keys = append(r.keys, strconv.Itoa(key))
	}
	began := time.Now()
	if len(keys) > 1 {
		r.got = r.service.lookups[l].GetMany(ctx, r.keys, r.got)
	} else {
		answer, err := r.service.lookups[l].Get(ctx, r.keys[0])
		r.got = append(r.got, cache.Result[*document.Document]{Answer: answer, Err: err})
	}
	r.counts.reads.Add(int64(len(keys)))
	for i := range r.got {
		r.judge(ctx, l, &r.asked[i], &r.got[i], began)
	}
}

// judge judges one answer.
func (r *reader) judge(ctx context.Context, l lookup, a *asked, got *cache.Result[*document.Document], began time.Time) {
	switch {
	case got.Err != nil && ctx.Err() != nil:
		return
	case got.Err != nil && r.outages.Excuses(began):
		r.counts.failed.Add(1)
		return
	case got.Err != nil:
		r.findings.note("failed", "%s %d: %v", lookupNames[l], a.key, got.Err)
		return
	case got.Outcome == cache.StaleError:
		r.counts.staleErrors.Add(1)
		if !r.outages.Excuses(began) {
			r.findings.note("stale-error", "%s %d: though MySQL is there", lookupNames[l], a.key)
		}
		return
	}
	if got.Outcome == cache.Hit {
		r.counts.hits.Add(1)
	}
	var body []byte
	if got.Found {
		body = got.Value.Body()
	}
	versions, err := read(body)
	if err != nil {
		r.findings.note("unreadable", "%s %d: %v: %s", lookupNames[l], a.key, err, body)
		return
	}
	for i, id := range a.items {
		of, version := &r.ledger.items[id], versions[id]
		if version == 0 {
			version = absent
		}
		if broken, text := of.judge(a.members[i], version); broken != "" {
			r.findings.note(broken, "%v: %s %d: item %d: %s; %v, stored: %t, %v old, ttl %v, asked %v ago", time.Since(r.began), lookupNames[l],
				a.key, id, text, got.Outcome, got.Stored, got.Age, got.TTL, time.Since(began))
		}
		if got.Stored || got.Outcome <= cache.Negative {
			of.note(l, a.members[i], version)
		}
	}
}

// read returns the versions of the items in an answer, 0 for those that are not in it.
func read(body []byte) (versions [items]int64, err error) {
	for {
		var id, version int64
		var ok bool
		if id, body, ok = field(body, `"id":`); !ok {
			return versions, nil
		}
		if version, body, ok = field(body, `"version":`); !ok || id < 0 || id >= items || version < 1 {
			return versions, errors.New("not what was asked for")
		}
		versions[id] = version
	}
}

// field returns the number that follows a name, and what is behind it.
func field(body []byte, name string) (n int64, rest []byte, ok bool) {
	_, rest, ok = bytes.Cut(body, []byte(name))
	for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		n = 10*n + int64(rest[0]-'0')
		rest = rest[1:]
	}
	return n, rest, ok
}
