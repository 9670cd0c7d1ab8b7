package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"productcache/internal/admin"
	"productcache/internal/httpapi"
)

// Limits of a connection, for both listeners.
const (
	headerTimeout  = 10 * time.Second // to send a request's header
	readTimeout    = 30 * time.Second // to send a whole request
	idleTimeout    = 2 * time.Minute  // between two requests
	maxHeaderBytes = 256 << 10        // well above what httpapi refuses with a problem
)

// servers are the HTTP servers of both listeners, each open already.
type servers struct {
	public, admin []net.Listener
	all           []*server
	serving       sync.WaitGroup
}

type server struct {
	http.Server
	listener net.Listener
	fast     *httpapi.Listener // it too, where there is a fast path
	handed   bool              // the listener comes from systemd
}

// begin serves until shutdown.
func (s *server) begin() error {
	if s.fast != nil {
		return s.Serve(s.fast)
	}
	return s.Serve(s.listener)
}

// end lets requests end until ctx is done, and then cuts them off. The fast path
// goes first: what it cannot serve itself is still served behind it.
func (s *server) end(ctx context.Context) error {
	s.SetKeepAlivesEnabled(false)
	var err error
	if s.fast != nil {
		err = s.fast.Shutdown(ctx)
	}
	err = cmp.Or(s.Shutdown(ctx), err)
	if err != nil {
		_ = s.Close()
	}
	_ = s.listener.Close() // of a server that has not begun nobody has closed it
	return err
}

// listen opens all listeners: a busy port is an error before anything is served.
func (s *service) listen() (_ *servers, err error) {
	all := &servers{}
	defer func() {
		if err != nil {
			all.close()
		}
	}()
	tlsConfig, err := s.config.tls()
	if err != nil {
		return nil, err
	}
	token := ""
	if s.config.AdminTokenFile != "" {
		if token, err = readSecret("-admin-token-file", s.config.AdminTokenFile); err != nil {
			return nil, err
		}
	}
	// The slowest answer: it waits for MySQL, and is then read slowly.
	writeTimeout := s.config.RequestTimeout + readTimeout
	sockets := inherit()
	if all.public, err = all.open("listen", s.config.Listen, sockets, &s.front, tlsConfig, writeTimeout, slog.LevelDebug, s.log); err != nil {
		return nil, err
	}
	if s.config.FastPath && tlsConfig == nil {
		for _, public := range all.all {
			public.fast = httpapi.NewListener(public.listener, httpapi.ListenerOptions{
				API: s.front.api, HeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, WriteTimeout: writeTimeout})
		}
	}
	adminHandler := admin.New(admin.Options{Token: token, Lookup: s.purgeable, Ready: s.notReady, Metrics: s.metrics, Logger: s.log})
	// Profiles take as long as they are asked to.
	all.admin, err = all.open("admin-listen", s.config.AdminListen, sockets, adminHandler, nil, 0, slog.LevelWarn, s.log)
	sockets.closeUnused(s.log)
	return all, err
}

// open opens the listeners of one flag. What net/http itself has to say, such as
// a failed TLS handshake, is logged at level.
func (all *servers) open(flag, list string, sockets inherited, h http.Handler, tlsConfig *tls.Config, writeTimeout time.Duration, level slog.Level, log *slog.Logger) (opened []net.Listener, err error) {
	for _, address := range addresses(list) {
		listeners, handed, err := sockets.listen(address)
		if err != nil {
			return nil, fmt.Errorf("-%s: %w", flag, err)
		}
		for _, l := range listeners {
			opened = append(opened, l)
			log.Info("listening", "as", flag, "address", l.Addr().String())
			if tlsConfig != nil {
				l = tls.NewListener(l, tlsConfig)
			}
			all.all = append(all.all, &server{
				listener: l,
				handed:   handed,
				Server: http.Server{
					Handler:           h,
					ReadHeaderTimeout: headerTimeout,
					ReadTimeout:       readTimeout,
					WriteTimeout:      writeTimeout,
					IdleTimeout:       idleTimeout,
					MaxHeaderBytes:    maxHeaderBytes,
					ErrorLog:          slog.NewLogLogger(log.Handler(), level),
				},
			})
		}
	}
	return opened, nil
}

// listenAt opens host:port or unix:PATH. A socket file that nobody listens on
// any more, left by a process that was killed, is replaced.
func listenAt(address string) (net.Listener, error) {
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return net.Listen("tcp", address)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if conn, err := net.Dial("unix", path); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("another process listens on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	// PHP runs as another user: who may enter the folder may connect.
	return l, os.Chmod(path, 0o666)
}

// tls returns nil where the public API is plain HTTP.
func (c *Config) tls() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert, -tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
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

// ofPublic and ofAdmin are the servers of one flag each.
func (all *servers) ofPublic() []*server { return all.all[:len(all.public)] }
func (all *servers) ofAdmin() []*server  { return all.all[len(all.public):] }

// serve starts servers; one that stops by itself says so on failed.
func (all *servers) serve(some []*server, failed chan<- error) {
	for _, s := range some {
		all.serving.Go(func() {
			if err := s.begin(); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("listener %s: %w", s.listener.Addr(), err)
			}
		})
	}
}

// shutdown lets requests end for as long as timeout, and then cuts them off. The
// admin API goes last, so that /readyz can say no meanwhile.
func (all *servers) shutdown(timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := errors.Join(end(ctx, all.ofPublic()), end(ctx, all.ofAdmin()))
	all.serving.Wait()
	return err
}

// end ends servers, all at the same time.
func end(ctx context.Context, some []*server) error {
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

func (all *servers) close() {
	for _, s := range all.all {
		_ = s.listener.Close()
	}
}
