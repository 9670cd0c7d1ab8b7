package binlog

import (
	"encoding/binary"
	"testing"
)

// TestLargeFiles: positions in the file are of 32 bits, files may be larger.
func TestLargeFiles(t *testing.T) {
	rotate := func(file string, offset uint64) event {
		return event{typ: eventRotate, flags: artificial, body: append(binary.LittleEndian.AppendUint64(nil, offset), file...)}
	}
	const giga4 = 1 << 32
	r := &reader{}
	for i, step := range []struct {
		e    event
		want uint64
	}{
		{rotate("binlog.000009", 4), 4},
		{event{typ: eventFormat, size: 100, next: 0}, 4}, // repeated for those who begin elsewhere
		{event{typ: eventXID, size: 1 << 31, next: 1<<31 + 4}, 1<<31 + 4},
		{event{typ: eventXID, size: 1<<31 - 20, next: 1<<32 - 16}, giga4 - 16},
		{event{typ: eventXID, size: 32, next: 16}, giga4 + 16},
		{event{typ: eventHeartbeat, next: 99}, giga4 + 16},
		{event{typ: eventXID, size: 32, next: 80}, giga4 + 80},               // one of 32 bytes was left out
		{event{typ: eventXID, size: 32, next: 40}, 2*giga4 + 40},             // many were
		{event{typ: eventXID, size: 50, next: 0, flags: 0}, 2*giga4 + 40},    // made up
		{event{typ: eventXID, size: 50, next: 7, flags: 0x20}, 2*giga4 + 40}, // made up
		{rotate("binlog.000010", 4), 4},
	} {
		if r.advance(step.e); r.offset != step.want {
			t.Errorf("step %d: offset %d, want %d", i, r.offset, step.want)
		}
	}
	for offset, want := range map[uint64]uint32{4: 4, giga4 - 1: giga4 - 1, giga4: 4, 3 * giga4: 4} {
		if got := offset32(offset); got != want {
			t.Errorf("offset32(%d) = %d, want %d", offset, got, want)
		}
	}
}

func TestReached(t *testing.T) {
	at := position{file: "binlog.000009", offset: 1 << 33}
	for _, c := range []struct {
		file   string
		offset uint64
		want   bool
	}{
		{"binlog.000009", 1 << 33, true},
		{"binlog.000009", 1<<33 + 1, false},
		{"binlog.000009", 4, true},
		{"binlog.000010", 4, false},
		{"binlog.000008", 1 << 40, true},
		{"binlog.1000000", 4, false},
	} {
		if got := at.reached(position{file: c.file, offset: c.offset}); got != c.want {
			t.Errorf("%v reached %s:%d = %v, want %v", at, c.file, c.offset, got, c.want)
		}
	}
}

// TestPulse: heartbeats of a file that is gone are told from those of a server
// where nothing happens.
func TestPulse(t *testing.T) {
	const same, fresh, behindEnd = 100, 50, 200
	for name, c := range map[string]struct {
		ends []uint64 // of the binlog, one at each heartbeat, which all say 100
		want bool
	}{
		"idle":                        {[]uint64{same, same, same, same, same, same}, true},
		"never the same":              {[]uint64{behindEnd, behindEnd, fresh, behindEnd, behindEnd, behindEnd}, true},
		"begun anew":                  {[]uint64{same, fresh}, false},
		"begun anew and longer again": {[]uint64{same, behindEnd, behindEnd, behindEnd, behindEnd}, false},
		"on its way":                  {[]uint64{same, behindEnd, behindEnd, behindEnd, same, behindEnd}, true},
	} {
		var p pulse
		got := true
		for _, end := range c.ends {
			got = got && p.beats(7, same, position{file: "binlog.000007", offset: end})
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	p := pulse{trusted: true}
	if p.beats(7, same, position{file: "binlog.000001", offset: 1000}) {
		t.Error("a server whose files end before the heartbeat's is taken for the same")
	}
}
