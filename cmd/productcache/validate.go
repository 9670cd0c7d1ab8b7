package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"

	"productcache/internal/cache"
	"productcache/internal/tier"
)

// Validate reports every broken rule, one message each.
func (c *Config) Validate(command string) error {
	var broken []error
	rule := func(holds bool, message string, args ...any) {
		if !holds {
			broken = append(broken, fmt.Errorf(message, args...))
		}
	}
	rule(command == "health" || c.MySQLDSN != "" || c.MySQLDSNFile != "", "which database? give -mysql-dsn (or %s) or -mysql-dsn-file", envName("mysql-dsn"))
	rule(c.MySQLDSN == "" || c.MySQLDSNFile == "", "-mysql-dsn and -mysql-dsn-file exclude each other")
	if command == "serve" || command == "check" {
		rule(c.Catalog != "" || c.Table != "", "what to serve? give -catalog FILE or -table NAME; productcache init writes a catalog to start from")
		rule(c.Catalog == "" || c.Table == "", "-catalog and -table exclude each other")
	}
	rule(c.CacheBytes >= 1<<20, "-cache-bytes must be at least 1MiB, not %v", c.CacheBytes)
	rule(c.MaxEntryBytes > 0 && c.MaxEntryBytes < 1<<31, "-max-entry-bytes must be positive and below 2GiB, not %v", c.MaxEntryBytes)
	rule(c.MaxEntryBytes <= c.CacheBytes/4, "-max-entry-bytes must be at most a quarter of -cache-bytes, not %v of %v", c.MaxEntryBytes, c.CacheBytes)
	rule(c.MaxResultBytes >= 2*c.MaxEntryBytes, "-max-result-bytes must be at least twice -max-entry-bytes, not %v of %v: what may be stored must be readable", c.MaxResultBytes, c.MaxEntryBytes)
	rule(c.CacheEntries >= 0, "-cache-entries must not be negative, but is %d", c.CacheEntries)
	rule(cache.Eviction(c.Eviction).Validate() == nil, "-eviction must be adaptive, lru, 2q or tinylfu, not %.100q", c.Eviction)
	rule(c.TTL >= 0, "-ttl must not be negative, but is %v", c.TTL)
	rule(c.TTLJitter >= 0 && c.TTLJitter <= 1, "-ttl-jitter must be within 0 and 1, not %v", c.TTLJitter)
	rule(c.StaleWhileRevalidate >= 0, "-stale-while-revalidate must not be negative, but is %v", c.StaleWhileRevalidate)
	rule(c.StaleIfError >= 0, "-stale-if-error must not be negative, but is %v", c.StaleIfError)
	rule(c.NegativeTTL >= 0, "-negative-ttl must not be negative, but is %v", c.NegativeTTL)
	rule(c.NegativeEntries >= 0, "-negative-entries must not be negative, but is %d", c.NegativeEntries)
	rule(c.AuditRate >= 0 && c.AuditRate <= 1000, "-audit-rate must be within 0 and 1000, not %v", c.AuditRate)
	rule(c.MySQLMaxConns > 0, "-mysql-max-conns must be positive, not %d", c.MySQLMaxConns)
	rule(c.MySQLQueryTimeout > 0, "-mysql-query-timeout must be positive, not %v", c.MySQLQueryTimeout)
	rule(c.BatchKeys > 0, "-batch-keys must be positive, not %d", c.BatchKeys)
	rule(c.MaxKeys > 0, "-max-keys must be positive, not %d", c.MaxKeys)
	rule(c.MaxWaiting >= c.MaxKeys, "-max-waiting must be at least -max-keys, not %d of %d: no full request could be answered", c.MaxWaiting, c.MaxKeys)
	rule(c.RequestTimeout > 0, "-request-timeout must be positive, not %v", c.RequestTimeout)
	rule(c.ClientMaxAge >= 0, "-client-max-age must not be negative, but is %v", c.ClientMaxAge)
	rule(c.ShutdownTimeout >= 0, "-shutdown-timeout must not be negative, but is %v", c.ShutdownTimeout)
	rule(c.SnapshotInterval >= 0, "-snapshot-interval must not be negative, but is %v", c.SnapshotInterval)
	if c.L2 != "" {
		err := tier.Servers{URL: c.L2}.Validate()
		named := errors.Is(err, tier.ErrCredentials)
		rule(!named, "no user or password in -l2: put PASSWORD or USER:PASSWORD into a file and give -l2-auth-file")
		rule(named || err == nil, "-l2: %v", err)
	}
	rule(c.L2 != "" || c.L2AuthFile == "" && c.L2Node == "", "-l2-auth-file and -l2-node are of -l2, which is not given")
	rule(regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`).MatchString(c.L2Prefix), "-l2-prefix must be 1 to 64 letters, digits, dots, dashes and underscores, not %.100q", c.L2Prefix)
	rule(len(c.L2Node) <= 200, "-l2-node must be at most 200 bytes long")
	rule(c.L2Timeout > 0, "-l2-timeout must be positive, not %v", c.L2Timeout)
	rule(c.L2Warm >= 0, "-l2-warm must not be negative, but is %v", c.L2Warm)
	rule(c.LogFormat == "text" || c.LogFormat == "json", "-log-format must be text or json, not %.100q", c.LogFormat)
	rule(c.LogRequests >= 0 && c.LogRequests <= 1, "-log-requests must be within 0 and 1, not %v", c.LogRequests)
	rule((c.TLSCert == "") == (c.TLSKey == ""), "-tls-cert and -tls-key go together")
	for _, list := range []struct{ flag, addresses string }{{"listen", c.Listen}, {"admin-listen", c.AdminListen}} {
		for _, address := range addresses(list.addresses) {
			rule(validAddress(address), "-%s: %.100q is neither host:port nor unix:PATH nor systemd:NAME", list.flag, address)
		}
	}
	return errors.Join(broken...)
}

// addresses splits a list of listeners at its commas.
func addresses(list string) []string {
	var all []string
	for a := range strings.SplitSeq(list, ",") {
		all = append(all, strings.TrimSpace(a))
	}
	return all
}

// validAddress reports whether an address can be listened at. None that looks like a DSN is: no host, port or name has
// what makes it look so.
func validAddress(address string) bool {
	if looksLikeDSN(address) {
		return false
	}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return path != ""
	}
	if name, ok := strings.CutPrefix(address, systemdPrefix); ok {
		return name != ""
	}
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != ""
}

// dsn returns the DSN, from its flag or file.
func (c *Config) dsn() (string, error) {
	if c.MySQLDSNFile == "" {
		return c.MySQLDSN, nil
	}
	return readSecret("-mysql-dsn-file", c.MySQLDSNFile)
}

// readSecret reads a file of one line. Errors name the flag and the file, never
// the content.
func readSecret(flag, file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	secret := strings.TrimSpace(string(b))
	if secret == "" {
		return "", fmt.Errorf("%s: %s is empty", flag, file)
	}
	return secret, nil
}
