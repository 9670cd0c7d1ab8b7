package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"productcache/internal/binlog"
	"productcache/internal/catalog"
	"productcache/internal/store"
)

// errFindings is the failure of check: what was found is printed already.
var errFindings = errors.New("the catalog does not fit the database")

// check runs and EXPLAINs every query of the catalog.
func check(ctx context.Context, c *Config, out io.Writer, log *slog.Logger) (err error) {
	db, err := openStore(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	checked, err := c.checkable(ctx, db)
	if err != nil {
		return err
	}
	findings, err := db.Check(ctx, checked)
	if err != nil {
		return err
	}
	err = report(out, len(checked.Lookups), findings)
	if c.FollowBinlog {
		err = errors.Join(err, checkBinlog(ctx, db, out))
	}
	return err
}

// report prints what was found about so many lookups, and how many are beyond doubt.
func report(out io.Writer, lookups int, findings []store.Finding) error {
	failed, doubtful := false, map[string]bool{}
	for _, f := range findings {
		fmt.Fprintln(out, f)
		failed = failed || !f.Warning
		doubtful[f.Lookup] = true
	}
	if failed {
		return errFindings
	}
	if fine := lookups - len(doubtful); fine > 0 {
		fmt.Fprintln(out, count(fine, "lookup is fine", "lookups are fine"))
	}
	if len(doubtful) > 0 {
		fmt.Fprintln(out, count(len(doubtful), "lookup works, with warnings", "lookups work, with warnings"))
	}
	return nil
}

func count(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", several)
}

// checkBinlog tries whether the database can be followed.
func checkBinlog(ctx context.Context, db *store.Store, out io.Writer) error {
	warnings, err := binlog.Check(ctx, endpoint(db))
	for _, text := range warnings {
		fmt.Fprintln(out, "-follow-binlog: warning:", text)
	}
	if err == nil {
		fmt.Fprintln(out, "the binlog can be followed")
	}
	return err
}

func (c *Config) checkable(ctx context.Context, db *store.Store) (*catalog.Catalog, error) {
	if c.Table == "" {
		return readCatalog(c.Catalog)
	}
	column, keyType, err := db.PrimaryKey(ctx, c.Table)
	if err != nil {
		return nil, fmt.Errorf("-table %s: %w", c.Table, err)
	}
	return catalog.SingleTable(c.Table, column, keyType), nil
}

// starter writes a starter catalog.
func starter(ctx context.Context, c *Config, out io.Writer, log *slog.Logger) (err error) {
	db, err := openStore(c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	text, err := db.Starter(ctx)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}
