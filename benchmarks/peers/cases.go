package main

import (
	"net/http"

	"productcache/benchmarks/peers/load"
)

// kind is a case: a kind of work that servers are driven through.
type kind struct {
	name, title string
	unix        bool // over the Unix socket
	units       int  // products that one work is about
	wrk         bool // wrk can drive those that speak HTTP; it waits for the body of a 304 with a Content-Length
	// work returns what a server is asked, or nil where it has no such thing.
	work func(b *bench, s *server) *work
}

// work is a case's load for one server.
type work struct {
	units  []load.Work
	answer load.Answer
}

// allCases are all cases, in the order in which they are measured and shown.
func allCases() []*kind {
	return []*kind{
		{name: "hit", title: "Hit: one product", units: 1, wrk: true, work: plainWork},
		{name: "304", title: "304: the client has it already (If-None-Match)", units: 1, work: unchangedWork},
		{name: "gzip", title: "Hit, packed (Accept-Encoding: gzip)", units: 1, wrk: true, work: packedWork},
		{name: "page", title: "Page of 24 products: one request where there is one for it, else 24, one after the other", units: pageSize, work: pageWork},
		{name: "pipelined", title: "Page of 24 products: 24 requests sent at once (pipelined)", units: pageSize, wrk: true, work: pipelinedWork},
		{name: "unix", title: "Hit over a Unix socket", unix: true, units: 1, work: plainWork},
		{name: "unix-page", title: "Page of 24 products over a Unix socket", unix: true, units: pageSize, work: pageWork},
	}
}

func plainWork(b *bench, s *server) *work {
	return b.singles(s, http.StatusOK, func(int) string { return "" })
}

func packedWork(b *bench, s *server) *work {
	if s.behind == nil {
		return nil
	}
	return b.singles(s, http.StatusOK, func(int) string { return acceptGzip })
}

func unchangedWork(b *bench, s *server) *work {
	if s.behind == nil {
		return nil
	}
	return b.singles(s, http.StatusNotModified, func(i int) string { return "If-None-Match: " + s.etags[i] + "\r\n" })
}

// singles is one request for each drawn key; with returns more fields for the product at an index.
func (b *bench) singles(s *server, status int, with func(i int) string) *work {
	requests := b.requests(s, with)
	w := &work{answer: s.speaks.answer(0, status)}
	for _, i := range b.keys.single {
		w.units = append(w.units, load.Work{Steps: requests[i : i+1], Answers: 1})
	}
	return w
}

// requests are one request for each product.
func (b *bench) requests(s *server, with func(i int) string) [][]byte {
	all := make([][]byte, len(b.products))
	for i, p := range b.products {
		all[i] = s.speaks.single(p.id, with(i))
	}
	return all
}

func pageWork(b *bench, s *server) *work {
	if s.speaks.many([]int{1}) == nil {
		return b.oneByOne(s)
	}
	w := &work{answer: s.speaks.answer(pageSize, http.StatusOK)}
	for _, page := range b.keys.page {
		ids := make([]int, len(page))
		for i, k := range page {
			ids[i] = b.products[k].id
		}
		w.units = append(w.units, load.Work{Steps: [][]byte{s.speaks.many(ids)}, Answers: 1})
	}
	return w
}

// oneByOne is 24 requests, each sent when the one before has been answered, as clients do.
func (b *bench) oneByOne(s *server) *work {
	requests := b.requests(s, func(int) string { return "" })
	w := &work{answer: s.speaks.answer(0, http.StatusOK)}
	for _, page := range b.keys.page {
		steps := make([][]byte, len(page))
		for i, k := range page {
			steps[i] = requests[k]
		}
		w.units = append(w.units, load.Work{Steps: steps, Answers: 1})
	}
	return w
}

func pipelinedWork(b *bench, s *server) *work {
	if s.behind == nil {
		return nil
	}
	w := b.oneByOne(s)
	for i, u := range w.units {
		var all []byte
		for _, step := range u.Steps {
			all = append(all, step...)
		}
		w.units[i] = load.Work{Steps: [][]byte{all}, Answers: len(u.Steps)}
	}
	return w
}

// at returns the address that a case is driven over, "" where the server has none.
func (s *server) at(unix bool) (network, address string) {
	if unix {
		return "unix", s.unix
	}
	return "tcp", s.tcp
}
