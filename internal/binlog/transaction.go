package binlog

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dolthub/vitess/go/mysql"
)

// changes returns the effects of the transaction at hand.
func (r *reader) changes() effects {
	if r.effects == nil {
		r.effects = effects{}
	}
	return r.effects
}

// beginTransaction reads a GTID event. A GTID that the library cannot read, one
// with a tag, makes the position one of file and offset alone.
func (r *reader) beginTransaction(e event) error {
	r.gtid, r.open = nil, false
	r.commit = time.Unix(int64(e.timestamp)+1, 0) // the end of the second that is told
	switch e.typ {
	case eventGTID:
		gtid, _, err := mysql.NewMysql56BinlogEvent(e.whole).GTID(r.format)
		if err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		r.gtid = gtid
	case eventMariaDBGTID:
		gtid, begins, err := mysql.NewMariadbBinlogEvent(e.whole).GTID(r.format)
		if err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		r.gtid, r.open = gtid, begins
		return nil
	case eventGTIDTagged:
		r.at.gtids = nil
		return nil
	}
	if at, ok := commitTime(e.body); ok {
		r.commit = at
	}
	return nil
}

// commitTimeAt is the place of immediate_commit_timestamp in MySQL's GTID event
// and its anonymous one: behind flags (1), UUID (16), number (8), and the logical clock (1, 8, 8).
const commitTimeAt = 42

// commitTime returns when a transaction was committed, in microseconds, which
// MySQL 8 and later tell.
func commitTime(body []byte) (time.Time, bool) {
	if len(body) < commitTimeAt+7 {
		return time.Time{}, false
	}
	var b [8]byte
	copy(b[:], body[commitTimeAt:commitTimeAt+7])
	micros := binary.LittleEndian.Uint64(b[:]) &^ (1 << 55) // the highest bit says that another time follows
	return time.UnixMicro(int64(micros)), true
}

// endTransaction makes stale what the transaction at hand has changed.
func (r *reader) endTransaction() {
	if r.gtid != nil && r.at.gtids != nil {
		r.at.gtids = with(r.at.gtids, r.gtid)
	}
	r.at.identity, r.at.file, r.at.offset, r.at.made = r.server.identity, r.file, r.offset, r.made
	changes := r.effects
	r.effects = nil // the settler's from here on
	r.follower.status.read(r.at, r.commit, r.server, len(changes) > 0)
	if len(changes) > 0 {
		r.follower.apply(unsettled{effects: changes, upTo: r.at, server: r.server, received: time.Now(), commit: r.commit})
	}
	r.outdated = r.outdated || r.routes.altered()
	r.gtid, r.open = nil, false
	r.forgetTables()
}

func (r *reader) forgetTables() { clear(r.tables) }

// mapTable notes which table the row events that follow are about.
func (r *reader) mapTable(e event) error {
	id, m, err := parseTableMap(e.body)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	if r.tables == nil {
		r.tables = map[uint64]*mapped{}
	}
	if r.outdated {
		if err := r.findTables(); err != nil {
			return err
		}
	}
	t := r.routes.find(m.schema, m.table)
	if t == nil || t.altered { // by this transaction: everything is stale by it
		delete(r.tables, id)
		return nil
	}
	r.tables[id] = &mapped{t, m}
	return nil
}

// rows handles an event of changed rows. Those of tables that nobody follows are
// not decoded.
func (r *reader) rows(e event) error {
	id, err := tableID(e.typ, e.body)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	m := r.tables[id]
	switch {
	case m == nil:
		return nil
	case len(m.types) < len(m.table.columns): // more: those at the end are hidden
		r.unlike(m, fmt.Sprintf("its row events have only %d columns, the table has %d", len(m.types), len(m.table.columns)))
		return nil
	}
	if err := r.changedRows(m, e.typ, e.body); err != nil {
		r.unlike(m, err.Error())
	}
	return nil
}

// changedRows decodes an event of changed rows.
func (r *reader) changedRows(m *mapped, typ byte, body []byte) (err error) {
	if _, packed := plainTypes[typ]; packed {
		if typ, body, err = inflateMariaDB(typ, body); err != nil {
			return err
		}
	}
	rows, err := parseRows(typ, body)
	if err != nil {
		return err
	}
	changed, ignored := 0, 0
	warn := r.warn(m.table)
	for {
		before, after, ok, err := rows.next(&m.tableMap)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if m.table.affect(r.changes(), &m.tableMap, before, after, warn) {
			changed++
		} else {
			ignored++
		}
	}
	r.follower.status.rows(m.table, changed, ignored)
	return nil
}

// unlike handles rows that are not understood, such as those of a table that has
// more columns by now: all that depends on it goes stale. Where the table was
// altered, the statement that did it makes all stale once more when the stream
// comes to it.
func (r *reader) unlike(m *mapped, why string) {
	warn := r.warn(m.table)
	for _, route := range m.table.routes {
		r.changes().addAll(route.lookup)
		warn(route, why)
	}
	r.follower.status.rows(m.table, 1, 0)
}

// A warning is one that was given.
type warning struct {
	lookup string
	table  tableName
	why    string
}

// unknown says, once, that events of a type are not understood.
func (f *Follower) unknown(typ byte) {
	w := warning{why: fmt.Sprintf("events of type %d", typ)}
	if f.warned[w] {
		return
	}
	f.warned[w] = true
	f.o.Logger.Warn("an event of the binlog is not understood: everything goes stale", "type", typ)
}

// warn returns a function that says, once, why a whole lookup goes stale.
func (r *reader) warn(t *table) func(*route, string) {
	f := r.follower
	return func(to *route, why string) {
		w := warning{to.lookup.Name, tableName{t.schema, t.name}, why}
		if f.warned[w] {
			return
		}
		f.warned[w] = true
		f.o.Logger.Warn("a change makes the whole lookup stale", "lookup", w.lookup, "table", w.table.String(), "reason", why)
	}
}
