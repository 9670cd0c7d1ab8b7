package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// purge is the body of a purge.
type purge struct {
	Lookup string   `json:"lookup"`
	Keys   []string `json:"keys,omitempty"`
	All    bool     `json:"all,omitempty"`
	Mode   string   `json:"mode"`
}

// mode of a purge.
func mode(remove bool) string {
	if remove {
		return "remove"
	}
	return "stale"
}

// purge reports whether a purge of products has answered well, which it always should, unless the program is away.
func (r *rig) purge(ctx context.Context, p purge) bool {
	p.Lookup = "products"
	return r.admin(ctx, http.MethodPost, "/api/purge", p)
}

// purgeAll purges all products.
func (r *rig) purgeAll(ctx context.Context, remove bool) {
	covered := r.ledger.AllWritten()
	if r.purge(ctx, purge{All: true, Mode: mode(remove)}) {
		for id, version := range covered {
			r.ledger.Product(id).Purge(version, remove)
		}
	}
}

// admin reports whether a change has answered well. That it has not is a finding, unless the program is away.
func (r *rig) admin(ctx context.Context, method, path string, body any) bool {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // only strings and truth values
	}
	began := time.Now()
	err = r.send(ctx, method, path, text)
	if err != nil && ctx.Err() == nil && !r.away.Overlaps(began) {
		r.findings.note("%s %s %s: %v", method, path, text, err)
	}
	return err == nil
}

func (r *rig) send(ctx context.Context, method, path string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+r.program().Address("admin-listen")+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", answer.StatusCode, text)
	}
	return err
}
