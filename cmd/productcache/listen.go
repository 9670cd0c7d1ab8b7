package main

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
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

// listen opens all listeners: a busy port is an error before anything is served.
func (s *service) listen() (_ *servers, err error) {
	all := &servers{}
	defer func() {
		if err != nil {
			all.close()
		}
	}()
	tlsConfig := s.secrets.tls()
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
	adminHandler := admin.New(admin.Options{Token: s.secrets.adminToken, Lookup: s.purgeable, Ready: s.notReady, Metrics: s.metrics,
		Settings: s, Hottest: s.cache.Hottest, Logger: s.log})
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
			boundUnsent(l)
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

// unsentBytes is what the kernel keeps at most of what a client has not read; it takes about twice the
// memory for it. Left to itself it takes megabytes for each client that does not read.
const unsentBytes = 128 << 10

// boundUnsent has that hold for the connections of a listener. Those of Unix sockets have a bound anyhow.
func boundUnsent(l net.Listener) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, unsentBytes)
	})
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
