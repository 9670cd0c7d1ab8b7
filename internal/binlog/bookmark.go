package binlog

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/dolthub/vitess/go/mysql"
)

// bookmark is a position as text.
type bookmark struct {
	Server  string `json:"server"`
	MariaDB bool   `json:"mariadb,omitempty"`
	GTIDs   string `json:"gtids,omitempty"`
	HasGTID bool   `json:"has_gtids,omitempty"` // the set may be empty
	File    string `json:"file"`
	Offset  uint64 `json:"offset"`
	Made    uint32 `json:"made,omitempty"`
}

// Bookmark returns a place of the binlog for Options.Bookmark of a later
// follower: all that depends on transactions before it was invalidated for
// good, at a time when they were visible to every reader. It returns "" while
// there is no such place, as after Reroute until the newcomers have gone stale.
func (f *Follower) Bookmark() string {
	f.status.mu.Lock()
	at := f.status.settled
	f.status.mu.Unlock()
	if at.file == "" || !f.complete() {
		return ""
	}
	b := bookmark{Server: at.identity, File: at.file, Offset: at.offset, Made: at.made}
	if at.gtids != nil {
		_, b.MariaDB = at.gtids.(mysql.MariadbGTIDSet)
		b.GTIDs, b.HasGTID = at.gtids.String(), true
	}
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return string(text)
}

func (b bookmark) position() (position, error) {
	p := position{identity: b.Server, file: b.File, offset: b.Offset, made: b.Made}
	if b.HasGTID {
		p.gtids = parseGTIDs(b.MariaDB, b.GTIDs)
	}
	if p.file == "" || b.HasGTID && p.gtids == nil {
		return position{}, fmt.Errorf("binlog: the place to begin at cannot be read: %+v", b)
	}
	return p, nil
}

// bookmarked returns where to begin.
func (f *Follower) bookmarked() position {
	if f.o.Bookmark == "" {
		return position{}
	}
	var b bookmark
	err := json.Unmarshal([]byte(f.o.Bookmark), &b)
	at := position{}
	if err == nil {
		at, err = b.position()
	}
	if err != nil {
		f.gap(err)
	}
	return at
}

// aim notes where the binlog ends. Until the stream is there for the first time,
// it has to be caught up with.
func (r *reader) aim(s *session) (err error) {
	if r.fresh || !r.follower.behind {
		return nil
	}
	r.goal, err = s.here(r.server)
	return err
}

// catchUp looks whether the stream has come to the goal. A heartbeat tells its
// place too.
func (r *reader) catchUp(e event) {
	switch {
	case !r.begun:
		return
	case r.fresh:
		r.follower.behind = false
		return
	case r.goal.file == "":
		return
	}
	at := position{file: r.file, offset: r.offset}
	if e.typ == eventHeartbeat {
		at = position{file: string(e.body), offset: uint64(e.next)}
		if sequence(at.file) == sequence(r.file) {
			at.offset = behind(r.offset, e.next)
		}
	}
	if !at.reached(r.goal) {
		return
	}
	r.goal, r.follower.behind = position{}, false
	r.follower.status.toSettle()
	r.follower.apply(unsettled{effects: effects{}, upTo: r.at, server: r.server, received: time.Now(), caughtUp: true})
}
