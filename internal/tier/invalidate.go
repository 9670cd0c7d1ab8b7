package tier

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// How long Redis has to take an invalidation, and each of its keys beside that.
const (
	invalidateTimeout = 250 * time.Millisecond
	perKey            = 100 * time.Microsecond
)

// outbox is what Redis, or other nodes, are still to be told.
type outbox struct {
	mu          sync.Mutex // guards all below; held while the tier becomes usable
	pending     []letter
	keys        int // in pending
	unconfirmed []letter
}

// letter is a purge on its way.
type letter struct {
	Purge
	spread bool // to other nodes, too
	at     time.Time

	from string // it is not needed where another node has followed the binlog up to there; "": it is
}

const (
	mostPending = 10_000 // keys; if there are more, all of their lookup is purged
	unconfirmed = time.Minute
)

// Invalidate takes values away that the binlog says have changed, for this node: others follow it themselves. When it has
// returned, this node reads nothing from the tier that was stored before.
func (t *Tier[V]) Invalidate(lookup, version string, keys []string) {
	t.drop(Purge{Lookup: lookup, Version: version, Keys: keys}, false)
}

// InvalidateAll is Invalidate for all of a lookup.
func (t *Tier[V]) InvalidateAll(lookup, version string) {
	t.drop(Purge{Lookup: lookup, Version: version, All: true}, false)
}

// BeginFollowing is InvalidateAll for a node that has just begun to follow the binlog at a place, see Options.Followed, and does not know
// what was changed before. Another node may: once it has followed up to there, the tier was told of all. Redis is not used until that is known.
func (t *Tier[V]) BeginFollowing(lookup, version, from string) {
	t.outbox.mu.Lock()
	defer t.outbox.mu.Unlock()
	t.abreast.Store(false)
	t.outbox.addLocked(letter{Purge: Purge{Lookup: lookup, Version: version, All: true}, at: time.Now(), from: from})
	t.touch.lose()
}

// Purge takes values away, has local do so in this node's memory, and tells the other nodes. It returns what has not confirmed
// it in time: names of nodes, and SecondTier. They are told when they can be reached again.
func (t *Tier[V]) Purge(ctx context.Context, p Purge, local func()) (open []string) {
	ctx, cancel := context.WithTimeout(ctx, t.options.Confirm)
	defer cancel()
	dropped := t.drop(p, true)
	local()
	if !dropped {
		return append(t.Members(), SecondTier)
	}
	c, _, ok := t.touch.in()
	if !ok {
		t.postpone(p)
		return append(t.Members(), SecondTier)
	}
	id, err := t.post(ctx, c, message{Purge: &p})
	if t.touch.judge(err) != nil || err != nil {
		t.postpone(p)
		return append(t.Members(), SecondTier)
	}
	if open = t.confirmed(ctx, c, parsePlace(id)); len(open) > 0 {
		t.outbox.mu.Lock()
		t.outbox.unconfirmed = append(t.outbox.unconfirmed, letter{Purge: p, spread: true, at: time.Now()})
		t.outbox.mu.Unlock()
	}
	return open
}

// SecondTier is what a purge calls Redis.
const SecondTier = "second tier"

// drop takes values away in Redis, or keeps in mind to do so before it is used again. It reports whether that is done.
func (t *Tier[V]) drop(p Purge, spread bool) bool {
	t.counts.invalidated.Add(uint64(max(1, len(p.Keys))))
	c, dials, ok := t.touch.in()
	if ok {
		ctx, cancel := context.WithTimeout(t.closing, invalidateTimeout+time.Duration(len(p.Keys))*perKey)
		defer cancel()
		err := t.dropNow(ctx, c, p)
		if err == nil && t.touch.trusts(dials) {
			return true
		}
		_ = t.touch.judge(err)
		t.touch.lose()
	}
	t.outbox.mu.Lock()
	defer t.outbox.mu.Unlock()
	t.abreast.Store(false)
	t.outbox.addLocked(letter{Purge: p, spread: spread, at: time.Now()})
	// It may have become usable since: then this came too late for it.
	t.touch.lose()
	return false
}

// postpone keeps a purge until Redis is in use again.
func (t *Tier[V]) postpone(p Purge) {
	t.outbox.mu.Lock()
	defer t.outbox.mu.Unlock()
	t.outbox.addLocked(letter{Purge: p, spread: true, at: time.Now()})
	t.touch.lose()
}

func (o *outbox) addLocked(l letter) {
	covered := func(by letter) bool {
		return by.All && (by.from == "" || l.from != "" && by.from >= l.from) && by.Lookup == l.Lookup && by.Remove == l.Remove && (by.spread || !l.spread)
	}
	if slices.ContainsFunc(o.pending, covered) {
		return
	}
	if o.keys+len(l.Keys) > mostPending {
		l.All, l.Keys = true, nil
	}
	if l.All {
		o.pending = slices.DeleteFunc(o.pending, func(old letter) bool {
			gone := !old.All && old.Lookup == l.Lookup && (l.Remove || !old.Remove)
			if gone {
				o.keys -= len(old.Keys)
				l.spread = l.spread || old.spread
			}
			return gone
		})
	}
	o.keys += len(l.Keys)
	o.pending = append(o.pending, l)
}

