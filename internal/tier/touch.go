package tier

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// touch is whether Redis can be asked now. Only the keeper makes it usable; whoever meets a failure ends that.
type touch struct {
	client   atomic.Pointer[rueidis.Client]
	usable   atomic.Bool
	late     atomic.Int32  // exchanges in a row that took too long
	dials    atomic.Uint64 // connections that were begun
	pushes   atomic.Bool   // Redis says when a key changes that was read
	joined   chan struct{} // closed when it was usable for the first time
	wasUsed  bool          // of the keeper: it was usable since the log said last that it is away
	trouble  chan struct{} // wakes the keeper
	outcome  atomic.Pointer[string]
	replicas atomic.Pointer[map[string]bool] // addresses that belong to replicas; there is nothing at them that is believed
	failures atomic.Uint64
}

// mostLate is how many exchanges in a row may take too long before nobody waits for Redis any more.
const mostLate = 3

// dialing has each new connection looked at before what comes over it is believed: another server may be at its end.
func (t *touch) dialing(o *rueidis.ClientOption) {
	dial := o.DialCtxFn
	if dial == nil {
		dial = func(ctx context.Context, address string, d *net.Dialer, secure *tls.Config) (net.Conn, error) {
			if secure != nil {
				return (&tls.Dialer{NetDialer: d, Config: secure}).DialContext(ctx, "tcp", address)
			}
			return d.DialContext(ctx, "tcp", address)
		}
	}
	o.DialCtxFn = func(ctx context.Context, address string, d *net.Dialer, secure *tls.Config) (net.Conn, error) {
		if !t.isReplica(address) {
			t.dials.Add(1)
			t.lose()
		}
		return dial(ctx, address, d, secure)
	}
}

func (t *touch) isReplica(address string) bool {
	of := t.replicas.Load()
	return of != nil && (*of)[address]
}

// lose has nobody ask until the keeper has looked.
func (t *touch) lose() {
	t.usable.Store(false)
	t.wake()
}

// wake has the keeper look now.
func (t *touch) wake() {
	select {
	case t.trouble <- struct{}{}:
	default:
	}
}

// in returns the client while it is usable, and the number of connections that it has now.
func (t *touch) in() (c rueidis.Client, dials uint64, ok bool) {
	dials = t.dials.Load()
	if !t.usable.Load() {
		return nil, 0, false
	}
	return *t.client.Load(), dials, true
}

// trusts reports whether answers may be believed to exchanges that began with so many connections.
func (t *touch) trusts(dials uint64) bool { return t.dials.Load() == dials }

// judge takes an exchange's error as a sign of how Redis is. It returns nil for what only says that it is full: it can still
// be read, and be told of invalidations.
func (t *touch) judge(err error) error {
	switch {
	case err == nil || rueidis.IsRedisNil(err):
		t.late.Store(0)
		return nil
	case isFull(err):
		return nil
	case errors.Is(err, context.Canceled):
		return err
	}
	t.failures.Add(1)
	if errors.Is(err, context.DeadlineExceeded) && t.late.Add(1) < mostLate {
		return err
	}
	text := err.Error()
	t.outcome.Store(&text)
	t.late.Store(0)
	t.lose()
	return err
}

// isFull reports whether Redis has refused to take in more. Errors are told by the word that they begin with:
// https://redis.io/docs/latest/develop/reference/protocol-spec.
func isFull(err error) bool {
	e, ok := rueidis.IsRedisErr(err)
	return ok && hasCode(e.Error(), "OOM")
}

func hasCode(text, code string) bool {
	return len(text) >= len(code) && text[:len(code)] == code
}
