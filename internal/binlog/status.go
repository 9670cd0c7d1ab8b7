package binlog

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// State is what a follower is doing.
type State uint8

// The states.
const (
	Connecting State = iota // and trying again
	Following
	Unable // the server cannot be followed as it is set up
)

// String returns the state's name.
func (s State) String() string {
	return [...]string{"connecting", "following", "unable"}[s]
}

// TableStats are the changes of one followed table since New.
type TableStats struct {
	Table      string // schema.table
	Rows       uint64 // changed rows that made something stale
	Ignored    uint64 // changed rows of which only ignored columns changed
	Statements uint64 // DDL, TRUNCATE, and changes logged as statements
}

// Stats are counts since New, and gauges of now.
type Stats struct {
	State          State
	Tables         []TableStats // in no order
	Invalidated    uint64       // keys told to the sink
	InvalidatedAll uint64       // lookups told to the sink as a whole
	Gaps           uint64       // times at which changes may have been missed
	Disconnects    uint64
	Transactions   uint64        // read
	Lag            time.Duration // from the commit of the last transaction to its being read or, if it mattered, applied; while not following, since the last sign of life
	Position       string        // up to where the binlog was read
	Applied        string        // up to where what changed is invalidated for good
	LastEvent      time.Time     // when the last sign of life was received
	LastChange     time.Time     // when the last change of a followed table was received
}

// status is what a follower tells about itself.
type status struct {
	mu      sync.Mutex // guards all below
	stats   Stats
	tables  map[tableName]*TableStats
	lastErr string
	at      position
	settled position
	open    int    // transactions and the like that are to be settled still
	era     uint64 // raised when the stream begins anew: positions from before may have the same text
}

func newStatus() status { return status{tables: map[tableName]*TableStats{}} }

// Stats returns the current numbers.
func (f *Follower) Stats() Stats {
	s := &f.status
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Position, out.Applied = s.at.String(), s.settled.String()
	for _, t := range s.tables {
		out.Tables = append(out.Tables, *t)
	}
	if out.State != Following && !out.LastEvent.IsZero() {
		out.Lag = time.Since(out.LastEvent)
	}
	return out
}

// began says that following has begun.
func (f *Follower) began(of *server, at position, fresh bool) {
	s := &f.status
	s.mu.Lock()
	s.stats.State, s.stats.LastEvent, s.lastErr, s.at = Following, time.Now(), "", at
	s.mu.Unlock()
	f.o.Logger.Info("following the binlog", "server", of.version, "position", at.String(), "resumed", !fresh)
	f.o.Moved(true)
}

// anew says that the stream begins at another place: nothing of it is applied
// before everything is settled.
func (s *status) anew(at position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era++
	s.open++
	s.at, s.settled = at, position{}
}

func (s *status) current() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.era
}

// disconnected reports whether the reason is another one than last time.
func (s *status) disconnected(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats.State == Following {
		s.stats.Disconnects++
	}
	s.stats.State = Connecting
	if errors.Is(err, ErrUnable) {
		s.stats.State = Unable
	}
	news := err.Error() != s.lastErr
	s.lastErr = err.Error()
	return news
}

func (s *status) gap() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Gaps++
}

// alive notes that the server has nothing to tell.
func (s *status) alive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.LastEvent = time.Now()
	s.stats.Lag = 0
}

// read notes a transaction. One that changed nothing counts as applied once all
// before it are; one with changes is to be settled.
func (s *status) read(at position, commit time.Time, of *server, changes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if changes {
		s.open++
	}
	s.movedLocked(at)
	if !changes && !commit.IsZero() {
		s.stats.Lag = max(0, time.Since(commit)+of.ahead)
	}
	s.stats.Transactions++
	s.stats.LastEvent = time.Now()
}

// moved notes that the stream is at another place, with no change in between.
func (s *status) moved(at position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.movedLocked(at)
}

func (s *status) movedLocked(at position) {
	s.at = at
	if s.open == 0 {
		s.settled = at
	}
}

// toSettle says that something is, though no transaction.
func (s *status) toSettle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
}

func (s *status) applied(u *unsettled) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open -= u.parts
	switch {
	case u.era != s.era:
	case s.open == 0:
		s.settled = s.at
	default:
		s.settled = u.upTo
	}
	if !u.commit.IsZero() {
		s.stats.Lag = max(0, time.Since(u.commit)+u.server.ahead)
	}
}

func (s *status) invalidated(keys int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Invalidated += uint64(keys)
}

func (s *status) invalidatedAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.InvalidatedAll++
}

func (s *status) rows(t *table, changed, ignored int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.tableLocked(t)
	of.Rows += uint64(changed)
	of.Ignored += uint64(ignored)
	if changed > 0 {
		s.stats.LastChange = time.Now()
	}
}

func (s *status) statement(t *table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tableLocked(t).Statements++
	s.stats.LastChange = time.Now()
}

func (s *status) tableLocked(t *table) *TableStats {
	name := tableName{t.schema, t.name}
	of := s.tables[name]
	if of == nil {
		of = &TableStats{Table: name.String()}
		s.tables[name] = of
	}
	return of
}

func randN(d time.Duration) time.Duration { return rand.N(d + 1) }
