package cache

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/racetest"
)

// TestPlansKeepWhatIsInUse: whatever plan a shrinking cache goes by, and went by before, what is asked for all the time stays
// before what was asked for once.
func TestPlansKeepWhatIsInUse(t *testing.T) {
	racetest.Skip(t)
	for _, before := range contenders {
		for _, after := range []*plan{recent, balanced} {
			synctest.Test(t, func(t *testing.T) {
				c, err := New(Options[string]{MaxWeight: 8 << 20, MaxEntryWeight: 2 << 20, Concurrency: 1, BatchKeys: 1, MaxWaiting: 1, LoadTimeout: time.Second,
					Weigh: func(string) int { return 1000 }})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close(context.Background())
				l, err := c.NewLookup("", Lifetimes{TTL: time.Hour}, func(_ context.Context, keys []string) ([]Loaded[string], error) {
					return []Loaded[string]{{Found: true}}, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				get := func(key string) {
					if _, err := l.Get(t.Context(), key); err != nil {
						t.Fatal(err)
					}
				}
				const hot = 100
				ask := func(flood int) {
					for i := range 20 * hot {
						c.contest.plan.Store(before) // whatever the contest says
						get(fmt.Sprint("hot", i%hot))
						for j := range flood {
							get(fmt.Sprint("cold", i, ".", j))
						}
					}
				}
				ask(0)
				ask(5)
				ask(0)
				c.contest.plan.Store(after)
				if err := c.SetLimits(1<<20, 0); err != nil {
					t.Fatal(err)
				}
				kept := 0
				for _, key := range c.KeysForTest() {
					if strings.HasPrefix(key, "hot") {
						kept++
					}
				}
				if kept != hot {
					t.Errorf("%+v, then %+v: %d of %d in use are left", *before, *after, kept, hot)
				}
			})
		}
	}
}
