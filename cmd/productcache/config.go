package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"
)

// Config is every setting of the program. Its flags say what each means.
type Config struct {
	Listen         string
	AdminListen    string
	AdminTokenFile string
	MySQLDSN       string
	MySQLDSNFile   string
	Catalog        string
	Table          string
	FollowBinlog   bool
	AuditRate      float64

	CacheBytes           size
	CacheEntries         int
	Eviction             string
	MaxEntryBytes        size
	TTL                  time.Duration
	TTLJitter            float64
	StaleWhileRevalidate time.Duration
	StaleIfError         time.Duration
	NegativeTTL          time.Duration
	NegativeEntries      int

	MySQLMaxConns     int
	MaxResultBytes    size
	MySQLQueryTimeout time.Duration
	BatchKeys         int
	MaxKeys           int
	MaxWaiting        int
	RequestTimeout    time.Duration
	ClientMaxAge      time.Duration
	HonorNoCache      bool
	FastPath          bool
	ShutdownTimeout   time.Duration
	L2, L2AuthFile    string
	L2Prefix, L2Node  string
	L2Timeout, L2Warm time.Duration
	Snapshot          string
	SnapshotInterval  time.Duration
	LogFormat         string
	LogLevel          slog.Level
	LogRequests       float64
	TLSCert, TLSKey   string
	Version           bool

	ttlGiven bool           // -ttl is not the default
	settings []setting      // every flag with its value and source, for the log
	level    *slog.LevelVar // LogLevel for the log, whose level changes with it
}

// flags declares every flag on fs.
func (c *Config) flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "`addresses` of the public API: host:port, unix:PATH or systemd:NAME (sockets that systemd hands over), several with commas")
	fs.StringVar(&c.AdminListen, "admin-listen", "127.0.0.1:8081", "`addresses` of the admin API: console, metrics, health, purge")
	fs.StringVar(&c.AdminTokenFile, "admin-token-file", "", "`file` with the bearer token that changes on the admin API need; without it they are allowed from loopback and Unix sockets only")
	fs.StringVar(&c.MySQLDSN, "mysql-dsn", "", "`DSN` of the database: user:password@tcp(host:3306)/shop; better from a file or the environment: an argument is visible to all users of the machine until it is overwritten, at the start")
	fs.StringVar(&c.MySQLDSNFile, "mysql-dsn-file", "", "`file` with the DSN")
	fs.StringVar(&c.Catalog, "catalog", "", "catalog `file` that says what is served")
	fs.StringVar(&c.Table, "table", "", "serve this `table` by its primary key, all columns, instead of a catalog")
	fs.BoolVar(&c.FollowBinlog, "follow-binlog", false, "follow the binlog of -mysql-dsn: a committed change is served at once, as the catalog's changed_by says")
	fs.Float64Var(&c.AuditRate, "audit-rate", 1, "`number` of random entries a second that are compared with MySQL when it has nothing else to do; 0: none")
	c.cacheFlags(fs)
	c.loadFlags(fs)
	fs.BoolVar(&c.FastPath, "fast-path", true, "answer plain GETs for lookups without net/http, which costs less; nothing else differs; TLS never does")
	durationVar(fs, &c.ShutdownTimeout, "shutdown-timeout", 10*time.Second, "after a signal, `time` for requests to end")
	c.snapshotFlags(fs)
	c.fleetFlags(fs)
	fs.StringVar(&c.LogFormat, "log-format", "text", "`format` of the log: text or json")
	fs.TextVar((*level)(&c.LogLevel), "log-level", level(slog.LevelInfo), "least `level` logged: debug, info, warn or error")
	fs.Float64Var(&c.LogRequests, "log-requests", 0, "`share` of the answered requests that get a line in the log each, 0 to 1: 0.01 is one in a hundred, chosen at random")
	fs.StringVar(&c.TLSCert, "tls-cert", "", "certificate `file`: the public API is served by TLS")
	fs.StringVar(&c.TLSKey, "tls-key", "", "key `file` of -tls-cert")
	fs.BoolVar(&c.Version, "version", false, "print the version and exit")
}

func (c *Config) cacheFlags(fs *flag.FlagSet) {
	c.CacheBytes, c.MaxEntryBytes = 256<<20, 1<<20
	fs.Var(&c.CacheBytes, "cache-bytes", "bound of the memory of all entries: keys, values and overhead, a `size` such as 64MiB")
	fs.IntVar(&c.CacheEntries, "cache-entries", 0, "bound of the `number` of entries; 0: none but -cache-bytes")
	fs.StringVar(&c.Eviction, "eviction", "adaptive", "`rule` by which entries leave a full cache: adaptive, lru, 2q or tinylfu")
	fs.Var(&c.MaxEntryBytes, "max-entry-bytes", "an answer above this `size` is served, but not stored")
	durationVar(fs, &c.TTL, "ttl", 5*time.Minute, "`lifetime` of an entry; a catalog may set its own; where it is not given, 1h while the binlog is followed")
	fs.Float64Var(&c.TTLJitter, "ttl-jitter", 0.1, "shortens each key's lifetime by up to this `share`, 0 to 1, so that entries loaded together do not expire together")
	durationVar(fs, &c.StaleWhileRevalidate, "stale-while-revalidate", 30*time.Second, "after -ttl, `time` for which the old entry is served while a new one is loaded")
	durationVar(fs, &c.StaleIfError, "stale-if-error", 24*time.Hour, "after -ttl, `time` for which the old entry is served if MySQL fails")
	durationVar(fs, &c.NegativeTTL, "negative-ttl", 10*time.Second, "`time` for which a key without a row is remembered; 0: not at all")
	fs.IntVar(&c.NegativeEntries, "negative-entries", 100000, "`number` of keys without a row remembered, apart from -cache-bytes")
}

