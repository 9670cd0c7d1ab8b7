package faults

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"sync"
	"time"

	"productcache/internal/faults"
)

// fault is something that befalls the database. It happens until its context is done, and all is as before when happen
// returns.
type fault struct {
	name, text string
	short      bool // part of a short run
	happen     func(ctx context.Context, r *rig) error
}

// databaseFaults are those of the network, of the server, and of those who use it.
func databaseFaults() []fault {
	return []fault{
		weather("delay", "every answer of MySQL comes 100 ms late, and up to 100 ms more", faults.Weather{Delay: 100 * time.Millisecond, Jitter: 100 * time.Millisecond}),
		weather("trickle", "answers come in pieces of 10 bytes, 100 bytes a second", faults.Weather{Rate: 100, Piece: 10}),
		weather("bandwidth", "64 KiB a second for each connection", faults.Weather{Rate: 64 << 10}),
		inShort(weather("reset", "each answer is reset after 600 bytes, in the middle of a row", faults.Weather{ResetAfter: 600})),
		{"cut", "all connections are cut ten times a second", true, cuts},
		{"half-open", "connections stay open and nothing comes through, old and new ones", true, blackHole},
		{"kill -9", "the server is killed, and started again at the end", true, killed},
		{"restart", "the server is shut down in good order, and started again at the end", false, restarted},
		{"SIGSTOP", "the server is stopped in its tracks, and goes on at the end", true, frozen},
		{"max_connections", "others hold all connections, and the service has lost its own", false, crowd},
		{"read lock", "FLUSH TABLES WITH READ LOCK", false, held("FLUSH TABLES WITH READ LOCK")},
		{"write lock", "LOCK TABLES products WRITE: nobody else reads", false, held("LOCK TABLES faults.products WRITE")},
		{dumpName, "mariadb-dump --all-databases --lock-all-tables, again and again", false, dump},
		{"ALTER TABLE", "the table is altered by copying, again and again", false, alter},
		{"huge results", "8 callers all the time ask for rows of 300 and 400 MB and a listing of 8 GB", true, huge},
		{"right revoked", "the service's account may no longer read", true, revoked},
		{"password changed", "and its connections are killed", false, locked},
	}
}

func inShort(f fault) fault { f.short = true; return f }

// weather is a fault of the network.
func weather(name, text string, w faults.Weather) fault {
	return fault{name, text, false, func(ctx context.Context, r *rig) error {
		r.proxy.Set(w)
		<-ctx.Done()
		r.proxy.Set(r.fair)
		return nil
	}}
}

func cuts(ctx context.Context, r *rig) error {
	const pause = 100 * time.Millisecond
	for r.proxy.Cut(); wait(ctx, pause); {
		r.proxy.Cut()
	}
	return nil
}

func blackHole(ctx context.Context, r *rig) error {
	r.proxy.Swallow(true)
	<-ctx.Done()
	r.proxy.Swallow(false)
	return nil
}

func killed(ctx context.Context, r *rig) error { return goes(ctx, r.server.Kill, r.server.Restart) }

func restarted(ctx context.Context, r *rig) error { return goes(ctx, r.server.Stop, r.server.Restart) }

func frozen(ctx context.Context, r *rig) error { return goes(ctx, r.server.Freeze, r.server.Thaw) }

// goes has the server go, and come back.
func goes(ctx context.Context, away, back func() error) error {
	if err := away(); err != nil {
		return err
	}
	<-ctx.Done()
	return back()
}

// held has somebody hold a lock.
func held(statement string) func(context.Context, *rig) error {
	return func(ctx context.Context, r *rig) error {
		conn, err := r.pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
		<-ctx.Done()
		_, err = conn.ExecContext(context.WithoutCancel(ctx), "UNLOCK TABLES")
		return err
	}
}

// fewConnections is what the server has when it is crowded.
const fewConnections = 30

