package faults

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"syscall"
	"time"

	"productcache/benchmarks/internal/child"
)

// emptyAndBack is the return of MySQL to a cache that was emptied, when everybody asks.
func emptyAndBack() fault {
	return fault{refillName, "MySQL is killed and the cache emptied; then MySQL is back, and products are asked for", true, func(ctx context.Context, r *rig) error {
		r.emptied.Store(true)
		r.proxy.Lead("")
		if err := r.server.Kill(); err != nil {
			return err
		}
		r.purgeAll(ctx, true)
		deadline, _ := ctx.Deadline()
		wait(ctx, time.Until(deadline)/3)
		err := r.server.Restart()
		r.proxy.Lead(r.server.Addr())
		if err != nil {
			return err
		}
		left := max(time.Until(deadline), lookPause)
		began := time.Now()
		_, err = r.refillRun(ctx, r.refillKeys(2*left), left)
		return r.unless(ctx, began, err)
	}}
}

// unless returns no error where the event is over, or the program was away.
func (r *rig) unless(ctx context.Context, began time.Time, err error) error {
	if ctx.Err() != nil || r.away.Overlaps(began) {
		return nil
	}
	return err
}

// overloadEvent is an overload as an event.
func overloadEvent(o overload) fault {
	return fault{o.name, o.text, o.name == "deaf" || o.name == "new keys", func(ctx context.Context, r *rig) error {
		began := time.Now()
		return r.unless(ctx, began, o.happen(ctx, r, new(deed), make(chan struct{})))
	}}
}

const (
	restartName = "restart of the program"
	killName    = "kill -9 of the program"
)

// renews reports whether the program is another process afterwards.
func (k kind) renews() bool { return k.name == restartName || k.name == killName }

func programEvents() []fault {
	return []fault{
		{restartName, "in good order, with its snapshot", true, renewal((*child.Process).Stop)},
		{killName, "and a start with its last snapshot", true, renewal((*child.Process).Kill)},
		{"SIGHUP", "the catalog is read again, changed and broken by turns", true, reloads},
	}
}

// renewal ends the program and starts it again.
func renewal(end func(*child.Process) error) func(context.Context, *rig) error {
	return func(ctx context.Context, r *rig) error {
		r.away.Begin()
		err := end(r.program())
		r.client.CloseIdleConnections()
		// What it is started for outlives the event.
		if err := errors.Join(err, r.start(context.WithoutCancel(ctx))); err != nil {
			return err
		}
		r.away.End()
		<-ctx.Done()
		return nil
	}
}

const (
	reloadPause = 200 * time.Millisecond
	// oneMore lookup in the catalog.
	oneMore = "  more:\n    key: id\n    key_type: integer\n    query: SELECT id, version FROM products WHERE id IN (:keys)\n"
	broken  = "  broken: [\n"
)

// reloads has the program read its catalog again: with a lookup more, broken, and as it was.
func reloads(ctx context.Context, r *rig) error {
	const metric = "productcache_config_reloads_total"
	undone := context.WithoutCancel(ctx)
	reloads, err := r.program().Metric(undone, metric)
	if err != nil {
		return err
	}
	texts := []string{catalogText + oneMore, catalogText + broken, catalogText}
	for i := 0; i == 0 || wait(ctx, reloadPause); i++ {
		if err := r.reload(texts[i%len(texts)]); err != nil {
			return err
		}
	}
	if err := r.reload(catalogText); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(undone, comeBackLimit)
	defer cancel()
	for {
		n, err := r.program().Metric(limit, metric)
		if err != nil || n > reloads {
			return err
		}
		wait(limit, lookPause)
	}
}

// reload writes the catalog and has it read.
func (r *rig) reload(text string) error {
	return errors.Join(os.WriteFile(r.catalog, []byte(text), 0o600), syscall.Kill(r.program().PID(), syscall.SIGHUP))
}

func adminEvents() []fault {
	return []fault{
		{"purges", "all products, again and again", true, purges},
		{"PATCH", "the cache's bounds and lifetimes, again and again", true, patches},
	}
}

const adminPause = 250 * time.Millisecond

func purges(ctx context.Context, r *rig) error {
	for r.purgeAll(ctx, false); wait(ctx, adminPause); {
		r.purgeAll(ctx, false)
	}
	return nil
}

// patches changes settings at random, none so that cached products could be lost, and puts them back.
func patches(ctx context.Context, r *rig) error {
	chance := rand.New(rand.NewPCG(5, 0))
	for wait(ctx, adminPause) {
		r.admin(ctx, http.MethodPatch, "/api/config", map[string]string{
			"cache-bytes":            []string{"16MiB", "32MiB", "64MiB"}[chance.IntN(3)],
			"cache-entries":          []string{"0", "10000", "30000"}[chance.IntN(3)],
			"ttl":                    []string{"500ms", "2s", "5s"}[chance.IntN(3)],
			"stale-while-revalidate": []string{"0s", "1s", "5s"}[chance.IntN(3)],
			"negative-ttl":           []string{"100ms", "1s", "5s"}[chance.IntN(3)],
			"log-level":              []string{"info", "warn", "debug"}[chance.IntN(3)],
		})
	}
	r.admin(context.WithoutCancel(ctx), http.MethodPatch, "/api/config", map[string]string{"cache-bytes": "64MiB", "cache-entries": "0", "ttl": r.scale.ttl.String(),
		"stale-while-revalidate": r.scale.revalidate.String(), "negative-ttl": "1s", "log-level": "info"})
	return nil
}
