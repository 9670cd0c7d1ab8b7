package tier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

const (
	// deadAfter is how long a node may be silent before it is taken off the list.
	deadAfter = 10 * time.Second
	// missedAfter is how long a message may be on its way.
	missedAfter = 3 * time.Second
	// lostPause is how long nobody can say who there is, once the list was lost: all have beaten then.
	lostPause = 2 * beatPause
)

// members are the other nodes, as this one knows them.
type members struct {
	sent    atomic.Uint64 // messages of this node
	beats   atomic.Uint64
	settled atomic.Bool // earlier ones of its name are off the list
	warned  atomic.Bool // another one has its name
	leaving atomic.Bool // it is off the list itself, and stays so
	posting sync.Mutex  // held while a message is sent: their order in the stream is that of their numbers
	posted  uint64      // the last that is known to be there; guarded by posting

	mu     sync.Mutex // guards all below
	at     place      // of the last message that was done
	begun  bool       // at is known
	last   place      // of the last message that there was then
	since  place      // of what is in memory then
	fresh  bool       // this node has found a server that was none before
	first  bool       // the list was read
	readAt time.Time  // the last time
	lostAt time.Time  // when this node was not on it
	real   bool       // at is the place of a message
	broken bool       // messages may have been lost since the last beat that found none missing
	seen   map[string]*member
}

// member is another node.
type member struct {
	card
	done    uint64    // the last of its messages that was done
	changed time.Time // when its beat was seen to change
	missing time.Time // since when messages of it, or itself, are missing; zero: none are
}

// card is what a node says of itself.
type card struct {
	Name string `json:"name"`
	Sent uint64 `json:"sent"` // messages
	Beat uint64 `json:"beat"`

	Followed string `json:"followed,omitempty"` // Options.Followed, where the tier was told of everything up to there
	Serves   string `json:"serves,omitempty"`   // the same for nodes whose lookups have the same versions
}

func (t *Tier[V]) registration(c rueidis.Client) rueidis.Completed {
	followed := ""
	if t.options.Followed != nil && t.abreast.Load() {
		followed = t.options.Followed()
	}
	text, _ := json.Marshal(card{t.options.Node, t.members.sent.Load(), t.members.beats.Load(), followed, t.serves()}) // never fails
	return c.B().Hset().Key(t.shared("nodes")).FieldValue().FieldValue(t.id, string(text)).Build()
}

// serves returns a text that nodes have in common whose lookups have the same versions.
func (t *Tier[V]) serves() string {
	of := t.options.Versions()
	sum := sha256.New()
	for _, lookup := range slices.Sorted(maps.Keys(of)) {
		fmt.Fprintln(sum, versionField(lookup, of[lookup].Version))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// register puts this node on the list, so that purges wait for it, and then finds out what it has missed, and reads the list.
func (t *Tier[V]) register(ctx context.Context, c rueidis.Client) error {
	t.members.beats.Add(1)
	if err := t.present(ctx, c); err != nil {
		return err
	}
	if err := t.findPlace(ctx, c); err != nil {
		return err
	}
	if err := t.checkPlace(ctx, c); err != nil {
		return err
	}
	cards, err := t.cards(ctx, c)
	if err != nil {
		return err
	}
	t.checkName(cards)
	dead, missed := t.members.read(cards, time.Now())
	for _, id := range dead {
		t.options.Logger.Warn("a node of the fleet is silent", "node", cards[id].Name)
		if err := c.Do(ctx, c.B().Hdel().Key(t.shared("nodes")).Field(id).Build()).Error(); err != nil {
			return err
		}
	}
	if missed {
		t.distrust("purges of other nodes may have been missed")
	}
	return nil
}

// distrust makes everything in memory stale.
func (t *Tier[V]) distrust(why string) {
	t.counts.distrusted.Add(1)
	t.options.Logger.Warn(why + ": everything in memory is stale")
	t.options.Distrust()
}

// present puts this node on the list.
func (t *Tier[V]) present(ctx context.Context, c rueidis.Client) error {
	t.members.posting.Lock()
	defer t.members.posting.Unlock()
	if t.members.leaving.Load() {
		return nil
	}
	return t.members.listed(c.Do(ctx, t.registration(c)))
}

// listed takes in what Redis said to a registration: if this node was not on the list, others that were may not be either.
func (m *members) listed(r rueidis.RedisResult) error {
	added, err := r.AsInt64()
	if added > 0 {
		m.doubtList()
	}
	return err
}

// doubtList says that nodes may be missing on the list, until they have beaten.
func (m *members) doubtList() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first { // else it was never there
		m.lostAt = time.Now()
	}
}

// addLost adds the nodes that the list lacks, if it may have been lost. It reports whether there may be others that this one has not seen.
func (m *members) addLost(cards map[string]card) (others bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lost := time.Since(m.lostAt)
	if lost > deadAfter {
		return false
	}
	names := make(map[string]bool)
	for _, of := range cards {
		names[of.Name] = true
	}
	for id, of := range m.seen {
		if _, there := cards[id]; !there && !names[of.Name] { // else it was started again
			cards[id] = of.card
		}
	}
	return lost < lostPause
}

// newServers says that a server is there that may lack what was said before.
func (m *members) newServers() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fresh = true
}