func crowd(ctx context.Context, r *rig) error {
	undone := context.WithoutCancel(ctx)
	if err := r.exec(ctx, "CREATE USER IF NOT EXISTS 'crowd'@'127.0.0.1' IDENTIFIED BY 'crowd'",
		fmt.Sprintf("SET GLOBAL max_connections = %d", fewConnections)); err != nil {
		return err
	}
	pool, err := sql.Open("mysql", "crowd:crowd@tcp("+r.server.Addr()+")/")
	if err != nil {
		return err
	}
	defer pool.Close()
	for ctx.Err() == nil { // whenever a connection becomes free, one of the crowd takes it
		if _, err := pool.Conn(ctx); err == nil {
			continue
		}
		if err := r.killReader(undone); err != nil {
			return err
		}
		wait(ctx, time.Millisecond)
	}
	return errors.Join(pool.Close(), r.exec(undone, "SET GLOBAL max_connections = DEFAULT", "KILL USER 'crowd'@'127.0.0.1'"))
}

const dumpName, dumpProgram = "dump", "mariadb-dump"

// dump is the backup of a shop of 2004.
func dump(ctx context.Context, r *rig) error {
	return repeatedly(ctx, func() error {
		c := exec.CommandContext(ctx, "nice", "-n", "19", dumpProgram, "--no-defaults", "--socket="+r.server.Socket(), "--user=root", "--all-databases", "--lock-all-tables")
		c.Stdout = io.Discard
		return c.Run()
	})
}

func alter(ctx context.Context, r *rig) error {
	return repeatedly(ctx, func() error { return r.exec(ctx, "ALTER TABLE faults.products ENGINE=InnoDB, ALGORITHM=COPY") })
}

// repeatedly does something until ctx is done, which may cut it off.
func repeatedly(ctx context.Context, do func() error) error {
	for ctx.Err() == nil {
		if err := do(); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

const hugeAndSmall = "/v1/manuals?keys=1,2,3"

// hugeCallers ask for too much at the same time.
const hugeCallers = 8

// huge asks for what does not fit into memory. The answers are errors, in words that do not say that asking again helps.
func huge(ctx context.Context, r *rig) error {
	var asking sync.WaitGroup
	for i := range hugeCallers {
		path := []string{"/v1/manuals/1", "/v1/manuals/2", "/v1/archives/1", hugeAndSmall}[i%4]
		asking.Go(func() {
			for wait(ctx, missPause) {
				a, err := r.get(ctx, path)
				r.judged(ctx, path, a, err, func(a reply) error { return tooLarge(a, path) })
			}
		})
	}
	asking.Wait()
	return nil
}

// tooLarge judges the answer for what does not fit. Beside it, in one request, what does is answered.
func tooLarge(a reply, path string) error {
	switch {
	case path == hugeAndSmall && a.status == http.StatusOK:
		var body struct {
			Items   map[string]json.RawMessage
			Missing []string
		}
		err := json.Unmarshal(a.body, &body)
		if delete(body.Items, "3"); err != nil || len(body.Items)+len(body.Missing) > 0 {
			return fmt.Errorf("an answer for what cannot be read, or none at all (%v): %.200s", err, a.body)
		}
		return nil
	case a.status == http.StatusInternalServerError && a.header.Get("Content-Type") == "application/problem+json":
		return nil
	}
	return fmt.Errorf("status %d and %d bytes, want a problem", a.status, len(a.body))
}

// revoked takes the account's right to read, and gives it back.
func revoked(ctx context.Context, r *rig) error {
	if err := r.exec(ctx, "REVOKE SELECT ON faults.* FROM "+r.account(), "GRANT SELECT ON faults.manuals TO "+r.account(), "FLUSH PRIVILEGES"); err != nil {
		return err
	}
	if err := r.killReader(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return r.exec(context.WithoutCancel(ctx), "GRANT SELECT ON faults.* TO "+r.account(), "REVOKE SELECT ON faults.manuals FROM "+r.account(), "FLUSH PRIVILEGES")
}

// locked changes the account's password, and ends its connections.
func locked(ctx context.Context, r *rig) error {
	if err := r.exec(ctx, "ALTER USER "+r.account()+" IDENTIFIED BY 'another'"); err != nil {
		return err
	}
	if err := r.killReader(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return r.exec(context.WithoutCancel(ctx), "ALTER USER "+r.account()+" IDENTIFIED BY '"+r.password+"'")
}
