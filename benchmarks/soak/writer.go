package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"productcache/benchmarks/internal/ledger"
)

const (
	skew       = 1.05 // exponent of Zipf's law
	writePause = 20 * time.Millisecond
	retryPause = 100 * time.Millisecond
)

// writer changes products that no other writer changes, and purges them.
type writer struct {
	*soak
	number int
	chance *rand.Rand
	key    *rand.Zipf
}

func newWriter(s *soak, number int) *writer {
	chance := rand.New(rand.NewPCG(1, uint64(number)))
	return &writer{s, number, chance, rand.NewZipf(chance, skew, 1, products/writers-1)}
}

// run writes until ctx is done.
func (w *writer) run(ctx context.Context) {
	for pause := time.NewTicker(writePause); wait(ctx, pause.C); {
		id := int(w.key.Uint64())*writers + w.number + 1
		p := w.ledger.Product(id)
		version := p.Begun() + 1
		deletion := p.Deleted() < version-1 && w.chance.IntN(4) == 0
		p.Begin(version, deletion)
		if !w.write(ctx, id, version, deletion) {
			return
		}
		p.Wrote(version)
		w.counts.writes.Add(1)
		remove := w.chance.IntN(5) == 0
		if w.chance.IntN(200) == 0 {
			w.purgeAll(ctx, remove)
		} else if w.purge(ctx, purge{Keys: []string{strconv.Itoa(id)}, Mode: mode(remove)}) {
			p.Purge(version, remove)
		}
	}
}

// write repeats a statement until MySQL has confirmed it, which is harmless: it is the same whether
// it worked before or not.
func (w *writer) write(ctx context.Context, id int, version int64, deletion bool) bool {
	statement, args := "REPLACE INTO products VALUES (?, ?, ?, ?)",
		[]any{id, version, ledger.NameOf(id, version), strings.Repeat(fmt.Sprintf("%032d", version), 20)}
	if deletion {
		statement, args = "DELETE FROM products WHERE id = ?", args[:1]
	}
	for {
		_, err := w.pool.ExecContext(ctx, statement, args...)
		if err == nil {
			return true
		}
		if !wait(ctx, time.After(retryPause)) {
			return false
		}
	}
}

// purgeAll purges all products.
func (w *writer) purgeAll(ctx context.Context, remove bool) {
	covered := w.ledger.AllWritten()
	if w.purge(ctx, purge{All: true, Mode: mode(remove)}) {
		for id, version := range covered {
			w.ledger.Product(id).Purge(version, remove)
		}
	}
}

func mode(remove bool) string {
	if remove {
		return "remove"
	}
	return "stale"
}

// purge is the body of a purge.
type purge struct {
	Lookup string   `json:"lookup"`
	Keys   []string `json:"keys,omitempty"`
	All    bool     `json:"all,omitempty"`
	Mode   string   `json:"mode"`
}

// purge reports whether a purge has answered well, which it always should.
func (w *writer) purge(ctx context.Context, p purge) bool {
	p.Lookup = "products"
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // only strings
	}
	url := "http://" + w.program.Address("admin-listen") + "/api/purge"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		panic(err) // the address was dialled before
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := w.client.Do(r)
	if err != nil {
		w.findings.add(ctx, "purge: %v", err)
		return false
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		w.findings.add(ctx, "purge: %s: %s", answer.Status, text)
		return false
	}
	w.counts.purges.Add(1)
	return true
}

// wait returns false if ctx is done first.
func wait(ctx context.Context, c <-chan time.Time) bool {
	select {
	case <-c:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
