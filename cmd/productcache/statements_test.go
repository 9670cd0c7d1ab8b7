package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// hostileRows are keys that a shop's own data may hold, each short enough for its column.
var hostileRows = []string{`a' OR '1'='1`, `x'); DROP TABLE canary; -- `, `\`, `a\`, `\' OR 1=1 -- `, `"`, `") OR ("a"="a`, "`", `/* */`, `:keys`, `?`, `%`,
	`' UNION SELECT v, v FROM canary -- `, "a' OR 1=1 -- \u00a5", `X'61'`, `_utf8mb4'a'`}

// TestNoStatementButTheCatalogs has rows with such keys followed by the binlog, found by find, saved and restored by a snapshot,
// audited and purged, on servers whose own reading of quotes and letters is another. By their general logs, no statement ran but
// those that ordinary keys make.
func TestNoStatementButTheCatalogs(t *testing.T) {
	for _, mode := range []string{"", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"} {
		for _, charset := range []string{"utf8mb4", "gbk"} {
			args := mysqltest.Args("--sql-mode="+mode, "--character-set-server="+charset, "--collation-server="+charset+"_bin", "--log-output=TABLE")
			t.Run("MariaDB "+charset+" "+mode, func(t *testing.T) {
				onlyStatements(t, mysqltest.MariaDB(t, mysqltest.Private(), mysqltest.Binlog(), args), charset)
			})
			t.Run("MySQL "+charset+" "+mode, func(t *testing.T) {
				onlyStatements(t, mysqltest.MySQL(t, mysqltest.Private(), mysqltest.Binlog(), args), charset)
			})
		}
	}
}

const hostileCatalog = `
lookups:
  named:
    key: k
    key_type: string
    query: SELECT k, v FROM named WHERE k IN (:keys)
    with:
      tags: {key: k, omit: [k], query: "SELECT k, tag FROM tags WHERE k IN (:keys)"}
    changed_by:
      named: {key: k}
      tags: {key: k}
  groups:
    rows: many
    key: tag
    key_type: string
    query: SELECT tag, k FROM tags WHERE tag IN (:keys) ORDER BY k
    changed_by:
      tags: {key: tag}
      named: {key: k, find: "SELECT tag FROM tags WHERE k IN (:keys)"}
`

