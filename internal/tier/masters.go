package tier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/rueidis"
)

// checkMasters begins a new epoch of all if a master answers that was not one when the fleet looked last: it was restarted, from
// whatever it had written down, or it was a replica, which may not have been told all. Both are told by run_id, which a process
// of Redis has for its life (https://redis.io/docs/latest/commands/info).
func (t *Tier[V]) checkMasters(ctx context.Context, c rueidis.Client) error {
	masters, err := runningMasters(ctx, c)
	if err != nil {
		return err
	}
	known, err := c.Do(ctx, c.B().Smembers().Key(t.shared("masters")).Build()).AsStrSlice()
	if err != nil {
		return err
	}
	slices.Sort(known)
	if slices.Equal(masters, known) {
		return nil
	}
	if slices.ContainsFunc(masters, func(id string) bool { return !slices.Contains(known, id) }) {
		t.options.Logger.Info("the second tier has a server that was no master before: what it holds is not trusted", "masters", len(masters))
		if err := t.beginEpoch(ctx, c, allField); err != nil {
			return err
		}
	}
	for _, r := range c.DoMulti(ctx, c.B().Del().Key(t.shared("masters")).Build(), c.B().Sadd().Key(t.shared("masters")).Member(masters...).Build()) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}

// runningMasters returns the run_id of each master, sorted.
func runningMasters(ctx context.Context, c rueidis.Client) (ids []string, err error) {
	err = eachServer(ctx, c, func(ctx context.Context, node rueidis.Client) error {
		info, err := node.Do(ctx, node.B().Info().Section("everything").Build()).ToString()
		if err == nil && infoField(info, "role") == "master" {
			ids = append(ids, infoField(info, "run_id"))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return nil, fmt.Errorf("tier: no server is a master")
	}
	return ids, nil
}

func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
