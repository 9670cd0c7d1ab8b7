package tier

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/rueidis"
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
		if of.Serves != t.serves() {
			continue // what it invalidates is its own business
		}
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
