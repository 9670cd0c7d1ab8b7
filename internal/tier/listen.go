package tier

import (
	"context"
	"slices"
	"strconv"
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

// aloneSlack is how long a node may have served before it reaches a stream that is as young, and be sure that nothing was lost with an earlier one.
const aloneSlack = 5 * time.Second

// findPlace finds out after which message this node begins to listen: that from which on what is in memory was not told. If that is
// gone, everything in memory is made stale. What is in memory is what came back from a snapshot, or else what was loaded since this node began.
func (t *Tier[V]) findPlace(ctx context.Context, c rueidis.Client) error {
	t.members.mu.Lock()
	begun, fresh := t.members.begun, t.members.fresh
	t.members.mu.Unlock()
	if begun {
		return nil
	}
	since := t.options.Since(t.closing)
	restored := !since.IsZero()
	if !restored {
		since = t.born
	}
	from := place{millis: uint64(max(0, since.Add(-sinceSlack).UnixMilli()))}
	loaded := from
	if !restored { // what is loaded while servers come and go cannot be told apart by a clock, but there is hardly any
		loaded = place{millis: uint64(since.UnixMilli())}
	}
	first, err := c.Do(ctx, c.B().Xrange().Key(t.shared("purges")).Start("-").End("+").Count(1).Build()).AsXRange()
	if err == nil && len(first) == 0 {
		err = t.greet(ctx, c) // from now on nothing is missing
	}
	if err != nil {
		return err
	}
	last, err := t.lastPlace(ctx, c)
	if err != nil {
		return err
	}
	knows := len(first) > 0 && !from.before(parsePlace(first[0].ID)) && !fresh
	if !knows {
		from = place{} // of what there is, all
	}
	switch {
	case knows:
	case restored:
		t.distrust("what was purged since the snapshot is not known")
	case time.Since(t.born) > aloneSlack:
		t.distrust("what was purged while the second tier could not be reached is not known")
	}
	t.members.mu.Lock()
	defer t.members.mu.Unlock()
	t.members.at, t.members.last, t.members.since, t.members.real, t.members.begun = from, last, loaded, false, true
	return nil
}

// lastPlace is that of the last message.
func (t *Tier[V]) lastPlace(ctx context.Context, c rueidis.Client) (place, error) {
	last, err := c.Do(ctx, c.B().Xrevrange().Key(t.shared("purges")).End("+").Start("-").Count(1).Build()).AsXRange()
	if err != nil || len(last) == 0 {
		return place{}, err
	}
	return parsePlace(last[0].ID), nil
}

// checkPlace finds out whether the last message that was heard is still there: if not, the stream was cut short, or is another one.
func (t *Tier[V]) checkPlace(ctx context.Context, c rueidis.Client) error {
	t.members.mu.Lock()
	at, real := t.members.at, t.members.real
	t.members.mu.Unlock()
	if !real {
		return nil
	}
	there, err := c.Do(ctx, c.B().Xrange().Key(t.shared("purges")).Start(at.String()).End(at.String()).Build()).AsXRange()
	if err != nil || len(there) > 0 {
		return err
	}
	last, err := t.lastPlace(ctx, c)
	if err != nil {
		return err
	}
	t.members.mu.Lock()
	defer t.members.mu.Unlock()
	t.members.broken = true
	if last.before(at) && t.members.at == at { // another stream, of a clock that is behind: all in it is new
		t.members.at, t.members.real = place{}, false
	}
	return nil
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
		done := make(map[string]uint64) // by node, the last of its messages
		for _, e := range entries {
			if err = t.heed(c, e, done); err != nil {
				t.rest(listenPause, false) // it is heard again
				break
			}
		}
		t.answer(c, done)
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

// heed does what a message says, and notes it as done.
func (t *Tier[V]) heed(c rueidis.Client, e rueidis.XRangeEntry, done map[string]uint64) error {
	m, err := parseMessage(e.FieldValues["m"])
	at := parsePlace(e.ID)
	foreign := err == nil && m.Node != t.id
	if err != nil {
		t.options.Logger.Warn("a message of the fleet is not understood", "id", e.ID)
	}
	if foreign {
		if t.members.lacks(m, at) || m.Lost && t.members.recalls(at) {
			t.distrust("purges of other nodes were lost")
		}
		if err := t.do(c, m); err != nil {
			return err
		}
		done[m.Node] = m.Sequence
	}
	t.members.mu.Lock()
	defer t.members.mu.Unlock()
	t.members.at, t.members.real = at, true
	if of := t.members.seen[m.Node]; of != nil {
		of.done = max(of.done, m.Sequence)
	} else if foreign && m.Sequence > 0 && t.members.last.before(at) { // the greeting has none, and who has said something earlier may be gone
		t.members.seen[m.Node] = &member{card: card{Name: m.Node}, done: m.Sequence, changed: time.Now()}
	}
	return nil
}

// do does what a message says. If it cannot be known in which epoch, names of another one are not used until it is.
func (t *Tier[V]) do(c rueidis.Client, m message) error {
	if m.Epochs || m.Purge != nil && m.Epoch != t.epochs.Load().ofLookup(m.Purge.Lookup) {
		ctx, cancel := context.WithTimeout(t.closing, joinTimeout)
		err := t.touch.judge(t.readEpochs(ctx, c))
		cancel()
		if err != nil {
			t.touch.lose()
			return err
		}
	}
	if m.Purge == nil {
		return nil
	}
	t.counts.heard.Add(1)
	if t.options.Spelling != nil && !m.Purge.All {
		if own := t.options.Spelling(m.Purge.Lookup, m.Purge.Keys); len(own) > 0 && !slices.Equal(own, m.Purge.Keys) {
			t.drop(Purge{Lookup: m.Purge.Lookup, Keys: own}, false) // which the other node has not taken away
		}
	}
	t.options.Purged(*m.Purge)
	return nil
}

// done is the name of what other nodes say that they have done of what a node has said.
func (t *Tier[V]) done(node string) string { return t.shared("done:" + node) }

// doneLife is how long it stays there. Nobody waits as long.
const doneLife = time.Minute

// answer says to each node up to which of its messages this one has done what it says.
func (t *Tier[V]) answer(c rueidis.Client, done map[string]uint64) {
	var commands rueidis.Commands
	for node, sequence := range done {
		commands = append(commands, c.B().Hset().Key(t.done(node)).FieldValue().FieldValue(t.id, strconv.FormatUint(sequence, 10)).Build(),
			c.B().Pexpire().Key(t.done(node)).Milliseconds(doneLife.Milliseconds()).Build())
	}
	if len(commands) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(t.closing, invalidateTimeout)
	defer cancel()
	for _, r := range c.DoMulti(ctx, commands...) {
		_ = t.touch.judge(r.Error()) // if it fails the purge is not confirmed, which is true
	}
}
