package tier

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// message is what nodes tell one another, by a stream (https://redis.io/docs/latest/develop/data-types/streams).
type message struct {
	Node     string `json:"node"`
	Sequence uint64 `json:"sequence"`        // of the node's messages, from 1
	After    uint64 `json:"after,omitempty"` // the last of them before that is known to be in the stream
	Epochs   bool   `json:"epochs,omitempty"`
	Lost     bool   `json:"lost,omitempty"` // a server is new: what was said before may not be there
	Purge    *Purge `json:"purge,omitempty"`
	Epoch    string `json:"epoch,omitempty"` // of Purge, in which values were taken away: one that a node uses in place of it has to be a later one
}

// Purge is what is to be invalidated.
type Purge struct {
	Lookup string   `json:"lookup"`
	Keys   []string `json:"keys,omitempty"`
	All    bool     `json:"all,omitempty"`
	Remove bool     `json:"remove,omitempty"`
}

// mostMessages are kept: a node that has missed some makes everything stale.
const mostMessages = 10_000

// send puts a message into the stream.
func (t *Tier[V]) send(ctx context.Context, c rueidis.Client, m message) error {
	_, err := t.post(ctx, c, m)
	return err
}

// post puts a message into the stream, after the others could learn that there is one more, and returns its number.
func (t *Tier[V]) post(ctx context.Context, c rueidis.Client, m message) (sequence uint64, err error) {
	t.members.posting.Lock()
	defer t.members.posting.Unlock()
	m.Node, m.After, m.Sequence = t.id, t.members.posted, t.members.sent.Add(1)
	if m.Purge != nil {
		m.Epoch = t.epochs.Load().ofLookup(m.Purge.Lookup)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return 0, err
	}
	results := c.DoMulti(ctx, t.registration(c),
		c.B().Xadd().Key(t.shared("purges")).Maxlen().Almost().Threshold(strconv.Itoa(mostMessages)).Id("*").FieldValue().FieldValue("m", string(text)).Build())
	if err := t.members.listed(results[0]); err != nil {
		return 0, err
	}
	if err := results[1].Error(); err != nil {
		return 0, err
	}
	t.members.posted = m.Sequence
	return m.Sequence, nil
}

var errMessage = errors.New("tier: a message is not understood")

func parseMessage(text string) (m message, err error) {
	if json.Unmarshal([]byte(text), &m) != nil || m.Node == "" || m.Purge != nil && (m.Purge.Lookup == "" || m.Purge.All == (len(m.Purge.Keys) > 0)) {
		return m, errMessage
	}
	return m, nil
}

// place is where an entry stands in a stream.
type place struct{ millis, sequence uint64 }

func parsePlace(id string) (p place) {
	millis, sequence, _ := strings.Cut(id, "-")
	p.millis, _ = strconv.ParseUint(millis, 10, 64)
	p.sequence, _ = strconv.ParseUint(sequence, 10, 64)
	return p
}

func (p place) String() string {
	return strconv.FormatUint(p.millis, 10) + "-" + strconv.FormatUint(p.sequence, 10)
}

func (p place) before(other place) bool {
	return p.millis < other.millis || p.millis == other.millis && p.sequence < other.sequence
}
