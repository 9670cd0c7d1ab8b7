package binlog

import "fmt"

// A pulse is what the last heartbeat has said. A server whose binlog is begun
// anew, by RESET, goes on sending heartbeats of the file that is gone, and never
// anything else: it has to be asked on another connection where its binlog ends.
type pulse struct {
	session *session // nil: not connected
	trusted bool     // the stream's end and the binlog's have been the same once
	silent  int      // heartbeats in a row that were behind what the binlog had at the one before
	ahead   bool     // the binlog has more than the last heartbeat said
	file    uint64   // its number
	next    uint32
}

// maxSilent is how many heartbeats may be behind the binlog's end. One may be: it
// was under way.
const maxSilent = 3

func (p *pulse) close() {
	if p.session != nil {
		p.session.close()
		p.session = nil
	}
}

// heartbeat notes that the server has nothing to tell, and asks whether it should.
func (r *reader) heartbeat(e event) error {
	r.follower.status.alive()
	end, err := r.pulse.end(r)
	if err != nil {
		r.pulse.close()
		return nil // the stream itself shows whether the server is away
	}
	if !r.pulse.beats(sequence(string(e.body)), e.next, end) {
		return fmt.Errorf("%w: the binlog was begun anew, it ends at %s", errLost, end)
	}
	return nil
}

func (p *pulse) end(r *reader) (position, error) {
	if p.session == nil {
		s, err := connect(r.ctx, r.follower.o.Endpoint)
		if err != nil {
			return position{}, err
		}
		p.session = s
	}
	return p.session.here(r.server)
}

// beats reports false if the heartbeat cannot be of the binlog that ends there.
func (p *pulse) beats(file uint64, next uint32, end position) bool {
	inFile := sequence(end.file) == file
	switch {
	case inFile && uint32(end.offset) == next:
		p.trusted, p.ahead, p.silent = true, false, 0
	case !p.trusted:
	case sequence(end.file) < file, inFile && end.offset < uint64(next):
		return false
	default:
		if p.ahead && p.file == file && p.next == next {
			p.silent++
		}
		p.ahead = true
	}
	p.file, p.next = file, next
	return p.silent < maxSilent
}

// reset notes that an event has come.
func (p *pulse) reset() { p.ahead, p.silent = false, 0 }
