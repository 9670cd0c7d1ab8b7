package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"productcache/internal/admin"
)

// tuning is the settings in force: those of the start, and what was changed
// since.
type tuning struct {
	config   atomic.Pointer[Config] // never changed in place
	changing sync.Mutex             // held by a change, which is one as a whole, and by a reload
	living   sync.Mutex             // held while lifetimes are set: the last to come knows all that was before
}

// tunable are the settings that can be changed while the service runs.
var tunable = []string{"cache-bytes", "cache-entries", "ttl", "stale-while-revalidate", "stale-if-error", "negative-ttl", "log-level"}

// maxComplaints bounds what is said about one change: it may name a hundred thousand settings.
const maxComplaints = 20

// tuned returns the settings in force.
func (s *service) tuned() *Config { return s.tuning.config.Load() }

// Settings implements admin.Settings.
func (s *service) Settings() []admin.Setting { return s.tuned().report(s.following.Load()) }

// Change implements admin.Settings. A smaller cache has been evicted down when
// it returns.
func (s *service) Change(values map[string]string) ([]admin.Change, error) {
	s.tuning.changing.Lock()
	defer s.tuning.changing.Unlock()
	before := s.tuned()
	after, err := before.with(values)
	if err != nil {
		return nil, err
	}
	changes := differences(before.report(s.following.Load()), after.report(s.following.Load()))
	s.tuning.config.Store(after)
	after.level.Set(after.LogLevel)
	s.setLifetimes()
	for _, c := range changes {
		s.log.Info("setting changed", "setting", c.Name, "old", c.Old, "new", c.New)
	}
	return changes, s.cache.SetLimits(int64(after.CacheBytes), after.CacheEntries)
}

// setLifetimes gives every lookup the lifetimes that it has by its catalog, the
// settings in force, and whether the binlog is followed.
func (s *service) setLifetimes() {
	s.tuning.living.Lock()
	defer s.tuning.living.Unlock()
	served := s.front.served.Load()
	if served == nil {
		return
	}
	for _, l := range served.lookups {
		if err := l.cached.SetLifetimes(s.tuned().lifetimes(l.Lifetimes, s.following.Load())); err != nil {
			s.log.Error("cannot change lifetimes", "lookup", l.Name, "error", err) // validated with the flags
		}
	}
}

// with returns the settings with some of them changed. The error holds one
// message for each broken rule; then nothing is changed.
func (c *Config) with(values map[string]string) (*Config, error) {
	next := *c
	next.settings = slices.Clone(c.settings)
	fs := next.flagSet()
	var broken []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := next.set(fs, name, values[name]); err != nil {
			broken = append(broken, err)
		}
	}
	if more := len(broken) - maxComplaints; more > 0 {
		broken = append(broken[:maxComplaints], fmt.Errorf("and %d more", more))
	}
	if len(broken) > 0 {
		return nil, errors.Join(broken...)
	}
	if err := next.Validate("serve"); err != nil {
		return nil, err
	}
	return &next, nil
}

// set changes one setting, declared on fs.
func (c *Config) set(fs *flag.FlagSet, name, value string) error {
	f := fs.Lookup(name)
	switch {
	case f == nil || name == "version":
		return fmt.Errorf("there is no setting %.100q", name)
	case !slices.Contains(tunable, name):
		return fmt.Errorf("-%s cannot be changed while the service runs: it needs a restart", name)
	}
	if err := f.Value.Set(value); err != nil {
		return fmt.Errorf("invalid value %.100q for -%s: %w", value, name, brief(err))
	}
	at := slices.IndexFunc(c.settings, func(s setting) bool { return s.Name == name })
	c.settings[at].Source = "admin"
	c.ttlGiven = c.ttlGiven || name == "ttl"
	return nil
}

// flagSet declares every flag on a set of its own, over the values that c has.
func (c *Config) flagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	values := *c
	c.flags(fs) // which sets the defaults
	*c = values
	return fs
}

// report returns every setting as it is in force.
func (c *Config) report(following bool) (settings []admin.Setting) {
	now := *c
	fs := now.flagSet()
	now.TTL = c.ttl(following)
	for _, s := range c.settings {
		if s.Name == "version" {
			continue
		}
		f := fs.Lookup(s.Name)
		_, help := flag.UnquoteUsage(f)
		settings = append(settings, admin.Setting{
			Name:    s.Name,
			Value:   masked(s.Name, f.Value.String()),
			Default: f.DefValue,
			Source:  s.Source,
			Runtime: slices.Contains(tunable, s.Name),
			Help:    help,
			Secret:  s.Name == secretFlag,
		})
	}
	return settings
}

// differences returns what has another value, of two reports.
func differences(before, after []admin.Setting) []admin.Change {
	changes := []admin.Change{}
	for i, s := range after {
		if old := before[i].Value; s.Value != old {
			changes = append(changes, admin.Change{Name: s.Name, Old: old, New: s.Value})
		}
	}
	return changes
}