func (c *Config) loadFlags(fs *flag.FlagSet) {
	fs.IntVar(&c.MySQLMaxConns, "mysql-max-conns", 8, "`number` of queries in MySQL at the same time, abandoned ones included")
	durationVar(fs, &c.MySQLQueryTimeout, "mysql-query-timeout", 2*time.Second, "`time` after which the server stops a query")
	c.MaxResultBytes = 16 << 20
	fs.Var(&c.MaxResultBytes, "max-result-bytes", "what is read of the rows for one batch at most, a `size`; a batch above it is tried again in halves, a single key is not answered, and tried again after half a minute or when it is invalidated")
	fs.IntVar(&c.BatchKeys, "batch-keys", 100, "`number` of keys in one query at most")
	fs.IntVar(&c.MaxKeys, "max-keys", 100, "`number` of keys in one request at most")
	fs.IntVar(&c.MaxWaiting, "max-waiting", 10000, "`number` of keys being loaded, and of waits for them, beyond which requests get 503")
	durationVar(fs, &c.RequestTimeout, "request-timeout", 5*time.Second, "`time` after which a request that waits for MySQL gets 504, or a stale entry")
	durationVar(fs, &c.ClientMaxAge, "client-max-age", 0, "`max-age` in answers, for clients that may keep them unasked; 0: no-cache")
	fs.BoolVar(&c.HonorNoCache, "honor-no-cache", false, "a request's Cache-Control: no-cache forces a load")
}

// followedTTL is the default of -ttl while the binlog is followed.
const followedTTL = time.Hour

// parseConfig reads flags from args and, for those not given, from the
// environment.
func parseConfig(command string, args []string, lookupEnv func(string) (string, bool), stderr io.Writer) (*Config, error) {
	c := &Config{level: new(slog.LevelVar)}
	fs := flag.NewFlagSet("productcache "+command, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	c.flags(fs)
	if where, found := misplacedDSN(args); found {
		return nil, fmt.Errorf("%s looks like a DSN, which is for -%s", where, secretFlag)
	}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		usage(fs, stderr)
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w; see -help", brief(err))
	}
	if fs.NArg() > 0 {
		return nil, unexpected(fs.Arg(0))
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if err := c.fromEnvironment(fs, given, lookupEnv); err != nil {
		return nil, err
	}
	if c.Version {
		return c, nil
	}
	return c, c.Validate(command)
}

// unexpected is the error of an argument that is of no flag.
func unexpected(argument string) error {
	if ext := filepath.Ext(argument); ext == ".yaml" || ext == ".yml" {
		return fmt.Errorf("unexpected argument %.100q: is it the catalog? give -catalog before it", argument)
	}
	return fmt.Errorf("unexpected argument %.100q; see -help", argument)
}

// rivals are settings of which there may be one only: the flag of one beats the variable of the other too.
var rivals = map[string]string{"mysql-dsn": "mysql-dsn-file", "mysql-dsn-file": "mysql-dsn", "catalog": "table", "table": "catalog"}

// fromEnvironment sets the flags that were not given, and notes every
// setting's source.
func (c *Config) fromEnvironment(fs *flag.FlagSet, given map[string]bool, lookupEnv func(string) (string, bool)) error {
	var broken []error
	fs.VisitAll(func(f *flag.Flag) {
		source := "default"
		value, set := lookupEnv(envName(f.Name))
		switch {
		case given[f.Name]:
			source = "flag"
		case !set, f.Name == "version":
		case isMisplaced(f.Name, value):
			broken = append(broken, fmt.Errorf("%s looks like a DSN, which is for %s", envName(f.Name), envName(secretFlag)))
		case given[rivals[f.Name]]: // which beats the variable
		default:
			source = "environment"
			if err := fs.Set(f.Name, value); err != nil {
				broken = append(broken, fmt.Errorf("invalid value %.100q for %s: %w", masked(f.Name, value), envName(f.Name), brief(err)))
			}
		}
		c.ttlGiven = c.ttlGiven || f.Name == "ttl" && source != "default"
		c.settings = append(c.settings, setting{f.Name, masked(f.Name, f.Value.String()), source})
	})
	return errors.Join(broken...)
}

// envName is the environment variable of a flag: PRODUCTCACHE_CACHE_BYTES for
// cache-bytes.
func envName(name string) string {
	return "PRODUCTCACHE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func usage(fs *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, `usage: productcache [flags]         serve
       productcache check [flags]   run and EXPLAIN every query of the catalog
       productcache init [flags]    write a starter catalog to standard output
       productcache health [flags]  ask the service at -admin-listen whether it is alive

Each flag may also be set in the environment: -cache-bytes by PRODUCTCACHE_CACHE_BYTES.

`)
	fs.SetOutput(w)
	fs.PrintDefaults()
}

// setting is a flag's value in force and where it comes from.
type setting struct{ Name, Value, Source string }

func newLogger(c *Config, w io.Writer) *slog.Logger {
	c.level.Set(c.LogLevel)
	options := &slog.HandlerOptions{Level: c.level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
