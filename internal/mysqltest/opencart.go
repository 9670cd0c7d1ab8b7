package mysqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// OpenCartVariable names the environment variable with the path of OpenCart's own schema and demo
// shop, as SQL. A relative path begins at the project's root, as does the default. The file is not
// part of the project: tests that want it skip where it is absent.
const OpenCartVariable = "PRODUCTCACHE_TEST_OPENCART"

const openCartDefault = "../shared/catalogs/opencart-3.0.4.1.sql"

// OpenCart creates a database with OpenCart's demo shop and returns its name, or skips the test.
func (s *Server) OpenCart(tb testing.TB) string {
	tb.Helper()
	path, err := OpenCartFile()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("skipped: OpenCart's demo shop is not at %s; %s may say where it is", path, OpenCartVariable)
	}
	db := s.Database(tb)
	if err := s.LoadOpenCart(context.Background(), db); err != nil {
		tb.Fatal(err)
	}
	return db
}

// LoadOpenCart fills an empty database with OpenCart's demo shop. Where there is none, the error is fs.ErrNotExist.
func (s *Server) LoadOpenCart(ctx context.Context, db string) error {
	path, err := OpenCartFile()
	if err != nil {
		return err
	}
	script, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := s.script(ctx, db, string(script)); err != nil {
		return fmt.Errorf("mysqltest: %s: %w", path, err)
	}
	return nil
}

// OpenCartFile returns the path of OpenCart's demo shop, whether or not there is a file.
func OpenCartFile() (string, error) {
	path := os.Getenv(OpenCartVariable)
	if path == "" {
		path = openCartDefault
	}
	if filepath.IsAbs(path) {
		return path, nil
	}
	root, err := projectRoot()
	return filepath.Join(root, path), err
}

// projectRoot finds the folder of go.mod: tests run in their packages' folders.
func projectRoot() (string, error) {
	folder, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("mysqltest: there is no go.mod in this folder or above it")
		}
		folder = parent
	}
	return "", err
}

// dashes are lines that are comments to OpenCart, but not all of them to MySQL.
var dashes = regexp.MustCompile(`(?m)^--.*$`)

// script sends many statements as OpenCart's installer does: without a sql_mode, for there are zero
// dates among them.
func (s *Server) script(ctx context.Context, db, text string) error {
	c := s.socketConfig(db)
	c.MultiStatements = true
	c.Params = map[string]string{"sql_mode": "''"}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	_, err = pool.ExecContext(ctx, dashes.ReplaceAllString(text, ""))
	return err
}
