package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

const (
	fillers    = 4   // connections that fill
	beforehand = 200 // products filled before memory is read first, so that buffers and threads are there
	passes     = 3   // within which everything must have become a hit
	unlucky    = 10  // answers of a pass that may still miss: HAProxy tells keys apart by 32 bits
)

// fill puts every product into a server, and compares every answer.
func (b *bench) fill(ctx context.Context, s *server) error {
	if s.behind == nil {
		return b.fillStore(s)
	}
	f := &filler{bench: b, server: s}
	f.client.Transport = &http.Transport{MaxIdleConnsPerHost: fillers, DisableCompression: true}
	defer f.client.CloseIdleConnections()
	s.etags = make([]string, len(b.products))
	return f.all(ctx)
}

// filler fills one cache by HTTP.
type filler struct {
	*bench
	*server
	client http.Client
}

func (f *filler) all(ctx context.Context) error {
	for _, step := range []func() error{
		func() error { return f.each(ctx, f.products[:beforehand], f.plain) },
		func() error { return f.read(&f.atStart) },
		func() error { return f.each(ctx, f.products[beforehand:], f.plain) },
		func() error { return f.read(&f.withPlain) },
		func() error { return f.each(ctx, f.products, f.packed) },
		func() error { return f.read(&f.withGzip) },
		func() error { return f.settle(ctx) },
		f.readHeader,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// readHeader notes the header of an answer, as it was sent.
func (f *filler) readHeader() error {
	conn, err := net.Dial("tcp", f.tcp)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write(f.speaks.single(1, "")); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	for line := ""; line != "\r\n" && err == nil; f.header += line {
		line, err = in.ReadString('\n')
	}
	return err
}

func (f *filler) read(into *int64) (err error) {
	f.filledPlain = len(f.products) - beforehand
	*into, err = f.memory()
	return err
}

// settle asks for everything until nothing is missed any more.
func (f *filler) settle(ctx context.Context) error {
	for pass := range passes {
		before, err := f.behind(ctx)
		if err != nil {
			return err
		}
		for _, form := range []func(context.Context, *product) error{f.plain, f.packed, f.unchanged} {
			if err := f.each(ctx, f.products, form); err != nil {
				return err
			}
		}
		after, err := f.behind(ctx)
		if f.unsettled = after - before; err != nil || f.unsettled == 0 || pass > 0 && f.unsettled <= unlucky {
			return err
		}
	}
	return fmt.Errorf("it does not hit: what is behind it is still asked %d times", f.unsettled)
}

// each does something for every product, over several connections. It returns the first error.
func (f *filler) each(ctx context.Context, all []*product, do func(context.Context, *product) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var done sync.WaitGroup
	for range fillers {
		done.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := do(ctx, all[i]); err != nil {
					cancel(fmt.Errorf("product %d: %w", all[i].id, err))
				}
			}
		})
	}
	done.Wait()
	return context.Cause(ctx)
}

func (f *filler) plain(ctx context.Context, p *product) error {
	header, body, err := f.get(ctx, p, http.StatusOK, "Accept-Encoding", "identity")
	if err != nil {
		return err
	}
	f.etags[p.id-1] = header.Get("Etag")
	if !bytes.Equal(body, p.Body()) || f.etags[p.id-1] == "" || header.Get("Content-Encoding") != "" {
		return fmt.Errorf("got %q\n%s\nwant\n%s", header, body, p.Body())
	}
	return nil
}

func (f *filler) packed(ctx context.Context, p *product) error {
	header, body, err := f.get(ctx, p, http.StatusOK, "Accept-Encoding", "gzip")
	if err != nil {
		return err
	}
	if p.Gzip() == nil && bytes.Equal(body, p.Body()) {
		return nil // not worth it
	}
	if header.Get("Content-Encoding") != "gzip" {
		return fmt.Errorf("not packed: %q", header)
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	unpacked, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(unpacked, p.Body()) {
		err = fmt.Errorf("unpacked to\n%s\nwant\n%s", unpacked, p.Body())
	}
	return err
}

func (f *filler) unchanged(ctx context.Context, p *product) error {
	_, _, err := f.get(ctx, p, http.StatusNotModified, "If-None-Match", f.etags[p.id-1])
	return err
}

func (f *filler) get(ctx context.Context, p *product, status int, field, value string) (http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s%s%d", f.tcp, productPath, p.id), nil)
	if err != nil {
		return nil, nil, err
	}
	r.Host = host // some caches keep hosts apart
	r.Header.Set(field, value)
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != status {
		err = fmt.Errorf("status %s, want %d: %s", answer.Status, status, body)
	}
	return answer.Header, body, err
}
