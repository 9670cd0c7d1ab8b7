package binlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrUnable is wrapped by errors that say why a server cannot be followed as it
// is set up. Trying again does not help until somebody has changed that.
var ErrUnable = errors.New("binlog: this server cannot be followed")

func unable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnable, fmt.Sprintf(format, args...))
}

// server is what a follower must know of the server at the other end.
type server struct {
	mariadb   bool
	version   string
	identity  string // server_uuid or, on MariaDB, server_id: another one is another server
	gtids     bool   // transactions have GTIDs, and may be asked for by them
	checksums bool   // events end with four bytes of CRC32
	rowImage  string
	foldNames bool          // names of tables do not tell case apart
	ahead     time.Duration // its clock, of ours
}

// inspect asks the server about itself. The error wraps ErrUnable where the
// server does not write what can be followed.
func (s *session) inspect() (*server, error) {
	v, err := s.variables("version", "log_bin", "binlog_format", "binlog_row_image", "binlog_checksum", "server_id",
		"server_uuid", "gtid_mode", "log_slave_updates", "log_replica_updates", "lower_case_table_names")
	if err != nil {
		return nil, fmt.Errorf("binlog: inspect: %w", err)
	}
	of := &server{
		mariadb:   strings.Contains(strings.ToLower(v["version"]), "mariadb"),
		version:   v["version"],
		identity:  v["server_uuid"],
		checksums: v["binlog_checksum"] != "NONE",
		rowImage:  v["binlog_row_image"],
		foldNames: v["lower_case_table_names"] != "0",
	}
	of.gtids = of.mariadb || v["gtid_mode"] == "ON"
	if of.mariadb {
		of.identity = v["server_id"]
	}
	format := v["binlog_format"] // servers that know rows only have no such variable
	switch {
	case v["log_bin"] == "OFF":
		return nil, unable("it writes no binlog (log_bin=OFF)")
	case format != "" && format != "ROW":
		return nil, unable("its binlog has statements instead of rows (binlog_format=%s): set binlog_format=ROW", format)
	}
	if of.ahead, err = s.clock(); err != nil {
		return nil, fmt.Errorf("binlog: inspect: %w", err)
	}
	if updates := v["log_slave_updates"] + v["log_replica_updates"]; !strings.Contains(updates, "ON") {
		return of, s.refuseSilentReplica(of)
	}
	return of, nil
}

// clock returns how far the server's clock is ahead of ours.
func (s *session) clock() (time.Duration, error) {
	rows, err := s.ask("SELECT FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000000)")
	if err != nil {
		return 0, err
	}
	micros, err := strconv.ParseInt(rows[0][0], 10, 64)
	return time.Until(time.UnixMicro(micros)), err
}

// refuseSilentReplica refuses a replica whose binlog lacks what it replicates:
// it would seem that nothing ever changes.
func (s *session) refuseSilentReplica(of *server) error {
	rows, err := s.ask(replicating(of))
	switch {
	case refusedBy(err, accessDenied...):
		return lacksRight(err)
	case err != nil:
		return fmt.Errorf("binlog: inspect: %w", err)
	case len(rows) > 0 && (!of.mariadb || rows[0][1] != "0"):
		return unable("it is a replica that does not log what it replicates: set log_slave_updates=ON (log_replica_updates on MySQL), or load from the primary")
	}
	return nil
}

// replicating is a question to which an answer other than 0 means that the
// server is a replica. MariaDB would want a third right for SHOW SLAVE STATUS.
func replicating(of *server) string {
	if of.mariadb {
		return "SHOW GLOBAL STATUS LIKE 'Slaves_running'"
	}
	return "SHOW REPLICA STATUS"
}

// accessDenied are the numbers of errors about missing rights.
var accessDenied = []int{1044, 1045, 1142, 1227}

func lacksRight(err error) error {
	return unable("the account lacks a right: GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO it (BINLOG MONITOR is MariaDB's other name of the latter): %v", err)
}
