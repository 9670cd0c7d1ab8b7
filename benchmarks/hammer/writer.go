package hammer

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"productcache/internal/mysqltest"
)

// retryPause is between two tries to write while MySQL is away.
const retryPause = 20 * time.Millisecond

// writer raises the versions of items that no other writer changes.
type writer struct {
	*hammer
	number   int
	chance   *rand.Rand
	position string // the question where the server is
}

func newWriter(h *hammer, number int) *writer {
	w := &writer{h, number, rand.New(rand.NewPCG(1, uint64(number))), "SELECT @@GLOBAL.gtid_executed"}
	if h.MySQL.Flavour() == mysqltest.FlavourMariaDB {
		w.position = "SELECT @@GLOBAL.gtid_binlog_pos"
	}
	return w
}

// run writes until done is closed, and finishes what it has begun.
func (w *writer) run(ctx context.Context, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		id := w.chance.IntN(items/writers)*writers + w.number
		of := &w.ledger.items[id]
		version := of.begun.Add(1)
		sequence, ok := w.write(ctx, id, version)
		if !ok {
			return
		}
		w.counts.writes.Add(1)
		w.awaited.add(commit{of, version, sequence})
	}
}

// write repeats a statement until MySQL has confirmed it, which is harmless: it is the same whether it
// worked before or not. Then it returns a number that no transaction up to this one exceeds.
func (w *writer) write(ctx context.Context, id int, version int64) (sequence uint64, ok bool) {
	statement, args := "INSERT INTO items VALUES (?, ?) ON DUPLICATE KEY UPDATE version = VALUES(version)", []any{id, version}
	if isDeletion(version) {
		statement, args = "DELETE FROM items WHERE id = ?", args[:1]
	}
	if !w.retry(ctx, func() error {
		_, err := w.Pool.ExecContext(ctx, statement, args...)
		return err
	}) {
		return 0, false
	}
	ok = w.retry(ctx, func() error {
		var gtids string
		if err := w.Pool.QueryRowContext(ctx, w.position).Scan(&gtids); err != nil {
			return err
		}
		var err error
		sequence, err = lastNumber(strings.TrimSpace(gtids))
		return err
	})
	return sequence, ok
}

// retry repeats until there is no error, and returns false if ctx is done first.
func (w *writer) retry(ctx context.Context, try func() error) bool {
	for try() != nil {
		if !wait(ctx, time.After(retryPause)) {
			return false
		}
	}
	return true
}
