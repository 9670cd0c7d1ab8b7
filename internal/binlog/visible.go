package binlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const (
	// earlyDelay is how long after its event a commit counts as visible where the
	// server cannot be asked.
	earlyDelay = 250 * time.Millisecond

	// visibleLimit is how long a commit may take to become visible. Semi-synchronous
	// replication holds it back until a replica has it, for 10 s by default.
	visibleLimit = 15 * time.Second

	// visiblePause is between two questions to a server that cannot make us wait.
	visiblePause = 500 * time.Microsecond
)

// A horizon tells when commits are visible to those who read. An event is sent
// when its transaction is in the binlog, and only then is the transaction
// committed in the engine: who reads at once may still see the old rows.
//
// MySQL adds a GTID to gtid_executed after the commit in the engine
// (MYSQL_BIN_LOG::process_commit_stage_queue), and WAIT_FOR_EXECUTED_GTID_SET
// waits for it. MariaDB's consistent snapshots say up to which place of the
// binlog they reach (status Binlog_snapshot_file and _position). MySQL without
// GTIDs can only be given time.
type horizon struct {
	endpoint Endpoint
	session  *session // nil: not connected
}

// await returns when all transactions up to p are visible, or cannot be expected
// to become so soon. received is when the last of them was read.
func (h *horizon) await(ctx context.Context, of *server, p position, received time.Time) {
	if of == nil || !of.mariadb && p.gtids == nil {
		sleep(ctx, earlyDelay-time.Since(received))
		return
	}
	if err := h.ask(ctx, of, p); err != nil {
		h.close()
		sleep(ctx, earlyDelay-time.Since(received))
	}
}

func (h *horizon) ask(ctx context.Context, of *server, p position) error {
	if h.session == nil {
		s, err := connect(ctx, h.endpoint)
		if err != nil {
			return err
		}
		s.limit = visibleLimit + connectTimeout
		h.session = s
	}
	stop := context.AfterFunc(ctx, h.session.close)
	defer stop()
	if of.mariadb {
		return h.session.awaitSnapshot(ctx, p)
	}
	_, err := h.session.ask(fmt.Sprintf("SELECT WAIT_FOR_EXECUTED_GTID_SET('%s', %d)", p.gtids, int(visibleLimit.Seconds())))
	return err
}

func (h *horizon) close() {
	if h.session != nil {
		h.session.close()
		h.session = nil
	}
}

// awaitSnapshot takes snapshots until one reaches p.
func (s *session) awaitSnapshot(ctx context.Context, p position) error {
	for began := time.Now(); time.Since(began) < visibleLimit; {
		at, err := s.snapshot()
		if err != nil || at.reached(p) {
			return err
		}
		if !sleep(ctx, visiblePause) {
			return ctx.Err()
		}
	}
	return nil
}

// snapshot returns how far a new snapshot reaches.
func (s *session) snapshot() (position, error) {
	if err := s.tell("START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
		return position{}, err
	}
	rows, err := s.ask("SHOW STATUS LIKE 'binlog_snapshot_%'")
	if err != nil {
		return position{}, err
	}
	var p position
	for _, row := range rows {
		switch row[0] {
		case "Binlog_snapshot_file":
			p.file = row[1]
		case "Binlog_snapshot_position":
			p.offset, _ = strconv.ParseUint(row[1], 10, 64)
		}
	}
	if p.file == "" {
		return p, errors.New("binlog: the server does not say how far a snapshot reaches")
	}
	return p, s.tell("COMMIT")
}

// sleep reports false if ctx is done before the time is over.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
