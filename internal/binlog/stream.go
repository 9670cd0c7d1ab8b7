package binlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"time"

	"github.com/dolthub/vitess/go/mysql"
)

// heartbeat is how often the server gives a sign of life while nothing happens,
// and silence how long none is a broken connection.
const (
	heartbeat = time.Second
	silence   = 10 * time.Second
)

// errLost means that the server cannot go on from the position asked for.
var errLost = errors.New("binlog: the server no longer has the position")

// lostNumbers are the errors of a dump that cannot begin or go on: the file or
// the transactions are purged, the server never had them, or a file is damaged.
var lostNumbers = []int{1236, 1373, 1789, 4052}

// start turns the session into a stream of the events after a position.
func (s *session) start(of *server, from position) error {
	id := 1<<31 | rand.Uint32() // above what people give their servers
	err := s.tell(
		fmt.Sprintf("SET @master_heartbeat_period = %d, @source_heartbeat_period = %[1]d", heartbeat.Nanoseconds()),
		"SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum",
	)
	if err != nil {
		return fmt.Errorf("binlog: start: %w", err)
	}
	if err := s.dump(of, id, from); err != nil {
		return fmt.Errorf("binlog: start at %s: %w", from, err)
	}
	return nil
}

func (s *session) dump(of *server, id uint32, from position) error {
	switch {
	case of.mariadb:
		if err := s.tell("SET @mariadb_slave_capability = 4"); err != nil {
			return err
		}
		if from.gtids != nil {
			if err := s.tell("SET @slave_connect_state = '"+from.gtids.String()+"'", "SET @slave_gtid_strict_mode = 1"); err != nil {
				return err
			}
			return s.conn.WriteComBinlogDump(id, "", 0, 0)
		}
	case from.gtids != nil:
		set := from.gtids.(mysql.Mysql56GTIDSet)
		return s.conn.WriteComBinlogDumpGTID(id, "", binlogStart, 0, set.SIDBlock())
	}
	return s.conn.WriteComBinlogDump(id, from.file, offset32(from.offset), 0)
}

// binlogStart is the offset of a file's first event, after its magic number.
const binlogStart = 4

// offset32 is what the command can carry of an offset. One of more than 32 bits
// becomes the beginning of the file: what is read twice goes stale twice, which
// is harmless.
func offset32(offset uint64) uint32 {
	if offset > 1<<32-1 {
		return binlogStart
	}
	return uint32(offset)
}

// An event is one of the binlog: its header, and what follows without checksum.
type event struct {
	typ       byte
	timestamp uint32 // seconds, by the server's clock
	serverID  uint32
	size      uint32 // in the file
	next      uint32 // low half of the offset behind it; 0 for events made up for us
	flags     uint16
	body      []byte
	whole     []byte // with the header
}

const headerSize = 19

// artificial is the header's flag of events that are in no file.
const artificial = 0x20

// parseEvent reads the header.
func parseEvent(b []byte) (event, error) {
	if len(b) < headerSize {
		return event{}, fmt.Errorf("binlog: an event of %d bytes", len(b))
	}
	return event{
		timestamp: binary.LittleEndian.Uint32(b),
		typ:       b[4],
		serverID:  binary.LittleEndian.Uint32(b[5:]),
		size:      binary.LittleEndian.Uint32(b[9:]),
		next:      binary.LittleEndian.Uint32(b[13:]),
		flags:     binary.LittleEndian.Uint16(b[17:]),
		body:      b[headerSize:],
		whole:     b,
	}, nil
}

// next waits for the next event and checks its checksum.
func (s *session) next(checksums bool) (event, error) {
	if err := s.conn.Conn.SetReadDeadline(time.Now().Add(s.silence)); err != nil {
		return event{}, err
	}
	raw, err := s.conn.ReadBinlogEvent()
	switch {
	case refusedBy(err, lostNumbers...):
		return event{}, fmt.Errorf("%w: %w", errLost, err)
	case refusedBy(err, accessDenied...):
		return event{}, lacksRight(err)
	case err != nil:
		return event{}, fmt.Errorf("binlog: read: %w", err)
	}
	b := raw.Bytes()
	isFormat := len(b) >= headerSize && b[4] == eventFormat // says itself whether a checksum follows
	if checksums && !isFormat {
		if b, err = verified(b); err != nil {
			return event{}, err
		}
	}
	return parseEvent(b)
}

// verified takes the checksum off an event.
func verified(b []byte) ([]byte, error) {
	if len(b) < headerSize+crc32.Size {
		return nil, fmt.Errorf("binlog: %w", io.ErrUnexpectedEOF)
	}
	body := b[:len(b)-crc32.Size]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[len(body):]) {
		return nil, fmt.Errorf("%w: an event has a wrong checksum", errLost) // it is the file that is damaged
	}
	return body, nil
}
