package tier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// server is one of Redis, as it was when it was asked.
type server struct {
	address string
	client  rueidis.Client
	master  bool
	id      string // run_id, which a process has for its life (https://redis.io/docs/latest/commands/info)
}

// serverPatience is how long one server of several may take.
const serverPatience = time.Second

var (
	errNoMaster  = errors.New("tier: no server is a master")
	errNewMaster = errors.New("tier: a server is a master that was none before")
)

// servers asks each what it is. It fails where all fail: of a Cluster, one that is dead is still known when another one
// has taken its place. whole says that all have answered.
func (t *Tier[V]) servers(ctx context.Context, c rueidis.Client) (servers []server, whole bool, err error) {
	whole = true
	replicas := map[string]bool{}
	for address, client := range c.Nodes() {
		of, e := lookAt(ctx, address, client)
		if e != nil {
			whole, err = false, fmt.Errorf("tier: %s: %w", address, e)
			replicas[address] = t.touch.isReplica(address) // as it was
			continue
		}
		servers = append(servers, of)
		replicas[address] = !of.master
	}
	if len(servers) == 0 && err != nil {
		return nil, false, err
	}
	t.touch.replicas.Store(&replicas)
	return servers, whole, nil
}

func lookAt(ctx context.Context, address string, client rueidis.Client) (server, error) {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	info := ""
	for _, r := range client.DoMulti(ctx, client.B().Info().Section("server").Build(), client.B().Info().Section("replication").Build()) {
		text, err := r.ToString()
		if err != nil {
			return server{}, err
		}
		info += text
	}
	return server{address: address, client: client, master: infoField(info, "role") == "master", id: infoField(info, "run_id")}, nil
}

// mastersOf returns those that are masters.
func mastersOf(servers []server) ([]server, error) {
	masters := slices.DeleteFunc(slices.Clone(servers), func(of server) bool { return !of.master })
	if len(masters) == 0 {
		return nil, errNoMaster
	}
	return masters, nil
}

// knownMasters returns the masters, or errNewMaster if one of them was none when the fleet looked last.
func (t *Tier[V]) knownMasters(ctx context.Context, c rueidis.Client) ([]server, error) {
	known, err := c.Do(ctx, c.B().Smembers().Key(t.shared("masters")).Build()).AsStrSlice()
	if err != nil {
		return nil, err
	}
	servers, _, err := t.servers(ctx, c)
	if err != nil {
		return nil, err
	}
	masters, err := mastersOf(servers)
	if err == nil && slices.ContainsFunc(masters, func(of server) bool { return !slices.Contains(known, of.id) }) {
		err = errNewMaster
	}
	return masters, err
}

// checkMasters begins a new epoch of all if a master answers that was not one when the fleet looked last: it was restarted, from
// whatever it had written down, or it was a replica, which may not have been told all.
func (t *Tier[V]) checkMasters(ctx context.Context, c rueidis.Client) error {
	servers, whole, err := t.servers(ctx, c)
	if err != nil {
		return err
	}
	masters, err := mastersOf(servers)
	if err != nil {
		return err
	}
	known, err := c.Do(ctx, c.B().Smembers().Key(t.shared("masters")).Build()).AsStrSlice()
	if err != nil {
		return err
	}
	var ids, added, gone []string
	for _, of := range masters {
		if ids = append(ids, of.id); !slices.Contains(known, of.id) {
			added = append(added, of.id)
		}
	}
	if whole { // else one that is gone may be one that only did not answer
		gone = slices.DeleteFunc(known, func(id string) bool { return slices.Contains(ids, id) })
	}
	if len(added) > 0 {
		if len(known) > 0 {
			t.options.Logger.Info("the second tier has a server that was no master before: what it holds is not trusted", "masters", len(masters))
		}
		if err := t.beginEpoch(ctx, c, allField); err != nil {
			return err
		}
		t.members.newServers()
		if err := c.Do(ctx, c.B().Sadd().Key(t.shared("masters")).Member(added...).Build()).Error(); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		return c.Do(ctx, c.B().Srem().Key(t.shared("masters")).Member(gone...).Build()).Error()
	}
	return nil
}

func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
