package binlog

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dolthub/vitess/go/mysql"
)

// Types of events, beside those of rows and compressed ones; as in libs/mysql/binlog/event/binlog_event.h of MySQL and
// sql/log_event.h of MariaDB.
const (
	eventRotate      = 4
	eventFormat      = 15
	eventXID         = 16
	eventTableMap    = 19
	eventIncident    = 26
	eventHeartbeat   = 27
	eventGTID        = 33
	eventAnonymous   = 34
	eventXAPrepare   = 38
	eventHeartbeatV2 = 41
	eventGTIDTagged  = 42
	eventPayload     = 40
	eventMariaDBGTID = 162
)

// A reader turns one stream of events into effects. It belongs to the goroutine
// of Follower.Run.
type reader struct {
	follower *Follower
	ctx      context.Context
	server   *server
	routes   *routes
	format   mysql.BinlogFormat

	checksums bool // events have them

	at     position // behind the last complete transaction
	expect position // where the stream was asked to begin
	begun  bool     // the server has found that place
	fresh  bool     // the stream begins anew: everything goes stale when it does
	goal   position // where the binlog ended at the begin; zero: it was reached, or need not be
	offset uint64   // behind the last event
	file   string   // of the last event
	made   uint32   // when it was begun

	// The transaction at hand.
	gtid    mysql.GTID
	commit  time.Time
	open    bool // between BEGIN and its end
	effects effects
	tables  map[uint64]*mapped // by the numbers that its table maps give

	prepared map[string]effects // of XA transactions that are prepared and not yet committed, by their ids
	pulse    pulse
	outdated bool // routes must be looked for again, before rows are read
}

// mapped is a table of the transaction at hand; one without routes is nil.
type mapped struct {
	table *table
	tableMap
}

// read handles events until the stream fails.
func (r *reader) read(s *session) error {
	r.checksums = r.server.checksums
	for {
		e, err := s.next(r.checksums)
		if err != nil {
			return err
		}
		r.advance(e)
		if err := r.handleSafely(e); err != nil {
			return err
		}
		r.catchUp(e)
	}
}

// handleSafely makes a panic over an odd event an error. The transaction is read
// again by another connection; should it fail again, a gap is better than a stop.
func (r *reader) handleSafely(e event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: event of type %d at %s:%d: %v", errLost, e.typ, r.file, r.offset, p)
		}
	}()
	return r.handle(e)
}

// advance notes where in the files the stream is.
func (r *reader) advance(e event) {
	switch {
	case e.typ == eventRotate && len(e.body) >= 8:
		r.offset = binary.LittleEndian.Uint64(e.body)
		r.file = string(e.body[8:])
	case e.next == 0 || e.flags&artificial != 0 || e.typ == eventHeartbeat || e.typ == eventHeartbeatV2:
	default:
		r.offset = behind(r.offset+uint64(e.size), e.next)
	}
}

// behind returns the first offset from at on whose low half is next: events may
// have been left out.
func behind(at uint64, next uint32) uint64 {
	const carry = 1 << 32
	offset := at&^(carry-1) | uint64(next)
	if offset < at {
		offset += carry
	}
	return offset
}

func (r *reader) handle(e event) error {
	if e.typ != eventHeartbeat && e.typ != eventHeartbeatV2 {
		r.pulse.reset()
	}
	switch e.typ {
	case eventFormat:
		return r.readFormat(e)
	case eventRotate:
		r.rotate()
	case eventHeartbeat, eventHeartbeatV2:
		return r.heartbeat(e)
	case eventGTID, eventAnonymous, eventGTIDTagged, eventMariaDBGTID:
		return r.beginTransaction(e)
	case eventQuery, eventQueryCompressed, eventExecuteLoad:
		return r.statement(e)
	case eventXID:
		r.endTransaction()
	case eventXAPrepare:
		r.prepare(e)
	case eventTableMap:
		return r.mapTable(e)
	case eventPayload:
		return r.payload(e)
	case eventIncident:
		return fmt.Errorf("%w: the server itself says that events are missing", errLost)
	default:
		return r.other(e)
	}
	return nil
}

// passable is the header's flag of events that may be passed over by those who do
// not know them (LOG_EVENT_IGNORABLE_F).
const passable = 0x80

// other handles rows, and events that say nothing about rows. One that is not
// known, and that may not be passed over, may hold changes of anything.
func (r *reader) other(e event) error {
	switch {
	case holdsRows(e.typ):
		return r.rows(e)
	case e.flags&passable != 0, saysNothing(e.typ):
		return nil
	}
	r.follower.unknown(e.typ)
	r.changes().add(r.follower.everything())
	return nil
}

// saysNothing reports whether events of a type, of all those that MySQL 9.7 and
// MariaDB 11.8 write, say nothing about rows.
func saysNothing(typ byte) bool {
	switch typ {
	case 3, 5, 13, 14: // stop, variables of a statement
		return true
	case 9, 11, 17: // the file of a LOAD DATA, whose statement follows
		return true
	case 28, 29, 35, 36, 37: // MySQL's: text of a statement, GTIDs before a file, groups
		return true
	case 160, 161, 163, 164: // MariaDB's: text of a statement, checkpoint, GTIDs before a file, encryption
		return true
	}
	return false
}

// rotate goes on to another file. Nothing is missed if the one before is purged now.
func (r *reader) rotate() {
	r.forgetTables()
	if r.begun {
		r.at.file, r.at.offset, r.at.made = r.file, r.offset, 0
		r.follower.status.moved(r.at)
	}
}

// readFormat reads how the events of a file are written. The first one shows that
// the server has found the place.
func (r *reader) readFormat(e event) error {
	format, err := mysql.NewMysql56BinlogEvent(e.whole).Format()
	if err != nil {
		return fmt.Errorf("binlog: %w", err)
	}
	r.format, r.made = format, e.timestamp
	r.checksums = format.ChecksumAlgorithm == mysql.BinlogChecksumAlgCRC32
	if !r.begun {
		return r.found()
	}
	if r.at.file == r.file {
		r.at.made = r.made
	}
	return nil
}

// found checks, at the begin of the stream, that the file is the one in which
// reading had stopped, and says that following has begun.
func (r *reader) found() error {
	expect := r.expect
	if same := expect.identity == r.server.identity; same && sequence(r.file) < sequence(expect.file) ||
		same && expect.made != 0 && expect.file == r.file && expect.made != r.made {
		return fmt.Errorf("%w: its files were begun anew: what follows is in %s, it was in %s", errLost, r.file, expect.file)
	}
	r.begun = true
	begin := unsettled{effects: r.follower.newcomers(r.ctx), upTo: r.at, server: r.server, received: time.Now(), caughtUp: r.fresh}
	switch {
	case r.fresh:
		r.at.made = r.made
		r.follower.status.anew(r.at)
		begin.effects, begin.upTo = r.follower.everything(), r.at
		r.follower.apply(begin)
	case len(begin.effects) > 0:
		r.follower.status.toSettle()
		r.follower.apply(begin)
	}
	r.follower.joined()
	r.follower.began(r.server, r.at, r.fresh)
	return nil
}

// payload handles the events of a compressed transaction.
func (r *reader) payload(e event) error {
	events, err := inflatePayload(e.body)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	for _, b := range events {
		inner, err := parseEvent(b)
		if err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		if err := r.handle(inner); err != nil {
			return err
		}
	}
	return nil
}
