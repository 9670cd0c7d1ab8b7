package binlog

import (
	"fmt"
	"strings"
)

// maxPrepared bounds how many XA transactions are remembered between their two
// halves. What is forgotten is committed as if prepared before the stream began.
const maxPrepared = 1000

// prepare ends the first half of an XA transaction. Its changes are in the
// binlog now, and are committed by a statement later, which does not repeat them.
func (r *reader) prepare(e event) error {
	id, onePhase, err := preparedID(e.body)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	if !onePhase {
		if r.prepared == nil || len(r.prepared) >= maxPrepared {
			r.prepared = map[string]effects{}
		}
		r.prepared[id] = r.effects
		r.effects = nil
	}
	r.endTransaction()
	return nil
}

// preparedID returns the id of an XA transaction as the server writes it in the
// statement that ends it. See XA_prepare_event in MySQL's
// libs/mysql/binlog/event/control_events.h.
func preparedID(body []byte) (id string, onePhase bool, err error) {
	d := decoder{rest: body}
	onePhase = d.uint(1) != 0
	format := int32(d.uint(4))
	global, branch := d.uint(4), d.uint(4)
	id = fmt.Sprintf("X'%X',X'%X',%d", d.take(global), d.take(branch), format)
	if d.bad {
		return "", false, malformed("XA PREPARE of %d bytes", len(body))
	}
	return id, onePhase, nil
}

// xa handles a statement about an XA transaction.
func (r *reader) xa(verb, sql string) {
	_, id, _ := strings.Cut(strings.ToUpper(sql), verb)
	id = strings.TrimSpace(id)
	changes, known := r.prepared[id]
	switch verb {
	case "START", "BEGIN":
		r.open = true
		return
	case "COMMIT":
		if !known { // prepared before the stream began
			changes = r.follower.everything()
		}
		r.changes().add(changes)
	case "ROLLBACK":
	default:
		return
	}
	delete(r.prepared, id)
	r.endTransaction()
}
