package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"productcache/benchmarks/internal/ledger"
)

const (
	readPause   = 4 * time.Millisecond
	answerLimit = 20 * time.Second // the program promises one within -request-timeout
	mostKeys    = 24
)

// reader asks for products and judges the answers.
type reader struct {
	*soak
	chance *rand.Rand
	key    *rand.Zipf
	known  map[int]copied
}

// copied is an answer that a client keeps, to ask whether it still holds.
type copied struct {
	tag     string
	version int64
}

func newReader(s *soak, number uint64) *reader {
	chance := rand.New(rand.NewPCG(2, number))
	return &reader{s, chance, rand.NewZipf(chance, skew, 1, products-1), make(map[int]copied)}
}

// run reads until ctx is done.
func (r *reader) run(ctx context.Context) {
	for pause := time.NewTicker(readPause); wait(ctx, pause.C); {
		r.counts.requests.Add(1)
		switch percent := r.chance.IntN(100); {
		case percent < 10:
			r.absent(ctx)
		case percent < 30:
			r.several(ctx)
		default:
			r.one(ctx)
		}
	}
}

func (r *reader) draw() int { return int(r.key.Uint64()) + 1 }

// response is an answer with its body read.
type response struct {
	status int
	header http.Header
	body   []byte
}

// get returns false where there is nothing to judge: the run is over, or MySQL is away.
func (r *reader) get(ctx context.Context, path, tag string) (a response, ok bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.program.Address("listen")+path, nil)
	if err != nil {
		panic(err) // the address was dialled before
	}
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	began := time.Now()
	answer, err := r.client.Do(request)
	if err == nil {
		a.status, a.header = answer.StatusCode, answer.Header
		a.body, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	switch {
	case err != nil:
		r.findings.add(ctx, "GET %s: %v", path, err)
		return a, false
	case a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout:
		r.unavailable(ctx, path, began, a)
		return a, false
	}
	if strings.Contains(a.header.Get("Cache-Status"), "; hit") {
		r.counts.hits.Add(1)
	}
	return a, true
}

// unavailable is fine while MySQL is.
func (r *reader) unavailable(ctx context.Context, path string, began time.Time, a response) {
	r.counts.unavailable.Add(1)
	if !r.outages.Excuses(began) {
		r.findings.add(ctx, "GET %s: %d, though MySQL is there: %s %s", path, a.status, a.header.Get("Cache-Status"), a.body)
	}
}

// one asks for a product, now and then only whether it has changed.
func (r *reader) one(ctx context.Context) {
	id := r.draw()
	p := r.ledger.Product(id)
	before := p.Floor()
	mine := r.known[id]
	if r.chance.IntN(3) > 0 {
		mine = copied{}
	}
	path := "/v1/products/" + strconv.Itoa(id)
	a, ok := r.get(ctx, path, mine.tag)
	if !ok {
		return
	}
	got := ledger.Answer{Found: true, Version: mine.version, StaleError: strings.Contains(a.header.Get("Cache-Status"), "detail=stale-error")}
	var err error
	switch {
	case a.status == http.StatusOK:
		var w ledger.Row
		if err = json.Unmarshal(a.body, &w); err == nil {
			err = w.Check(id)
		}
		got.Version = w.Version
		r.known[id] = copied{a.header.Get("Etag"), w.Version}
	case a.status == http.StatusNotFound:
		got.Found = false
	case a.status != http.StatusNotModified || mine.tag == "":
		err = fmt.Errorf("status %d: %s", a.status, a.body)
	}
	if err == nil {
		err = p.Judge(before, got)
	}
	if err != nil {
		r.findings.add(ctx, "GET %s: %v; Cache-Status: %s", path, err, a.header.Get("Cache-Status"))
	}
}

// absent asks for what there never was.
func (r *reader) absent(ctx context.Context) {
	path := "/v1/products/" + strconv.Itoa(products+1+r.chance.IntN(1_000_000_000))
	if a, ok := r.get(ctx, path, ""); ok && a.status != http.StatusNotFound {
		r.findings.add(ctx, "GET %s: %d, want 404: %s", path, a.status, a.body)
	}
}

// several asks for many products at once.
func (r *reader) several(ctx context.Context) {
	var ids []int
	var floors []ledger.Floor
	path := "/v1/products?keys="
	for range 2 + r.chance.IntN(mostKeys-1) {
		if id := r.draw(); !slices.Contains(ids, id) {
			ids, floors = append(ids, id), append(floors, r.ledger.Product(id).Floor())
			path += strconv.Itoa(id) + ","
		}
	}
	path = strings.TrimSuffix(path, ",")
	began := time.Now()
	a, ok := r.get(ctx, path, "")
	if !ok {
		return
	}
	var body ledger.Collection
	if err := json.Unmarshal(a.body, &body); a.status != http.StatusOK || err != nil {
		r.findings.add(ctx, "GET %s: %d %v: %s", path, a.status, err, a.body)
		return
	}
	if len(body.Unavailable) > 0 {
		r.unavailable(ctx, path, began, a)
	}
	status := a.header.Get("Cache-Status")
	for i, id := range ids {
		if err := body.Judge(r.ledger.Product(id), id, floors[i], strings.Contains(status, "stale-error=")); err != nil {
			r.findings.add(ctx, "GET %s: key %d: %v; Cache-Status: %s", path, id, err, status)
		}
	}
}
