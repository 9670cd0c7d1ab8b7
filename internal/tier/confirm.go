package tier

import (
	"context"
	"slices"
	"time"

	"github.com/redis/rueidis"
)

// confirmPause is between two looks at what other nodes have done.
const confirmPause = 2 * time.Millisecond

// confirmed waits until all other nodes have done what was said, and returns the names of those that have not.
func (t *Tier[V]) confirmed(ctx context.Context, c rueidis.Client, at place) (open []string) {
	for {
		cards, err := t.cards(ctx, c)
		var done map[string]string
		if err == nil {
			done, err = c.Do(ctx, c.B().Hgetall().Key(t.shared("done")).Build()).AsStrMap()
		}
		if err != nil && ctx.Err() != nil && open != nil {
			return open
		}
		if err != nil {
			return append(t.Members(), SecondTier)
		}
		open = nil
		t.members.addLost(cards)
		for id, of := range cards {
			if parsePlace(done[id]).before(at) {
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
