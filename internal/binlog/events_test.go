package binlog

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"productcache/internal/mysqltest"
)

// eachServer runs a test with a MariaDB and a MySQL, with compressed events and without.
func eachServer(t *testing.T, test func(t *testing.T, s *mysqltest.Server, settings []string)) {
	t.Run("MariaDB", func(t *testing.T) {
		s := mysqltest.MariaDB(t, mysqltest.Binlog())
		t.Run("plain", func(t *testing.T) { test(t, s, []string{"SET GLOBAL log_bin_compress = OFF"}) })
		t.Run("compressed", func(t *testing.T) {
			t.Cleanup(func() { s.Exec(t, "", "SET GLOBAL log_bin_compress = OFF") })
			test(t, s, []string{"SET GLOBAL log_bin_compress = ON", "SET GLOBAL log_bin_compress_min_len = 10"})
		})
	})
	t.Run("MySQL", func(t *testing.T) {
		s := mysqltest.MySQL(t, mysqltest.Binlog())
		t.Run("plain", func(t *testing.T) { test(t, s, nil) })
		t.Run("compressed", func(t *testing.T) { test(t, s, []string{"SET binlog_transaction_compression = ON"}) })
	})
}

// A logEvent is one as it stands in the log, checksum stripped.
type logEvent struct {
	kind byte
	body []byte
}

func (e logEvent) compressed() bool { return e.kind == eventPayload || plainTypes[e.kind] != 0 }

// logOf runs statements on one connection and returns the events that they made.
func logOf(t *testing.T, s *mysqltest.Server, db string, statements ...string) []logEvent {
	t.Helper()
	s.Exec(t, "", "FLUSH BINARY LOGS")
	files := s.Query(t, "", "SHOW BINARY LOGS")
	s.Exec(t, db, statements...)
	s.Exec(t, "", "FLUSH BINARY LOGS")
	checksum := 0
	if s.Query(t, "", "SELECT @@GLOBAL.binlog_checksum")[0][0] == "CRC32" {
		checksum = 4
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(s.Socket()), "data", files[len(files)-1][0]))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := splitEvents(log[len("\xfebin"):])
	if err != nil {
		t.Fatal(err)
	}
	var events []logEvent
	for _, e := range whole {
		events = append(events, logEvent{e[4], e[headerSize : len(e)-checksum]})
	}
	return events
}

// inflated returns events with the compressed ones replaced by what is in them.
func inflated(t *testing.T, events []logEvent) (plain []logEvent) {
	t.Helper()
	for _, e := range events {
		switch {
		case e.kind == eventPayload:
			inner, err := inflatePayload(e.body)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range inner {
				plain = append(plain, logEvent{b[4], b[headerSize:]})
			}
		case plainTypes[e.kind] != 0:
			kind, body, err := inflateMariaDB(e.kind, e.body)
			if err != nil {
				t.Fatal(err)
			}
			plain = append(plain, logEvent{kind, body})
		default:
			plain = append(plain, e)
		}
	}
	return plain
}

// A change is a row of a row event.
type change struct {
	table         *tableMap
	kind          rowKind
	before, after []cell
}

// changesOf decodes all rows of events.
func changesOf(t *testing.T, events []logEvent) (changes []change) {
	t.Helper()
	tables := map[uint64]*tableMap{}
	for _, e := range inflated(t, events) {
		if e.kind == eventTableMap {
			id, m, err := parseTableMap(e.body)
			if err != nil {
				t.Fatal(err)
			}
			tables[id] = &m
		}
		if kindOf(e.kind) == 0 {
			continue
		}
		id, err := tableID(e.kind, e.body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := parseRows(e.kind, e.body)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, changesIn(t, &r, tables[id])...)
	}
	return changes
}

func changesIn(t *testing.T, r *rows, m *tableMap) (changes []change) {
	t.Helper()
	for {
		before, after, ok, err := r.next(m)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return changes
		}
		changes = append(changes, change{m, r.kind, slices.Clone(before), slices.Clone(after)})
	}
}

// differing returns the columns that have other values in a than in b.
func differing(a, b []cell) (columns []int) {
	for i := range a {
		if a[i].present != b[i].present || a[i].null != b[i].null || !bytes.Equal(a[i].raw, b[i].raw) {
			columns = append(columns, i)
		}
	}
	return columns
}

func present(cells []cell) (columns []int) {
	for i, c := range cells {
		if c.present {
			columns = append(columns, i)
		}
	}
	return columns
}
