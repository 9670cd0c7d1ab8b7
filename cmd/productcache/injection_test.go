package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// injections are keys that would be more than keys, if they were pasted into a statement.
var injections = []string{
	`1 OR 1=1`, `1) OR (1=1`, `1); DROP TABLE canary; --`, `1;DELETE FROM canary`, `0 UNION SELECT 1,'c4nary'`, `1--`, `1/**/`, `1#`, `0x31`, `1e0`, `01`, `+1`, `-0`, "1\n", "1\x00",
	`a' OR 'a'='a`, `a') OR ('a'='a`, `a'; DROP TABLE canary; -- `, `a' UNION SELECT 'a','c4nary' -- `, `a\' OR 1=1 -- `, `\`, `\\`, `a\`, `'`, `''`, `"`, `a" OR "a"="a`, "`", "a`",
	`%27 OR 1=1`, `a%`, `_`, `${jndi}`, `:keys`, `a' /*!50000OR*/ 1=1`, `@@version`, `(SELECT 'a')`, `SLEEP(5)`, `a' AND SLEEP(5)='`,
	"\xbf' OR 1=1 -- ", "\xbf\\' OR 1=1 -- ", "\x81\\", "\xe5\\", "\x95\\' OR 1=1 -- ", "\u02bc", "\u2019", "\uff07", "a\x00' OR 1=1", "a\x1a' OR 1=1 -- ", "a\b'", "😀' OR 1=1",
	strings.Repeat(`'`, 200), strings.Repeat(`\`, 199),
}

// TestInjectionByEveryInput puts them wherever a stranger or an operator can put anything, with modes and character sets by which
// a quote may be read in another way. Only the row of a key is ever answered, and no statement runs
// but the catalog's and the service's own.
func TestInjectionByEveryInput(t *testing.T) {
	for _, server := range []func(testing.TB, ...mysqltest.Option) *mysqltest.Server{mysqltest.MariaDB, mysqltest.MySQL} {
		for _, session := range []string{"", "?sql_mode=%27NO_BACKSLASH_ESCAPES%27", "?sql_mode=%27ANSI_QUOTES%27"} {
			for _, charset := range []string{"utf8mb4", "gbk", "sjis", "big5"} {
				t.Run(session+" "+charset, func(t *testing.T) { injectEverywhere(t, server(t), session, charset) })
			}
		}
	}
}

func injectEverywhere(t *testing.T, s *mysqltest.Server, session, charset string) {
	db := s.Database(t)
	s.Exec(t, db,
		"CREATE TABLE numbered (k INT PRIMARY KEY, v VARCHAR(99))", "INSERT INTO numbered VALUES (1, 'one'), (2, 'two')",
		"CREATE TABLE named (k VARCHAR(99) CHARACTER SET "+charset+" PRIMARY KEY, v VARCHAR(99))", "INSERT INTO named VALUES ('a', 'letter'), ('b', 'another')",
		"CREATE TABLE canary (v VARCHAR(99))", "INSERT INTO canary VALUES ('c4nary')")
	query := func(table string) string { return "SELECT k, v FROM " + table + " WHERE k IN (:keys)" }
	flags := append(catalogFile(t, fmt.Sprintf(`
lookups:
  numbered: {key: k, key_type: integer, query: "%s"}
  named: {key: k, key_type: string, query: "%s"}
  folded: {key: k, key_type: string_ci, query: "%s"}
`, query("numbered"), query("named"), query("named"))), "-mysql-dsn", s.DSN(db)+session)
	r := start(t, flags...)
	s.Exec(t, db, "SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = 1")
	defer s.Exec(t, db, "SET GLOBAL general_log = 0")
	for _, lookup := range []string{"numbered", "named", "folded"} {
		for _, key := range injections {
			injected(t, r, lookup, key)
		}
	}
	if got := r.get("/v1/named/a"); got.status != 200 || !strings.Contains(got.body, `"letter"`) {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
	s.Exec(t, db, "SET GLOBAL general_log = 0")
	if got := s.Query(t, db, "SELECT v FROM canary"); len(got) != 1 || got[0][0] != "c4nary" {
		t.Errorf("the canary is %q", got)
	}
	ran := s.Query(t, db, "SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Execute', 'Prepare') AND argument LIKE '%canary%' AND argument NOT LIKE 'SELECT k, v FROM n%'")
	for _, row := range ran {
		if !strings.Contains(row[0], "general_log") {
			t.Errorf("a statement ran: %s", row[0])
		}
	}
	if n := s.Query(t, db, "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT k, v FROM named%'"); n[0][0] == "0" {
		t.Error("is the test blind? the log has no statement of the catalog")
	}
}

// injected asks for a key, one way and another, and has it purged.
func injected(t *testing.T, r *running, lookup, key string) {
	t.Helper()
	escaped := strings.ReplaceAll(url.PathEscape(key), ",", "%2C")
	for _, path := range []string{"/v1/" + lookup + "/" + escaped, "/v1/" + lookup + "?keys=" + url.QueryEscape(key), "/v1/" + lookup + "?keys=" + url.QueryEscape(key) + ",zzz",
		"/v1/" + lookup + "/" + escaped + "?page=" + url.QueryEscape(key), "/v1/" + escaped + "/1", "/v1/" + lookup + "/zzz?" + url.QueryEscape(key)} {
		a := r.get(path)
		if a.status == 500 || a.status == 200 && !strings.HasPrefix(a.body, `{"items":{},`) {
			t.Errorf("GET %s: %d %s", path, a.status, a.body)
		}
		for _, secret := range []string{"c4nary", "letter", "another", "one\"", "two\"", "SELECT", "syntax"} {
			if strings.Contains(a.body, secret) && !strings.Contains(key, secret) {
				t.Errorf("GET %s: %d %s", path, a.status, a.body)
			}
		}
	}
	keys, err := json.Marshal(map[string]any{"lookup": lookup, "keys": []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{
		r.do("POST", r.admin+"/api/purge", string(keys), "Content-Type: application/json"),
		r.do("POST", r.admin+"/api/purge", strings.Replace(string(keys), `"`+lookup+`"`, string(keys[len(`{"keys":[`):strings.LastIndex(string(keys), `],"lookup"`)]), 1), "Content-Type: application/json"),
		r.do("PATCH", r.admin+"/api/config", `{"ttl":`+string(keys[len(`{"keys":[`):strings.LastIndex(string(keys), `],"lookup"`)])+`}`, "Content-Type: application/json"),
		r.do("GET", r.admin+"/api/cache/"+lookup+"/"+escaped, ""),
	} {
		if a.status >= 500 || strings.Contains(a.body, "c4nary") && !strings.Contains(key, "c4nary") {
			t.Errorf("%s, key %q: %d %s", lookup, key, a.status, a.body)
		}
	}
}