// dropNow takes values away in Redis. If there are other epochs than this node knows of, it does so in those.
func (t *Tier[V]) dropNow(ctx context.Context, c rueidis.Client, p Purge) error {
	if p.All {
		if err := t.beginEpoch(ctx, c, p.Lookup); err != nil {
			return err
		}
		return t.send(ctx, c, message{Epochs: true})
	}
	for {
		in := t.epochs.Load()
		commands := make(rueidis.Commands, 0, len(p.Keys)+1)
		for _, key := range p.Keys {
			commands = append(commands, c.B().Del().Key(in.name(t.options.Prefix, p.Lookup, p.Version, key)).Build())
		}
		commands = append(commands, c.B().Hgetall().Key(t.shared("epochs")).Build())
		results := c.DoMulti(ctx, commands...)
		for _, r := range results[:len(p.Keys)] {
			if err := r.Error(); err != nil {
				return err
			}
		}
		fields, err := results[len(p.Keys)].AsStrMap()
		if err != nil {
			return err
		}
		if newEpochs(fields).same(in) {
			return nil
		}
		if err := t.readEpochs(ctx, c); err != nil {
			return err
		}
	}
}

// deliver does what is pending, and makes the tier usable, unless there are more connections than there were.
func (t *Tier[V]) deliver(ctx context.Context, c rueidis.Client, dials uint64) (usable bool, err error) {
	for {
		t.outbox.mu.Lock()
		letters := t.outbox.pending
		if len(letters) == 0 {
			usable = t.touch.trusts(dials)
			t.touch.usable.Store(usable)
			if !t.touch.trusts(dials) { // one was begun after it was looked
				t.touch.usable.Store(false)
			}
			t.abreast.Store(usable)
			t.outbox.mu.Unlock()
			return usable, nil
		}
		t.outbox.pending, t.outbox.keys = nil, 0
		t.outbox.mu.Unlock()
		for i, l := range letters {
			needed, err := t.needed(ctx, c, l)
			if !needed && err == nil {
				continue
			}
			if err == nil {
				err = t.dropNow(ctx, c, l.Purge)
			}
			if err == nil && l.spread {
				err = t.send(ctx, c, message{Purge: &l.Purge})
			}
			if err != nil {
				t.outbox.mu.Lock()
				for _, l := range letters[i:] {
					t.outbox.addLocked(l)
				}
				t.outbox.mu.Unlock()
				return false, err
			}
		}
	}
}

// beatPatience is how long another node may take to say that it has followed far enough.
const beatPatience = 3 * beatPause

// errBeat says that another node has to be waited for.
var errBeat = errors.New("tier: waiting for a node that follows the binlog")

// needed reports whether a letter has to be delivered, or errBeat where that is not known yet.
func (t *Tier[V]) needed(ctx context.Context, c rueidis.Client, l letter) (bool, error) {
	if l.from == "" {
		return true, nil
	}
	cards, err := t.cards(ctx, c)
	if err != nil {
		return true, err
	}
	others := false
	for _, of := range cards {
		if of.Followed >= l.from {
			return false, nil
		}
		others = others || of.Followed != ""
	}
	if others && time.Since(l.at) < beatPatience {
		return true, errBeat
	}
	return true, nil
}

// resend tells again what was not confirmed by all, as it may have been lost.
func (t *Tier[V]) resend(ctx context.Context, c rueidis.Client) error {
	t.outbox.mu.Lock()
	letters := t.outbox.unconfirmed
	t.outbox.unconfirmed = nil
	t.outbox.mu.Unlock()
	for i, l := range letters {
		if time.Since(l.at) > unconfirmed {
			continue
		}
		if err := t.send(ctx, c, message{Purge: &l.Purge}); err != nil {
			t.outbox.mu.Lock()
			t.outbox.unconfirmed = append(t.outbox.unconfirmed, letters[i:]...)
			t.outbox.mu.Unlock()
			return err
		}
	}
	return nil
}

// confirmPause is between two looks at what other nodes have done.
const confirmPause = 2 * time.Millisecond

// confirmed waits until all other nodes have done what was said, and returns the names of those that have not.
func (t *Tier[V]) confirmed(ctx context.Context, c rueidis.Client, at place) (open []string) {
	for {
		cards, err := t.cards(ctx, c)
		var done map[string]string
		if err == nil {
			done, err = c.Do(ctx, c.B().Hgetall().Key(t.shared("done")).Build()).AsStrMap()
		}
		if err != nil && ctx.Err() != nil && open != nil {
			return open
		}
		if err != nil {
			return append(t.Members(), SecondTier)
		}
		open = nil
		for id, of := range cards {
			if parsePlace(done[id]).before(at) {
				open = append(open, of.Name)
			}
		}
		if len(open) == 0 {
			return nil
		}
		slices.Sort(open)
		timer := time.NewTimer(confirmPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return open
		}
	}
}
