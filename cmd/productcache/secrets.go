package main

import (
	"crypto/tls"
	"sync/atomic"
)

// secrets are the admin API's token and the public API's certificate, as they
// were read last.
type secrets struct {
	token       atomic.Pointer[string]
	certificate atomic.Pointer[tls.Certificate]
}

// take puts in what was read.
func (s *secrets) take(read files) {
	s.token.Store(&read.token)
	s.certificate.Store(read.certificate)
}

// adminToken returns the token, "" where none is needed.
func (s *secrets) adminToken() string { return *s.token.Load() }

// tls returns the configuration of the public API, nil where that is plain HTTP.
// A connection gets the certificate of its time.
func (s *secrets) tls() *tls.Config {
	if s.certificate.Load() == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.Load(), nil },
	}
}
