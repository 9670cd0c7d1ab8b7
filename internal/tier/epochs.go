package tier

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// epochs are what names of values contain: those of another epoch are as good as gone. With them in Redis, so that they cannot be lost
// alone, stand the versions of lookups whose values there may be: an invalidation takes values of all versions away.
type epochs struct {
	all      string            // "": not known yet
	of       map[string]string // by lookup; "": the first
	versions map[string]string // by lookup and version, see versionField: until when there may be values, in milliseconds since 1970
	scripts  *scripts          // of all
}

// allField is no lookup's name.
const allField = "*"

// versionField is no lookup's name either.
func versionField(lookup, version string) string { return lookup + "@" + version }

func newEpochs(fields map[string]string) *epochs {
	e := &epochs{all: fields[allField], of: map[string]string{}, versions: map[string]string{}}
	for field, value := range fields {
		switch {
		case field == allField:
		case strings.Contains(field, "@"):
			e.versions[field] = value
		default:
			e.of[field] = value
		}
	}
	return e
}

// ofLookup returns what tells a lookup's epoch from all others.
func (e *epochs) ofLookup(lookup string) string { return e.all + "." + e.of[lookup] }

// name returns the name of a key's value.
func (e *epochs) name(prefix, lookup, version, key string) string {
	return prefix + ":" + e.all + ":" + lookup + "." + version + "." + e.of[lookup] + ":" + key
}

// versionsOf returns those of a lookup of which there may be values.
func (e *epochs) versionsOf(lookup string, now time.Time) (versions []string) {
	for field, until := range e.versions {
		if of, version, _ := strings.Cut(field, "@"); of == lookup && !past(until, now) {
			versions = append(versions, version)
		}
	}
	return versions
}

// has reports whether values of a version are taken away by all invalidations.
func (e *epochs) has(lookup, version string) bool {
	_, there := e.versions[versionField(lookup, version)]
	return there
}

func (e *epochs) same(other *epochs) bool { return e.all == other.all && maps.Equal(e.of, other.of) }

// covers reports whether who takes away the values that e tells of has done so in other, too.
func (e *epochs) covers(other *epochs, now time.Time) bool {
	for field, until := range other.versions {
		if !past(until, now) && past(e.versions[field], now) {
			return false
		}
	}
	return e.same(other)
}

func past(until string, now time.Time) bool {
	at, _ := strconv.ParseInt(until, 10, 64)
	return at < now.UnixMilli()
}

// shared is the name of what the nodes tell one another by. All are on one server, also in a Cluster.
func (t *Tier[V]) shared(what string) string { return "{" + t.options.Prefix + "}:" + what }

// readEpochs adopts the epochs that there are, and begins one of all if there is none. They are adopted in the order in which they
// were read. The scripts of a new one are loaded before it is used.
func (t *Tier[V]) readEpochs(ctx context.Context, c rueidis.Client) error {
	return t.adoptEpochs(ctx, c, false)
}

// loadEpochs is readEpochs that loads the scripts in any case.
func (t *Tier[V]) loadEpochs(ctx context.Context, c rueidis.Client) error {
	return t.adoptEpochs(ctx, c, true)
}

func (t *Tier[V]) adoptEpochs(ctx context.Context, c rueidis.Client, load bool) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	before := t.epochs.Load()
	now, err := t.epochsThere(ctx, c)
	if err != nil {
		return err
	}
	if load || now.all != before.all {
		// Who finds a master that was not one begins an epoch before he says that it is known. So the epochs are read again after it
		// is known that all are: if they are from before, their scripts are not loaded there.
		masters, err := t.knownMasters(ctx, c)
		if err == nil {
			now, err = t.epochsThere(ctx, c)
		}
		if err != nil {
			return err
		}
		now.scripts = newScripts(now.all)
		if err := now.scripts.load(ctx, masters); err != nil {
			return err
		}
	}
	if now.same(before) && maps.Equal(now.versions, before.versions) && before.scripts != nil {
		return nil // loads under way go on
	}
	if now.scripts == nil {
		now.scripts = before.scripts
	}
	if t.epochs.Store(now); before.all != "" && before.all != now.all {
		t.members.mayHaveMissed()
	}
	return nil
}

// epochsThere returns the epochs that there are, with the versions that this node uses.
func (t *Tier[V]) epochsThere(ctx context.Context, c rueidis.Client) (*epochs, error) {
	for {
		fields, err := c.Do(ctx, c.B().Hgetall().Key(t.shared("epochs")).Build()).AsStrMap()
		if err != nil {
			return nil, err
		}
		e := newEpochs(fields)
		if e.all == "" {
			if err := c.Do(ctx, c.B().Hsetnx().Key(t.shared("epochs")).Field(allField).Value(newToken()).Build()).Error(); err != nil {
				return nil, err
			}
			continue
		}
		missing := t.missing(e, time.Now())
		if len(missing) == 0 {
			return e, t.forgetVersions(ctx, c, e)
		}
		set := c.B().Hset().Key(t.shared("epochs")).FieldValue()
		for field, until := range missing {
			set = set.FieldValue(field, until)
		}
		if err := c.Do(ctx, set.Build()).Error(); err != nil {
			return nil, err
		}
	}
}

// versionSlack is how far clocks of nodes may differ, and half of how often they say that they use a version.
const versionSlack = time.Hour

// missing are the versions that this node uses and that are not there, or not for long.
func (t *Tier[V]) missing(e *epochs, now time.Time) map[string]string {
	missing := map[string]string{}
	for lookup, of := range t.options.Versions() {
		field := versionField(lookup, of.Version)
		if past(e.versions[field], now.Add(of.Life+versionSlack)) {
			missing[field] = strconv.FormatInt(now.Add(of.Life+2*versionSlack).UnixMilli(), 10)
		}
	}
	return missing
}

// forgetVersions forgets versions of which there are no values any more.
func (t *Tier[V]) forgetVersions(ctx context.Context, c rueidis.Client, e *epochs) error {
	s := t.epochs.Load().scripts
	if s == nil {
		return nil
	}
	for field, until := range e.versions {
		if past(until, time.Now().Add(-versionSlack)) {
			if err := c.Do(ctx, s.forget.call(c, t.shared("epochs"), field, until)).Error(); err != nil {
				return err
			}
		}
	}
	return nil
}

// beginEpoch makes all values of a lookup, or with allField of all, as good as gone, and tells the other nodes.
func (t *Tier[V]) beginEpoch(ctx context.Context, c rueidis.Client, field string) error {
	if err := c.Do(ctx, c.B().Hset().Key(t.shared("epochs")).FieldValue().FieldValue(field, newToken()).Build()).Error(); err != nil {
		return err
	}
	return t.send(ctx, c, message{Epochs: true, Lost: field == allField})
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
