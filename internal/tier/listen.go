package tier

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

const (
	listenBlock = 200 * time.Millisecond // of an XREAD: closing waits for it
	listenPause = 50 * time.Millisecond
	mostAtOnce  = 100 // messages of one XREAD
)

// sinceSlack is how far the clocks of Redis and of this machine may differ.
const sinceSlack = time.Minute

// findPlace finds out after which message this node begins to listen: the last one that there is, or that from which on what is in
// memory was not told. If that is gone, everything in memory is made stale.
func (t *Tier[V]) findPlace(ctx context.Context, c rueidis.Client) error {
	t.members.mu.Lock()
	begun := t.members.begun
	t.members.mu.Unlock()
	if begun {
		return nil
	}
	since := t.options.Since(t.closing)
	first, err := c.Do(ctx, c.B().Xrange().Key(t.shared("purges")).Start("-").End("+").Count(1).Build()).AsXRange()
	if err == nil && len(first) == 0 {
		err = t.greet(ctx, c) // from now on nothing is missing
	}
	if err != nil {
		return err
	}
	from := place{millis: uint64(max(0, since.Add(-sinceSlack).UnixMilli()))}
	knows := len(first) > 0 && !from.before(parsePlace(first[0].ID))
	if !since.IsZero() && !knows {
		t.options.Logger.Warn("what was purged since the snapshot is not known: what came back is stale")
		t.options.Distrust()
	}
	last, err := c.Do(ctx, c.B().Xrevrange().Key(t.shared("purges")).End("+").Start("-").Count(1).Build()).AsXRange()
	if err != nil {
		return err
	}
	t.members.mu.Lock()
	defer t.members.mu.Unlock()
	if len(last) > 0 {
		t.members.at, t.members.real = parsePlace(last[0].ID), true
	}
	if !since.IsZero() && knows {
		t.members.at, t.members.real = from, false
	}
	t.members.begun = true
	return nil
}

// checkPlace finds out whether the last message that was heard is still there: if not, the stream was cut short, or is another one.
func (t *Tier[V]) checkPlace(ctx context.Context, c rueidis.Client) error {
	t.members.mu.Lock()
	at, real := t.members.at.String(), t.members.real
	t.members.mu.Unlock()
	if !real {
		return nil
	}
	there, err := c.Do(ctx, c.B().Xrange().Key(t.shared("purges")).Start(at).End(at).Build()).AsXRange()
	if err == nil && len(there) == 0 {
		t.members.mayHaveMissed()
	}
	return err
}

// greet makes the stream.
func (t *Tier[V]) greet(ctx context.Context, c rueidis.Client) error {
	return c.Do(ctx, c.B().Xadd().Key(t.shared("purges")).Id("*").FieldValue().FieldValue("m", `{"node":"greeting"}`).Build()).Error()
}

// hear listens over connections of its own: those are blocked, and what comes over a new one need not be looked at.
func (t *Tier[V]) hear(o rueidis.ClientOption) {
	for t.closing.Err() == nil {
		c, err := rueidis.NewClient(o)
		if err != nil {
			t.rest(listenPause, false)
			continue
		}
		t.listen(c)
		c.Close()
	}
}

// listen does what other nodes say, until the tier is closed.
func (t *Tier[V]) listen(c rueidis.Client) {
	for t.closing.Err() == nil {
		t.members.mu.Lock()
		at, begun := t.members.at, t.members.begun
		t.members.mu.Unlock()
		if !begun {
			t.rest(listenPause, false)
			continue
		}
		entries, err := t.next(c, at)
		if err != nil {
			t.members.mayHaveMissed()
			t.rest(listenPause, false)
			continue
		}
		for _, e := range entries {
			t.heed(c, e)
		}
		if len(entries) > 0 {
			t.answer(c)
		}
	}
}

// next waits for messages.
func (t *Tier[V]) next(c rueidis.Client, at place) ([]rueidis.XRangeEntry, error) {
	ctx, cancel := context.WithTimeout(t.closing, listenBlock+time.Second)
	defer cancel()
	streams, err := c.Do(ctx, c.B().Xread().Count(mostAtOnce).Block(listenBlock.Milliseconds()).Streams().
		Key(t.shared("purges")).Id(at.String()).Build()).AsXRead()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	return streams[t.shared("purges")], err
}

// heed does what a message says.
func (t *Tier[V]) heed(c rueidis.Client, e rueidis.XRangeEntry) {
	m, err := parseMessage(e.FieldValues["m"])
	if err != nil {
		t.options.Logger.Warn("a message of the fleet is not understood", "id", e.ID)
	} else if m.Node != t.id {
		t.do(c, m)
	}
	t.members.mu.Lock()
	defer t.members.mu.Unlock()
	t.members.at, t.members.real = parsePlace(e.ID), true
	if of := t.members.seen[m.Node]; of != nil {
		of.done = max(of.done, m.Sequence)
	} else if err == nil && m.Node != t.id && m.Sequence > 0 { // the greeting has none
		t.members.seen[m.Node] = &member{card: card{Name: m.Node}, done: m.Sequence, changed: time.Now()}
	}
}

func (t *Tier[V]) do(c rueidis.Client, m message) {
	if m.Epochs || m.Purge != nil && m.Epoch != t.epochs.Load().ofLookup(m.Purge.Lookup) {
		ctx, cancel := context.WithTimeout(t.closing, invalidateTimeout)
		err := t.touch.judge(t.readEpochs(ctx, c))
		cancel()
		if err != nil {
			t.touch.lose() // names of another epoch must not be used any more
		}
	}
	if m.Purge == nil {
		return
	}
	t.counts.heard.Add(1)
	if version := t.options.Version(m.Purge.Lookup); !m.Purge.All && version != "" && version != m.Purge.Version {
		own := *m.Purge
		own.Version = version // of which the other node has taken away nothing
		t.drop(own, false)
	}
	t.options.Purged(*m.Purge)
}

// answer says up to where this node has done what was said.
func (t *Tier[V]) answer(c rueidis.Client) {
	t.members.mu.Lock()
	at := t.members.at
	t.members.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.closing, invalidateTimeout)
	defer cancel()
	// If it fails the purge is not confirmed, which is true.
	_ = t.touch.judge(c.Do(ctx, c.B().Hset().Key(t.shared("done")).FieldValue().FieldValue(t.id, at.String()).Build()).Error())
}
