package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
)

// fillStore sets every product in memcached or Redis, and compares what comes back.
func (b *bench) fillStore(s *server) error {
	network, address := s.at(false)
	if address == "" {
		network, address = s.at(true)
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	f := &storeFiller{server: s, conn: conn, in: bufio.NewReader(conn)}
	for i, p := range b.products {
		if i == beforehand {
			s.filledPlain = len(b.products) - beforehand
			if s.atStart, err = s.memory(); err != nil {
				return err
			}
		}
		if err := f.set(p); err != nil {
			return fmt.Errorf("product %d: %w", p.id, err)
		}
	}
	s.withPlain, err = s.memory()
	return err
}

type storeFiller struct {
	*server
	conn net.Conn
	in   *bufio.Reader
}

// set stores a product and gets it again.
func (f *storeFiller) set(p *product) error {
	body, get := p.Body(), f.speaks.single(p.id, "")
	if _, redis := f.speaks.(redisRESP); redis {
		set := appendArgument([]byte("*3\r\n$3\r\nSET\r\n"), redisKey(p.id))
		return f.expect(append(appendArgument(set, string(body)), get...), fmt.Appendf(nil, "+OK\r\n$%d\r\n%s\r\n", len(body), body))
	}
	set := fmt.Appendf(nil, "set p%d 0 0 %d\r\n%s\r\n", p.id, len(body), body)
	return f.expect(append(set, get...), fmt.Appendf(nil, "STORED\r\nVALUE p%d 0 %d\r\n%s\r\nEND\r\n", p.id, len(body), body))
}

// expect sends and compares as many bytes as are wanted.
func (f *storeFiller) expect(send, want []byte) error {
	if _, err := f.conn.Write(send); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(f.in, got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	return nil
}
