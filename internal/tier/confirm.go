package tier

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// confirmPause is between two looks at what other nodes have done.
const confirmPause = 2 * time.Millisecond

// confirmed waits until all other nodes have done what this one has said in a message, and returns the names of those that have not.
func (t *Tier[V]) confirmed(ctx context.Context, c rueidis.Client, sequence uint64) (open []string) {
	for {
		cards, err := t.cards(ctx, c)
		var done map[string]string
		if err == nil {
			done, err = c.Do(ctx, c.B().Hgetall().Key(t.done(t.id)).Build()).AsStrMap()
		}
		if err != nil && ctx.Err() != nil && open != nil {
			return open
		}
		if err != nil {
			return append(t.Members(), SecondTier)
		}
		open = nil
		if t.members.addLost(cards) {
			open = append(open, SecondTier) // it has lost who there is
		}
		for id, of := range cards {
			if last, _ := strconv.ParseUint(done[id], 10, 64); last < sequence {
				open = append(open, of.Name)
			}
		}
		if len(open) == 0 {
			return nil
		}
		slices.Sort(open)
		timer := time.NewTimer(confirmPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return open
		}
	}
}
