package binlog

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dolthub/vitess/go/mysql"
)

// A position is a place between two transactions of a server's binlog.
type position struct {
	identity string        // of the server whose file it is
	gtids    mysql.GTIDSet // all transactions before it; nil where the server has none, or ones that the library cannot read
	file     string
	offset   uint64 // in the file; files grow past 4 GiB where one transaction does
	made     uint32 // when the file was begun, as its first event says; 0: not known
}

// String returns the position for people.
func (p position) String() string {
	at := fmt.Sprintf("%s:%d", p.file, p.offset)
	if p.gtids == nil {
		return at
	}
	return p.gtids.String() + " (" + at + ")"
}

// sequence returns the number of a binlog file, by which files of one server
// are ordered: 7 for binlog.000007.
func sequence(file string) uint64 {
	n, _ := strconv.ParseUint(file[strings.LastIndexByte(file, '.')+1:], 10, 64)
	return n
}

// reached reports whether p is at q or after it, in the files of one server.
func (p position) reached(q position) bool {
	if a, b := sequence(p.file), sequence(q.file); a != b {
		return a > b
	}
	return p.offset >= q.offset
}

// parseGTIDs reads the server's own text of a set. It returns nil for one that
// the library cannot read, such as MySQL's tagged GTIDs.
func parseGTIDs(mariadb bool, text string) mysql.GTIDSet {
	if mariadb {
		set := mysql.MariadbGTIDSet{}
		for one := range strings.SplitSeq(text, ",") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			gtid, err := mysql.ParseGTID("MariaDB", one)
			if err != nil {
				return nil
			}
			set = append(set, gtid.(mysql.MariadbGTID))
		}
		return set
	}
	set, err := mysql.ParseMysql56GTIDSet(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		return nil
	}
	return set
}

// with returns the set with one more transaction. The set given stays as it is.
func with(set mysql.GTIDSet, gtid mysql.GTID) mysql.GTIDSet {
	if mariadb, ok := set.(mysql.MariadbGTIDSet); ok { // the library would change it in place
		set = append(make(mysql.MariadbGTIDSet, 0, len(mariadb)+1), mariadb...)
	}
	return set.AddGTID(gtid)
}

// here returns the current end of the server's binlog. The set of transactions,
// for which it asks first, may be a little older than file and offset: what is
// between them is read, and awaited.
func (s *session) here(of *server) (position, error) {
	p := position{identity: of.identity}
	if err := s.askGTIDs(of, &p); err != nil {
		return p, err
	}
	query := "SHOW BINARY LOG STATUS"
	if of.mariadb {
		query = "SHOW MASTER STATUS"
	}
	rows, err := s.ask(query)
	if refusedBy(err, 1064) { // MySQL before 8.2
		rows, err = s.ask("SHOW MASTER STATUS")
	}
	switch {
	case refusedBy(err, accessDenied...):
		return p, lacksRight(err)
	case err != nil:
		return p, fmt.Errorf("binlog: position: %w", err)
	case len(rows) == 0 || len(rows[0]) < 2:
		return p, unable("it writes no binlog")
	}
	p.file = rows[0][0]
	if p.offset, err = strconv.ParseUint(rows[0][1], 10, 64); err != nil {
		return p, fmt.Errorf("binlog: position: %w", err)
	}
	return p, nil
}

func (s *session) askGTIDs(of *server, p *position) error {
	if !of.gtids {
		return nil
	}
	query := "SELECT @@GLOBAL.gtid_executed"
	if of.mariadb {
		query = "SELECT @@GLOBAL.gtid_binlog_pos"
	}
	rows, err := s.ask(query)
	if err != nil {
		return fmt.Errorf("binlog: position: %w", err)
	}
	p.gtids = parseGTIDs(of.mariadb, rows[0][0])
	return nil
}
