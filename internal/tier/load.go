package tier

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"
)

// errand is one call of Load.
type errand[V any] struct {
	*Tier[V]
	lookup *Lookup[V]
	in     *epochs
	keys   []string
	names  []string
	loaded []Loaded[V]
	token  string // of the leases that it gets
	began  time.Time
}

// Load returns the values of keys: from the tier, or from another node that is loading them, or from the lookup's load function, of
// which the tier is then told.
func (t *Tier[V]) Load(ctx context.Context, l *Lookup[V], keys []string) []Loaded[V] {
	e := &errand[V]{Tier: t, lookup: l, in: t.epochs.Load(), keys: keys, loaded: make([]Loaded[V], len(keys)),
		token: fmt.Sprint(t.id, ".", t.leases.Add(1)), began: time.Now()}
	for _, key := range keys {
		e.names = append(e.names, e.in.name(t.options.Prefix, l.Name, l.Version, key))
	}
	all := make([]int, len(keys))
	for i := range all {
		all[i] = i
	}
	found := e.ask(ctx, all)
	// What is leased to this node is read while it waits for what others are reading.
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.read(ctx, found.ours, true)
		e.read(ctx, found.alone, false)
	}()
	e.await(ctx, found)
	<-done
	return e.loaded
}

// Original reads keys from the lookup's load function, whatever there is in the tier.
func (t *Tier[V]) Original(ctx context.Context, l *Lookup[V], keys []string) []Loaded[V] {
	return t.origin.load(ctx, l, keys)
}

// findings are what Redis said of keys, by their places.
type findings struct {
	ours   []int         // leased to this node
	theirs []int         // leased to another one
	alone  []int         // to be read without a lease: Redis says nothing
	left   time.Duration // that the shortest of their leases lasts yet
}

// ask asks for keys in one exchange.
func (e *errand[V]) ask(ctx context.Context, keys []int) (f findings) {
	c, dials, ok := e.touch.in()
	if ok && !e.in.has(e.lookup.Name, e.lookup.Version) {
		e.touch.wake() // until the others know that there are values of this version, there are none
		ok = false
	}
	if !ok {
		e.counts.away.Add(uint64(len(keys)))
		return findings{alone: keys}
	}
	commands := make(rueidis.Commands, len(keys))
	value, absence := e.lookup.Ages()
	for i, at := range keys {
		commands[i] = e.in.scripts.ask.call(c, e.names[at], isLeaseText+e.token, millis(e.options.Lease), millis(value), millis(absence))
	}
	asked, cancel := context.WithTimeout(ctx, e.options.Timeout)
	defer cancel()
	began := time.Now()
	results := c.DoMulti(asked, commands...)
	e.counts.asked(time.Since(began))
	trusted := e.touch.trusts(dials) && e.epochs.Load().same(e.in)
	for i, at := range keys {
		e.sort(results[i], at, trusted, &f)
	}
	return f
}

const isLeaseText = string(rune(isLease))

// sort takes in what Redis says of one key.
func (e *errand[V]) sort(r rueidis.RedisResult, at int, trusted bool, f *findings) {
	said, err := r.ToArray()
	if rueidis.IsRedisNil(err) && trusted {
		_ = e.touch.judge(nil)
		f.ours = append(f.ours, at)
		return
	}
	if err == nil && len(said) == 2 && trusted {
		_ = e.touch.judge(nil)
		text, _ := said[0].ToString()
		left, _ := said[1].AsInt64()
		e.take([]byte(text), time.Duration(left)*time.Millisecond, at, f)
		return
	}
	if !rueidis.IsRedisNil(err) {
		_ = e.touch.judge(err)
	}
	e.counts.away.Add(1)
	f.alone = append(f.alone, at)
}

// take takes in what stands under a key's name.
func (e *errand[V]) take(b []byte, left time.Duration, at int, f *findings) {
	if _, leased := leaseOf(b); leased {
		if len(f.theirs) == 0 || left < f.left {
			f.left = left
		}
		f.theirs = append(f.theirs, at)
		return
	}
	r, err := parseRecord(b, left)
	got := Loaded[V]{Found: r.found, Copied: true, Age: r.age}
	if err == nil && r.found {
		got.Value, err = e.options.Decode(r.value)
	}
	switch {
	case err != nil:
		e.counts.broken.Add(1)
		f.alone = append(f.alone, at)
	default:
		if r.found {
			e.counts.hits.Add(1)
		} else {
			e.counts.absences.Add(1)
		}
		e.loaded[at] = got
	}
}

// read reads keys from the origin, and has the tier told what was read under a lease.
func (e *errand[V]) read(ctx context.Context, keys []int, leased bool) {
	if len(keys) == 0 {
		return
	}
	names := make([]string, len(keys))
	for i, at := range keys {
		names[i] = e.keys[at]
	}
	e.counts.loaded.Add(uint64(len(keys)))
	position := ""
	if e.options.Position != nil {
		position = e.options.Position()
	}
	began := time.Now()
	loaded := e.origin.load(ctx, e.lookup, names)
	for i, at := range keys {
		e.loaded[at] = loaded[i]
	}
	if leased {
		e.tell(keys, loaded, position, began)
	}
}

// tell has what was read under a lease stored in the background, or the lease given back.
func (e *errand[V]) tell(keys []int, loaded []Loaded[V], position string, began time.Time) {
	select {
	case e.storing <- struct{}{}:
	default:
		e.counts.unstored.Add(uint64(len(keys)))
		return // the lease ends by itself
	}
	e.work.Go(func() {
		defer func() { <-e.storing }()
		e.store(keys, loaded, position, began)
	})
}

func (e *errand[V]) store(keys []int, loaded []Loaded[V], position string, began time.Time) {
	c, _, ok := e.touch.in()
	if !ok {
		e.counts.unstored.Add(uint64(len(keys)))
		return
	}
	var commands rueidis.Commands
	values := make([]bool, len(keys))
	for i, at := range keys {
		command, value := e.storeCommand(c, at, loaded[i], position, began)
		commands, values[i] = append(commands, command), value
	}
	ctx, cancel := context.WithTimeout(e.closing, invalidateTimeout)
	defer cancel()
	for i, r := range c.DoMulti(ctx, commands...) {
		stored, err := r.AsBool()
		_ = e.touch.judge(err)
		switch {
		case loaded[i].Err != nil:
		case err == nil && stored && values[i]:
			e.counts.stored.Add(1)
		default:
			e.counts.unstored.Add(1)
		}
	}
}

// storeCommand is the command that stores a value, or where that cannot be done gives its lease back.
func (e *errand[V]) storeCommand(c rueidis.Client, at int, r Loaded[V], position string, began time.Time) (command rueidis.Completed, stores bool) {
	age := time.Since(began) // MySQL was asked later than that
	longest, life := e.lookup.Ages()
	life -= age
	var value []byte
	if r.Found {
		life = longest - age
		value = e.options.Append(nil, r.Value)
	}
	if r.Err != nil || life < time.Millisecond || len(value) > e.options.MaxBytes {
		return e.in.scripts.release.call(c, e.names[at], isLeaseText+e.token), false
	}
	if len(position) > 255 {
		position = ""
	}
	text := record{found: r.Found, age: age, life: life, position: position, value: value}.append(nil)
	return e.in.scripts.store.call(c, e.names[at], isLeaseText+e.token, string(text), millis(life)), true
}
