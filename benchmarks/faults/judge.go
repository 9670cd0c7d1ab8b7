package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"productcache/benchmarks/internal/ledger"
)

func productPath(id int) string { return "/v1/products/" + strconv.Itoa(id) }

// reply is an answer with its body read.
type reply struct {
	status int
	header http.Header
	body   []byte
	began  time.Time
	took   time.Duration
}

func (r *rig) get(ctx context.Context, path string) (a reply, err error) {
	return r.getIf(ctx, path, "")
}

// getIf gets 304, too, where the entity tag still holds.
func (r *rig) getIf(ctx context.Context, path, tag string) (a reply, err error) {
	a.began = time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.program().Address("listen")+path, nil)
	if err != nil {
		return a, err
	}
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return a, err
	}
	defer answer.Body.Close()
	a.status, a.header = answer.StatusCode, answer.Header
	a.body, err = io.ReadAll(answer.Body)
	a.took = time.Since(a.began)
	return a, err
}

func (a reply) cacheStatus() string { return a.header.Get("Cache-Status") }

// old reports whether an answer owns to be stale, and whether that is because MySQL fails.
func (a reply) old() (old, failing bool) {
	status := a.cacheStatus()
	return strings.Contains(status, "stale"), strings.Contains(status, "stale-error")
}

// freshness is the verdict on an answer that is not wrong.
func (r *rig) freshness(path string, a reply) verdict {
	old, failing := a.old()
	if failing {
		r.bad()
		r.untimely(path, a.status, a.cacheStatus())
	}
	if old {
		return stale
	}
	return right
}

// checkBody compares a body with the product that was asked for.
func checkBody(a reply, id int) error {
	_, err := rowOf(a, id)
	return err
}

// rowOf reads the product that was asked for.
func rowOf(a reply, id int) (row ledger.Row, err error) {
	if a.status != http.StatusOK {
		return row, fmt.Errorf("status %d: %.200s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &row); err != nil {
		return row, err
	}
	return row, row.Check(id)
}

// isRefusal reports whether a status means that nothing can be answered.
func isRefusal(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// refusalSlack is how much later than -request-timeout a refusal may come, on a busy machine.
const refusalSlack = time.Second

// checkRefusal checks that a refusal is honest: in time, with Retry-After, and as a problem.
func (r *rig) checkRefusal(a reply) error {
	if a.header.Get("Retry-After") == "" {
		return fmt.Errorf("%d without Retry-After", a.status)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		return fmt.Errorf("%d with Content-Type %q", a.status, got)
	}
	var problem struct{ Status int }
	if err := json.Unmarshal(a.body, &problem); err != nil || problem.Status != a.status {
		return fmt.Errorf("%d with a body that says something else: %s", a.status, a.body)
	}
	if a.took > r.scale.request+refusalSlack && !r.Short {
		return fmt.Errorf("%d after %v", a.status, a.took)
	}
	return nil
}

// judged counts an answer to something else than a hit. What is wrong with it, if anything, is a finding.
func (r *rig) judged(ctx context.Context, path string, a reply, failed error, judge func(reply) error) {
	if ctx.Err() != nil {
		return // the end of the case cut it off
	}
	v := refused
	err := failed
	switch {
	case err != nil && r.away.Overlaps(a.began):
		r.tally().count(ofOthers, away)
		return
	case err != nil:
	case isRefusal(a.status):
		err = r.checkRefusal(a)
		r.bad()
		r.untimely(path, a.status, a.cacheStatus())
	default:
		if err = judge(a); err == nil {
			v = r.freshness(path, a)
		}
	}
	if err != nil {
		v = wrong
		r.findings.note("GET %s: %v; Cache-Status: %s", path, err, a.cacheStatus())
	}
	r.tally().count(ofOthers, v)
}

// untimely notes a refusal, or that MySQL is said to fail, while it is there.
func (r *rig) untimely(path string, status int, cacheStatus string) {
	r.untimelyAt(time.Now(), path, status, cacheStatus)
}

// untimelyAt notes an answer of then, in the phase at hand.
func (r *rig) untimelyAt(then time.Time, path string, status int, cacheStatus string) {
	switch {
	case r.Short: // the machine may be busy with anything
	case r.phase.Load() == before,
		r.phase.Load() == after && then.Sub(time.Unix(0, r.back.Load())) > recovery:
		r.findings.note("GET %s: %d though MySQL is there; Cache-Status: %s", path, status, cacheStatus)
	}
}

// judgeHit is the verdict on what came back for a hot product.
func (r *rig) judgeHit(id, status int, header, body []byte) verdict {
	if isRefusal(status) && r.emptied.Load() {
		r.bad()
		r.untimely("a product that was cached", status, "")
		return refused
	}
	v, failing, finding := hitVerdict(r.bodies, id, status, header, body)
	if finding != "" {
		r.findings.note("%s", finding)
	}
	if failing {
		r.bad()
		r.untimely("a cached product", status, "stale-error")
	}
	return v
}

// hitVerdict is the verdict on what came back for a hot product, any if id is 0: the very bytes that it was cached with. It
// reports whether the answer says that MySQL fails, and what is not as it should be. It is called for every answer of the open loop, and so
// does little.
func hitVerdict(bodies map[string]int, id, status int, header, body []byte) (v verdict, failing bool, finding string) {
	switch of, known := bodies[string(body)]; {
	case isRefusal(status):
		return refused, false, fmt.Sprintf("a cached product: %d: %.300s", status, body)
	case status != http.StatusOK:
		return wrong, false, fmt.Sprintf("a cached product: %d: %.300s", status, body)
	case !known || id != 0 && id != of:
		return wrong, false, fmt.Sprintf("a cached product: another body: %.300q", body)
	case !bytes.Contains(header, []byte("stale")):
		return right, false, ""
	}
	return stale, bytes.Contains(header, []byte("stale-error")), ""
}
