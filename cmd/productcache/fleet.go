package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"productcache/internal/admin"
	"productcache/internal/binlog"
	"productcache/internal/cache"
	"productcache/internal/document"
	"productcache/internal/store"
	"productcache/internal/tier"
)

// fleetFlags declares the flags of the second tier.
func (c *Config) fleetFlags(fs *flag.FlagSet) {
	fs.StringVar(&c.L2, "l2", "", "`URL` of a Redis or Valkey that the nodes of a fleet share: redis://HOST:PORT, rediss:// for TLS, unix:///PATH; more addresses of a Cluster after commas, ?master_set=NAME for sentinels")
	fs.StringVar(&c.L2AuthFile, "l2-auth-file", "", "`file` with the password of -l2, or USER:PASSWORD")
	fs.StringVar(&c.L2Prefix, "l2-prefix", "productcache", "what all names in -l2 begin with, a `word`: fleets with different ones know nothing of one another")
	fs.StringVar(&c.L2Node, "l2-node", "", "`name` of this node for the others; default is the name of the machine and the port of -listen")
	durationVar(fs, &c.L2Timeout, "l2-timeout", 10*time.Millisecond, "`time` that a request waits for -l2 at most; where it is over, MySQL is asked")
	durationVar(fs, &c.L2Warm, "l2-warm", 10*time.Second, "at the start, `time` for which the node may fill itself from -l2 before it is ready; 0: it does not")
}

// fleet is this node among others: the second tier between memory and MySQL.
type fleet struct {
	*service
	tier   *tier.Tier[doc]
	warmed atomic.Bool   // or given up
	caught chan struct{} // closed when the follower has begun, and knows what it has missed
}

// openFleet begins to connect, if -l2 is given.
func (s *service) openFleet() error {
	if s.config.L2 == "" {
		return nil
	}
	servers, err := s.config.servers()
	if err != nil {
		return err
	}
	f := &fleet{service: s, caught: make(chan struct{})}
	o := tier.Options[doc]{
		Servers: servers, Prefix: s.config.L2Prefix, Node: s.config.nodeName(), Timeout: s.config.L2Timeout,
		Lease: s.config.MySQLQueryTimeout + leaseSlack, Confirm: purgeConfirm,
		Slots: s.config.MySQLMaxConns, BatchKeys: s.config.BatchKeys, LoadTimeout: s.config.RequestTimeout, MaxBytes: int(s.config.MaxEntryBytes),
		Splittable: store.Splittable,
		Append:     func(dst []byte, d doc) []byte { return d.AppendCompact(dst) },
		Decode:     func(b []byte) (doc, error) { return document.UnmarshalCompact(b, int(s.config.MaxEntryBytes)) },
		Versions:   f.versions, Spelling: f.spelling,
		Since: f.since, Purged: f.purged, Distrust: f.distrust, Logger: s.log,
	}
	if s.config.FollowBinlog {
		o.Followed = f.followedTo
		o.Position = func() string {
			if follower := s.follower.Load(); follower != nil {
				return follower.Bookmark()
			}
			return ""
		}
	}
	if f.tier, err = tier.New(o); err != nil {
		return fmt.Errorf("-l2: %w", err)
	}
	f.warmed.Store(s.config.L2Warm == 0)
	s.fleet, s.front.fleet = f, f
	return nil
}

const (
	// leaseSlack is how long after its query's limit a load may take to be stored.
	leaseSlack = 500 * time.Millisecond
	// purgeConfirm is how long a purge waits for the other nodes.
	purgeConfirm = time.Second
)

// servers are those of -l2.
func (c *Config) servers() (tier.Servers, error) {
	s := tier.Servers{URL: c.L2}
	if c.L2AuthFile == "" {
		return s, nil
	}
	secret, err := readSecret("-l2-auth-file", c.L2AuthFile)
	if user, password, named := strings.Cut(secret, ":"); named {
		s.User, s.Password = user, password
	} else {
		s.Password = secret
	}
	return s, err
}

