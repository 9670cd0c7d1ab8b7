package binlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dolthub/vitess/go/mysql"
)

// follow reads the binlog from a position, the zero one for its end, until that
// fails. It returns up to where it has read.
func (f *Follower) follow(ctx context.Context, at position) (position, error) {
	s, err := connect(ctx, f.o.Endpoint)
	if err != nil {
		return at, err
	}
	defer s.close()
	s.silence = f.limits.silence
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	of, err := s.inspect()
	if err != nil {
		return at, err
	}
	r := &reader{follower: f, ctx: ctx, server: of, at: at}
	defer r.pulse.close()
	if err = r.begin(s); err == nil {
		err = r.read(s)
	}
	if errors.Is(err, errLost) {
		f.gap(err)
		return position{}, err
	}
	return r.reached(), err
}

// reached returns where to go on: nowhere if everything should have gone stale
// first, and has not.
func (r *reader) reached() position {
	if r.fresh && !r.begun {
		return position{}
	}
	return r.at
}

// begin starts the stream where the reader was, if the server can go on from
// there, else at the end of the binlog with everything stale.
func (r *reader) begin(s *session) error {
	r.fresh = r.at.file == ""
	if !r.fresh {
		why, err := s.cannotResume(r.server, &r.at)
		if err != nil {
			return err
		}
		if r.fresh = why != ""; r.fresh {
			r.follower.gap(fmt.Errorf("binlog: %s", why))
		}
	}
	if r.fresh {
		at, err := s.here(r.server)
		if err != nil {
			return err
		}
		r.at = at
	}
	if err := r.aim(s); err != nil {
		return err
	}
	r.expect = r.at
	if err := r.findTables(); err != nil {
		return err
	}
	return s.start(r.server, r.at)
}

// findTables looks for the tables that matter, as they are now. What the stream
// has not come to yet may have altered them; then it will make all stale that
// depends on them. But none may look as it was before where the stream is: a
// statement is in the binlog before its effect can be seen.
func (r *reader) findTables() (err error) {
	f := r.follower
	if r.at.identity == r.server.identity {
		h := &horizon{endpoint: f.o.Endpoint}
		defer h.close()
		h.await(r.ctx, r.server, r.at, time.Now())
	}
	r.routes, err = newRoutes(r.ctx, f.lookups(), f.o.Endpoint.Schema, r.server.foldNames, f.o.Database)
	r.outdated = err != nil
	return err
}

// cannotResume says why the server cannot go on from a position without a gap,
// as far as it does not notice by itself; "" if nothing speaks against it.
// Where GTIDs have been switched off, file and offset have to do.
func (s *session) cannotResume(of *server, at *position) (why string, err error) {
	same := at.identity == of.identity
	if !of.gtids {
		at.gtids = nil
	}
	if at.gtids == nil && !same {
		return fmt.Sprintf("another server (%s instead of %s) has other files", of.identity, at.identity), nil
	}
	if set, ok := at.gtids.(mysql.Mysql56GTIDSet); ok {
		rows, err := s.ask("SELECT GTID_SUBSET('" + set.String() + "', @@GLOBAL.gtid_executed)")
		if err != nil || rows[0][0] != "1" {
			return "the server lacks transactions that were seen before", err
		}
	}
	if same {
		return s.rewritten(of, *at)
	}
	return "", nil
}

// rewritten says why the files of a server are not those that they were: after
// RESET they are numbered from 1 again, after a crash the last may be shorter.
func (s *session) rewritten(of *server, at position) (why string, err error) {
	rows, err := s.ask("SHOW BINARY LOGS")
	if refusedBy(err, accessDenied...) {
		return "", lacksRight(err)
	}
	if err != nil || len(rows) == 0 {
		return "there are no files", err
	}
	last := rows[len(rows)-1]
	if sequence(last[0]) < sequence(at.file) {
		return fmt.Sprintf("its files end with %s, before %s", last[0], at.file), nil
	}
	for _, row := range rows {
		size, _ := strconv.ParseUint(row[1], 10, 64)
		if row[0] == at.file && size < at.offset {
			return fmt.Sprintf("%s has become shorter: %d bytes, read were %d", at.file, size, at.offset), nil
		}
	}
	return "", nil
}

// gap notes that changes may have been missed. Everything goes stale when the
// stream begins anew.
func (f *Follower) gap(why error) {
	f.status.gap()
	f.o.Logger.Warn("changes may have been missed: everything older than now is stale", "reason", why)
}

// everything makes all lookups stale.
func (f *Follower) everything() effects {
	all := effects{}
	for _, l := range f.lookups() {
		all.addAll(l)
	}
	return all
}

// jittered spreads followers of one server that have lost it at the same time.
func jittered(d time.Duration) time.Duration { return d/2 + randN(d/2) }