// lacks reports whether messages of a node before one of them were never heard.
func (m *members) lacks(of message, at place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.seen[of.Node]; known != nil {
		return of.After > known.done
	}
	return of.After > 0 && m.first && m.last.before(at)
}

// recalls reports whether a message stood there when this node began to listen, and came after what is in memory.
func (m *members) recalls(at place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.last.before(at) && m.since.before(at)
}

// checkName warns of another node that goes by this one's name, and is no earlier one: each would take the other off the list when it starts.
func (t *Tier[V]) checkName(cards map[string]card) {
	if !t.members.settled.Load() || t.nameless() {
		return
	}
	for _, of := range cards {
		if of.Name == t.options.Node && !t.members.warned.Swap(true) {
			t.options.Logger.Warn("another node of the fleet has the same name: give each its own (-l2-node)", "node", of.Name)
		}
	}
}

// nameless reports whether this node's name is nobody's own: that of a port that the kernel chooses.
func (t *Tier[V]) nameless() bool { return strings.HasSuffix(t.options.Node, ":0") }

// takeOver takes nodes off the list that have this one's name: this is one of them, started again.
func (t *Tier[V]) takeOver(ctx context.Context, c rueidis.Client) error {
	if t.members.settled.Swap(true) || t.nameless() {
		return nil
	}
	cards, err := t.cards(ctx, c)
	for id, of := range cards {
		if of.Name == t.options.Node && err == nil {
			err = c.Do(ctx, c.B().Hdel().Key(t.shared("nodes")).Field(id).Build()).Error()
			t.members.forget(id)
		}
	}
	return err
}

// forget forgets a node of which nothing is missing.
func (m *members) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.seen, id)
}

// cards are those of all other nodes on the list, by id.
func (t *Tier[V]) cards(ctx context.Context, c rueidis.Client) (map[string]card, error) {
	fields, err := c.Do(ctx, c.B().Hgetall().Key(t.shared("nodes")).Build()).AsStrMap()
	if err != nil {
		return nil, err
	}
	if _, there := fields[t.id]; !there && !t.members.leaving.Load() {
		t.members.doubtList()
	}
	cards := make(map[string]card, len(fields))
	for id, text := range fields {
		var of card
		if json.Unmarshal([]byte(text), &of) == nil && id != t.id {
			cards[id] = of
		}
	}
	return cards, nil
}

// mayHaveMissed says that messages may have been lost.
func (m *members) mayHaveMissed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = true
}

// read takes in the list. It returns who is dead, and whether messages were missed.
func (m *members) read(cards map[string]card, now time.Time) (dead []string, missed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	blind := now.Sub(m.readAt) > missedAfter // this node is the one that was away
	for id, c := range cards {
		of := m.seen[id]
		if of == nil {
			of = &member{changed: now}
			if !m.first { // what it has said before is not for us
				of.done = c.Sent
			}
			m.seen[id] = of
		}
		if c.Beat != of.Beat || blind {
			of.changed = now
		}
		of.card = c
		if now.Sub(of.changed) > deadAfter {
			dead = append(dead, id)
		}
		if m.overdueLocked(of, of.done < c.Sent, now) {
			of.done, missed = c.Sent, true
		}
	}
	m.readAt = now
	whole := true
	for id, of := range m.seen {
		_, there := cards[id]
		switch {
		case there:
		case now.Sub(m.lostAt) <= deadAfter: // the list may have been lost
			of.missing = now
		case m.overdueLocked(of, true, now):
			delete(m.seen, id)
			missed = missed || m.broken // it may have said something that was lost with it
		}
		whole = whole && of.missing.IsZero()
	}
	m.first = true
	m.broken = m.broken && !whole
	return dead, missed
}

// overdueLocked reports whether something is missing for too long.
func (m *members) overdueLocked(of *member, missing bool, now time.Time) bool {
	switch {
	case !missing:
		of.missing = time.Time{}
	case of.missing.IsZero():
		of.missing = now
	case now.Sub(of.missing) > missedAfter:
		of.missing = time.Time{}
		return true
	}
	return false
}

// Members returns the names of the other nodes.
func (t *Tier[V]) Members() (names []string) {
	t.members.mu.Lock()
	defer t.members.mu.Unlock()
	for _, of := range t.members.seen {
		names = append(names, of.Name)
	}
	return names
}

// leave takes this node off the list.
func (t *Tier[V]) leave(ctx context.Context) {
	c, _, ok := t.touch.in()
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, invalidateTimeout)
	defer cancel()
	t.members.posting.Lock()
	defer t.members.posting.Unlock()
	t.members.leaving.Store(true)
	_ = c.Do(ctx, c.B().Hdel().Key(t.shared("nodes")).Field(t.id).Build()).Error() // it is found silent else
}