// nodeName is what other nodes call this one.
func (c *Config) nodeName() string {
	if c.L2Node != "" {
		return c.L2Node
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	first := addresses(c.Listen)[0]
	return host + first[strings.LastIndexByte(first, ':'):]
}

// share gives a lookup its values in the tier. It is called again when its definition changes.
func (f *fleet) share(p *place, l *lookup) {
	definition := l.Lookup
	p.shared.Store(&tier.Lookup[doc]{
		Name:    l.Name,
		Version: f.version(l),
		Ages: func() (value, absence time.Duration) {
			lt := p.cached.Lifetimes()
			return time.Duration(float64(lt.TTL) * (1 - lt.Jitter)), lt.NegativeTTL
		},
		Load: func(ctx context.Context, keys []string) ([]tier.Loaded[doc], error) {
			loaded, err := f.read(ctx, definition, keys)
			out := make([]tier.Loaded[doc], len(loaded))
			for i, r := range loaded {
				out[i] = tier.Loaded[doc]{Value: r.Value, Found: r.Found}
			}
			return out, err
		},
	})
}

// version is the same for lookups of which one's documents are the other's: nodes share what comes from one MySQL alone.
func (f *fleet) version(l *lookup) string {
	fingerprint := l.fingerprint(f.store.Endpoint().Schema)
	sum := sha256.Sum256(append(fingerprint[:], f.warm.source()...))
	return hex.EncodeToString(sum[:6])
}

// versions are those of the lookups that are served.
func (f *fleet) versions() map[string]tier.Version {
	versions := make(map[string]tier.Version)
	if served := f.front.served.Load(); served != nil {
		for name, l := range served.lookups {
			shared := l.shared.Load()
			value, absence := shared.Ages()
			versions[name] = tier.Version{Version: shared.Version, Life: max(value, absence)}
		}
	}
	return versions
}

// spelling returns keys as this node spells them: by another node's catalog they may be spelt otherwise. What is no key here is left out.
func (f *fleet) spelling(lookup string, keys []string) (own []string) {
	served := f.front.served.Load()
	if served == nil || served.lookups[lookup] == nil {
		return nil
	}
	for _, key := range keys {
		if canonical, err := served.lookups[lookup].ParseKey(key); err == nil {
			own = append(own, canonical)
		}
	}
	return own
}

// load is a load function of the cache.
func (f *fleet) load(ctx context.Context, l *tier.Lookup[doc], keys []string) ([]cache.Loaded[doc], error) {
	from := f.tier.Load
	if value, _ := l.Ages(); cache.WantsOriginal(ctx) || value <= 0 {
		from = f.tier.Original
	}
	loaded := make([]cache.Loaded[doc], len(keys))
	failed := 0
	for i, r := range from(ctx, l, keys) {
		loaded[i] = cache.Loaded[doc]{Value: r.Value, Found: r.Found, Copied: r.Copied, Age: r.Age, Err: r.Err}
		if r.Err != nil {
			failed++
		}
	}
	if failed == len(keys) && !store.Splittable(loaded[0].Err) {
		return nil, loaded[0].Err
	}
	return loaded, nil
}

// spread returns what has all nodes do a purge. It returns who has not confirmed it.
func (f *fleet) spread(l *lookup) func(ctx context.Context, mode cache.PurgeMode, all bool, keys []string, local func()) []string {
	return func(ctx context.Context, mode cache.PurgeMode, all bool, keys []string, local func()) []string {
		return f.tier.Purge(ctx, tier.Purge{Lookup: l.Name, Keys: keys, All: all, Remove: mode == cache.PurgeRemove}, local)
	}
}

// invalidate takes away what the binlog says has changed.
func (f *fleet) invalidate(l *lookup, keys []string) {
	f.tier.Invalidate(l.Name, keys)
}

func (f *fleet) invalidateAll(l *lookup) {
	select {
	case <-f.caught:
		f.tier.InvalidateAll(l.Name)
	default: // since this node has begun
		f.tier.BeginFollowing(l.Name, placeInBinlog(f.follower.Load().Stats().Position))
	}
}

// followedTo is up to where in the binlog all is invalidated, "" while it is not followed.
func (f *fleet) followedTo() string {
	follower := f.follower.Load()
	select {
	case <-f.caught:
	default:
		return ""
	}
	of := follower.Stats()
	if of.State != binlog.Following {
		return ""
	}
	return placeInBinlog(of.Applied)
}

// placeInBinlog is a position as text that grows with it, on one server, "" if it has none.
func placeInBinlog(position string) string {
	m := filePosition.FindStringSubmatch(position)
	if m == nil {
		return ""
	}
	return fmt.Sprintf("%020s:%020s", m[1], m[2])
}

// filePosition has the number of a file, and the offset in it.
var filePosition = regexp.MustCompile(`\.(\d{1,20}):(\d{1,20})\)?$`)

// caughtUp says that the follower has begun. It is called once.
func (f *fleet) caughtUp() { close(f.caught) }

// purged does what another node was told.
func (f *fleet) purged(p tier.Purge) {
	served := f.front.served.Load()
	if served == nil || served.lookups[p.Lookup] == nil {
		return
	}
	l, mode := served.lookups[p.Lookup], cache.PurgeStale
	if p.Remove {
		mode = cache.PurgeRemove
	}
	if p.All {
		l.cached.PurgeAll(mode)
	} else {
		p.Keys = f.spelling(p.Lookup, p.Keys)
		l.cached.Purge(mode, p.Keys...)
	}
	if p.All || len(p.Keys) > 0 {
		_ = f.warm.noted(p.Lookup)(mode, p.All, p.Keys) // it has logged what is wrong
	}
}

// distrust makes everything in memory stale.
func (f *fleet) distrust() {
	if served := f.front.served.Load(); served != nil {
		for name, l := range served.lookups {
			l.cached.PurgeAll(cache.PurgeStale)
			_ = f.warm.noted(name)(cache.PurgeStale, true, nil)
		}
	}
}

// since is up to when what came back from the snapshot was told of purges.
func (f *fleet) since(ctx context.Context) time.Time {
	select {
	case <-f.front.opened:
	case <-ctx.Done():
	}
	if !f.warm.await(ctx) || f.warm.restore == nil {
		return time.Time{}
	}
	return f.warm.savedAt
}

// notReady says why traffic should not come yet.
func (f *fleet) notReady() []string {
	if f == nil || f.warmed.Load() {
		return nil
	}
	return []string{"memory is being filled from the second tier"}
}

// stats are what metrics and the console say of the tier.
func (f *fleet) stats() admin.TierStats {
	of := f.tier.Stats()
	return admin.TierStats{Usable: of.Usable, Trouble: of.Trouble, Nodes: of.Nodes, Hits: of.Hits, Absences: of.Absences, Waited: of.Waited,
		Loaded: of.Loaded, Away: of.Away, Stored: of.Stored, Unstored: of.Unstored, Broken: of.Broken, Invalidated: of.Invalidated, Heard: of.Heard,
		Distrusted: of.Distrusted, Failures: of.Failures, Exchanges: of.Exchanges, Waiting: of.Waiting}
}

func (f *fleet) close() error {
	if f == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.config.MySQLQueryTimeout+time.Second)
	defer cancel()
	return f.tier.Close(ctx)
}