func onlyStatements(t *testing.T, s *mysqltest.Server, charset string) {
	db := s.Database(t)
	s.Exec(t, db, "CREATE TABLE named (k VARCHAR(50) PRIMARY KEY, v INT)", "CREATE TABLE tags (k VARCHAR(50), tag VARCHAR(50), PRIMARY KEY (k, tag))",
		"CREATE TABLE canary (v VARCHAR(50))", "INSERT INTO canary VALUES ('c4nary')")
	usual := []string{"ordinary", "plain"}
	hostile := slices.DeleteFunc(slices.Clone(hostileRows), func(k string) bool {
		return charset == "gbk" && strings.Contains(k, "\u00a5") // a letter that gbk has not
	})
	pool := s.Open(t, db)
	for _, key := range append(slices.Clip(usual), hostile...) {
		_, err := pool.Exec("INSERT INTO named VALUES (?, 1)", key)
		if err == nil {
			_, err = pool.Exec("INSERT INTO tags VALUES (?, ?)", key, key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	flags := append(catalogFile(t, hostileCatalog), "-mysql-dsn", s.DSN(db), "-follow-binlog", "-snapshot", filepath.Join(t.TempDir(), "snapshot"), "-audit-rate", "1000")
	forms := statements(t, s, db, flags, usual)
	// The binlog's keys in gbk are not read: the whole lookup goes stale.
	if find := "SELECT tag FROM tags WHERE k IN (keys)"; !forms[find] && charset != "gbk" {
		t.Errorf("is the test blind? the log has no %s", find)
	}
	for form := range statements(t, s, db, flags, hostile) {
		if !forms[form] {
			t.Errorf("a statement of another form ran: %s", form)
		}
	}
	if got := s.Query(t, db, "SELECT v FROM canary"); len(got) != 1 || got[0][0] != "c4nary" {
		t.Errorf("the canary is %q", got)
	}
	if got, want := s.Query(t, db, "SELECT COUNT(*) FROM named")[0][0], fmt.Sprint(len(usual)+len(hostile)); got != want {
		t.Errorf("%s rows, want %s", got, want)
	}
}

// statements puts keys through all that there is, and returns the forms of what the service has sent meanwhile.
func statements(t *testing.T, s *mysqltest.Server, db string, flags, keys []string) map[string]bool {
	t.Helper()
	s.Exec(t, db, "TRUNCATE mysql.general_log", "SET GLOBAL general_log = 1")
	first := start(t, flags...)
	first.await("following", first.isFollowing)
	ownRows(t, first, keys)
	s.Exec(t, db, "UPDATE named SET v = v + 1")
	latest := `"v":` + s.Query(t, db, "SELECT MAX(v) FROM named")[0][0]
	first.await("the changes", func() bool {
		return !slices.ContainsFunc(keys, func(k string) bool {
			return !strings.Contains(first.get("/v1/named/"+url.PathEscape(k)).body, latest)
		})
	})
	for _, lookup := range []string{"named", "groups"} {
		body, err := json.Marshal(map[string]any{"lookup": lookup, "keys": keys})
		if err != nil {
			t.Fatal(err)
		}
		if a := first.do("POST", first.admin+"/api/purge", string(body), "Content-Type: application/json"); a.status != 200 {
			t.Errorf("purge: %d %s", a.status, a.body)
		}
	}
	ownRows(t, first, keys)
	first.end() // which writes the snapshot
	second := start(t, flags...)
	second.await("following again", second.isFollowing)
	ownRows(t, second, keys)
	second.end()
	s.Exec(t, db, "SET GLOBAL general_log = 0")
	return formsOf(t, s, db)
}

// ownRows asks for keys, and expects the row of each and no other.
func ownRows(t *testing.T, r *running, keys []string) {
	t.Helper()
	for _, key := range keys {
		for _, lookup := range []string{"named", "groups"} {
			a := r.get("/v1/" + lookup + "/" + url.PathEscape(key))
			body := a.body
			if lookup == "named" {
				body = "[" + body + "]"
			}
			var rows []struct{ K string }
			err := json.Unmarshal([]byte(body), &rows)
			if a.status != 200 || err != nil || len(rows) != 1 || rows[0].K != key {
				t.Errorf("%s of %q = %d %s, %v; want its one row", lookup, key, a.status, a.body, err)
			}
		}
	}
}

var (
	listOfKeys = regexp.MustCompile(`IN \((_utf8mb4 X'[0-9A-Fa-f]*',?)+\)`)
	figures    = regexp.MustCompile(`\d+(\.\d+)?`)
)

// formsOf returns the statements in the general log that the service's account has sent, without what keys and numbers they have.
// What the test does itself meanwhile, it does as root.
func formsOf(t *testing.T, s *mysqltest.Server, db string) map[string]bool {
	t.Helper()
	forms := map[string]bool{}
	for _, row := range s.Query(t, db, "SELECT command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE user_host LIKE '"+mysqltest.User+"[%'") {
		if row[0] == "Query" || row[0] == "Execute" || row[0] == "Prepare" {
			forms[figures.ReplaceAllString(listOfKeys.ReplaceAllString(row[1], "IN (keys)"), "0")] = true
		}
	}
	for _, want := range []string{"SELECT k, v FROM named WHERE k IN (keys)", "SELECT k, tag FROM tags WHERE k IN (keys)"} {
		if !forms[want] {
			t.Errorf("is the test blind? of %s nothing is in the log, but %v", want, forms)
		}
	}
	return forms
}
