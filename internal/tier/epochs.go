package tier

import (
	"context"
	"maps"

	"github.com/redis/rueidis"
)

// epochs are what names of values contain: those of another epoch are as good as gone.
type epochs struct {
	all string            // "": not known yet
	of  map[string]string // by lookup; "": the first
}

// allField is no lookup's name.
const allField = "*"

// ofLookup returns what tells a lookup's epoch from all others.
func (e *epochs) ofLookup(lookup string) string { return e.all + "." + e.of[lookup] }

// name returns the name of a key's value.
func (e *epochs) name(prefix, lookup, version, key string) string {
	return prefix + ":" + e.all + ":" + lookup + "." + version + "." + e.of[lookup] + ":" + key
}

func (e *epochs) same(other *epochs) bool { return e.all == other.all && maps.Equal(e.of, other.of) }

func newEpochs(fields map[string]string) *epochs {
	e := &epochs{all: fields[allField], of: fields}
	delete(fields, allField)
	return e
}

// shared is the name of what the nodes tell one another by. All are on one server, also in a Cluster.
func (t *Tier[V]) shared(what string) string { return "{" + t.options.Prefix + "}:" + what }

// readEpochs adopts the epochs that there are, and begins one of all if there is none. They are adopted in the order in which they were read.
func (t *Tier[V]) readEpochs(ctx context.Context, c rueidis.Client) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	fields, err := c.Do(ctx, c.B().Hgetall().Key(t.shared("epochs")).Build()).AsStrMap()
	if err == nil && fields[allField] == "" {
		if err = c.Do(ctx, c.B().Hsetnx().Key(t.shared("epochs")).Field(allField).Value(newToken()).Build()).Error(); err == nil {
			fields, err = c.Do(ctx, c.B().Hgetall().Key(t.shared("epochs")).Build()).AsStrMap()
		}
	}
	if err != nil {
		return err
	}
	before, now := t.epochs.Load(), newEpochs(fields)
	if now.same(before) {
		return nil // loads under way go on
	}
	if t.epochs.Store(now); before.all != "" && before.all != now.all {
		t.members.mayHaveMissed()
	}
	return nil
}

// beginEpoch makes all values of a lookup, or with allField of all, as good as gone, and tells the other nodes.
func (t *Tier[V]) beginEpoch(ctx context.Context, c rueidis.Client, field string) error {
	if err := c.Do(ctx, c.B().Hset().Key(t.shared("epochs")).FieldValue().FieldValue(field, newToken()).Build()).Error(); err != nil {
		return err
	}
	if err := t.readEpochs(ctx, c); err != nil {
		return err
	}
	return t.send(ctx, c, message{Epochs: true})
}

// followEpochs adopts the epochs that there are, and tells the other nodes if they are others than before, as Redis may evict them.
func (t *Tier[V]) followEpochs(ctx context.Context, c rueidis.Client) error {
	before := t.epochs.Load()
	if err := t.readEpochs(ctx, c); err != nil {
		return err
	}
	if t.epochs.Load().same(before) {
		return nil
	}
	return t.send(ctx, c, message{Epochs: true})
}
