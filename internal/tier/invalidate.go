package tier

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

// How long Redis has to take an invalidation, and each of its keys beside that.
const (
	invalidateTimeout = 250 * time.Millisecond
	perKey            = 100 * time.Microsecond
)

// Invalidate takes values away that the binlog says have changed, for this node: others follow it themselves. When it has
// returned, this node reads nothing from the tier that was stored before.
func (t *Tier[V]) Invalidate(lookup string, keys []string) {
	t.drop(Purge{Lookup: lookup, Keys: keys}, false)
}

// InvalidateAll is Invalidate for all of a lookup.
func (t *Tier[V]) InvalidateAll(lookup string) {
	t.drop(Purge{Lookup: lookup, All: true}, false)
}

// BeginFollowing is InvalidateAll for a node that has just begun to follow the binlog at a place, see Options.Followed, and does not know
// what was changed before. Another node may: once it has followed up to there, the tier was told of all. Redis is not used until that is known.
func (t *Tier[V]) BeginFollowing(lookup, from string) {
	t.outbox.mu.Lock()
	defer t.outbox.mu.Unlock()
	t.abreast.Store(false)
	t.outbox.addLocked(letter{Purge: Purge{Lookup: lookup, All: true}, at: time.Now(), from: from})
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
	sequence, err := t.post(ctx, c, message{Purge: &p})
	if t.touch.judge(err) != nil || err != nil {
		t.postpone(p)
		return append(t.Members(), SecondTier)
	}
	if open = t.confirmed(ctx, c, sequence); len(open) > 0 {
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

// dropNow takes values away in Redis, of all versions. If there are other epochs than this node knows of, or more versions, it does so in those.
func (t *Tier[V]) dropNow(ctx context.Context, c rueidis.Client, p Purge) error {
	if p.All {
		if err := t.beginEpoch(ctx, c, p.Lookup); err != nil {
			return err
		}
		return t.readEpochs(ctx, c)
	}
	for {
		in := t.epochs.Load()
		var commands rueidis.Commands
		for _, version := range in.versionsOf(p.Lookup, time.Now()) {
			for _, key := range p.Keys {
				commands = append(commands, in.scripts.drop.call(c, in.name(t.options.Prefix, p.Lookup, version, key)))
			}
		}
		names := len(commands)
		commands = append(commands, c.B().Hgetall().Key(t.shared("epochs")).Build())
		results := c.DoMulti(ctx, commands...)
		for _, r := range results[:names] {
			if err := r.Error(); err != nil {
				return err
			}
		}
		fields, err := results[names].AsStrMap()
		if err != nil {
			return err
		}
		if in.covers(newEpochs(fields), time.Now()) {
			return nil
		}
		if err := t.followEpochs(ctx, c); err != nil {
			return err
		}
	}
}
