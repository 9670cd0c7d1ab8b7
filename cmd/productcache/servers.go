package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"productcache/internal/httpapi"
)

// servers are the HTTP servers of both listeners, each open already.
type servers struct {
	public, admin []net.Listener
	all           []*server // those of public, and then those of admin
}

// ofPublic and ofAdmin are the servers of one flag each.
func (all *servers) ofPublic() []*server { return all.all[:len(all.public)] }
func (all *servers) ofAdmin() []*server  { return all.all[len(all.public):] }

type server struct {
	http.Server
	listener net.Listener
	fast     *httpapi.Listener // it too, where there is a fast path
	handed   bool              // the listener comes from systemd
	serving  sync.WaitGroup
	open     atomic.Int64 // connections that are net/http's
}

// serveAll starts servers; one that stops by itself says so on failed.
func serveAll(some []*server, failed chan<- error) {
	for _, s := range some {
		s.ConnState = s.count
		s.serving.Go(func() {
			if err := s.begin(); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				failed <- fmt.Errorf("listener %s: %w", s.listener.Addr(), err)
			}
		})
	}
}

// begin serves until the listener is closed.
func (s *server) begin() error {
	if s.fast != nil {
		return s.Serve(s.fast)
	}
	return s.Serve(s.listener)
}

func (s *server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}

// drainNew is how long a connection that was opened before the listener was closed
// has to send its first request.
const drainNew = time.Second

// end accepts no more, lets requests end until ctx is done, and then cuts them off.
//
// http.Server.Shutdown alone would drop requests that it reads after it was
// called, though their clients have connected before; so it comes last. Before
// that, each connection ends after its answer.
func (s *server) end(ctx context.Context) error {
	s.SetKeepAlivesEnabled(false)
	var err error
	if s.fast != nil {
		err = s.fast.Shutdown(ctx)
	}
	_ = s.listener.Close()
	s.serving.Wait()
	last, cancel := context.WithTimeout(ctx, drainNew)
	defer cancel()
	for s.open.Load() > 0 && sleep(last, time.Millisecond) {
	}
	if err = cmp.Or(s.Shutdown(ctx), err); err != nil {
		_ = s.Close()
	}
	return err
}

// shutdown lets requests end for as long as timeout, and then cuts them off. The
// admin API goes last, so that /readyz can say no meanwhile.
func (all *servers) shutdown(timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return errors.Join(endAll(ctx, all.ofPublic()), endAll(ctx, all.ofAdmin()))
}

// endAll ends servers, all at the same time.
func endAll(ctx context.Context, some []*server) error {
	errs := make([]error, len(some))
	var ending sync.WaitGroup
	for i, s := range some {
		ending.Go(func() {
			if err := s.end(ctx); err != nil {
				errs[i] = fmt.Errorf("requests were cut off after -shutdown-timeout: %w", err)
			}
		})
	}
	ending.Wait()
	return errors.Join(errs...)
}

func (all *servers) addresses() (public, admin []net.Addr) {
	for _, l := range all.public {
		public = append(public, l.Addr())
	}
	for _, l := range all.admin {
		admin = append(admin, l.Addr())
	}
	return public, admin
}

func (all *servers) close() {
	for _, s := range all.all {
		_ = s.listener.Close()
	}
}
