package catalog_test

import (
	"strings"
	"testing"

	"productcache/internal/catalog"
)

// blockFile is a catalog with sql as a block, which begins at line 6, column 7.
func blockFile(sql string) string {
	return "lookups:\n  x:\n    key: a\n    key_type: integer\n    query: |\n      " +
		strings.ReplaceAll(sql, "\n", "\n      ") + "\n"
}

var goodQueries = []struct {
	name, sql string
	text      string // empty: that of sql
}{
	{"plain", "SELECT a FROM t WHERE a IN (:keys)", ""},
	{"lower case", "select a from t where a in(:keys)", ""},
	{"blanks", "SELECT a\n\nFROM t\tWHERE a IN\n(\n:keys\n)", ""},
	{"semicolon", "SELECT a FROM t WHERE a IN (:keys) ;\n", "SELECT a FROM t WHERE a IN (:keys)"},
	{"semicolons", "SELECT a FROM t WHERE a IN (:keys);;", "SELECT a FROM t WHERE a IN (:keys)"},
	{"comment at the end", "SELECT a FROM t WHERE a IN (:keys) -- it's :keys; really", "SELECT a FROM t WHERE a IN (:keys)"},
	{"comment after the semicolon", "SELECT a FROM t WHERE a IN (:keys); # done", "SELECT a FROM t WHERE a IN (:keys)"},
	{"comments before and inside", "/* shop */ SELECT a -- it's ; here\nFROM t # :keys \"\nWHERE a IN (/* the ` */ :keys)", ""},
	{"dash comment at the end of the line", "SELECT a --\nFROM t WHERE a IN (:keys)", ""},
	{"dash comment at the end", "SELECT a FROM t WHERE a IN (:keys) --", "SELECT a FROM t WHERE a IN (:keys)"},
	{"two minus signs", "SELECT 1--1, a FROM t WHERE a IN (:keys)", ""},
	{"hint", "SELECT /*+ NO_INDEX_MERGE(t) */ a FROM t WHERE a IN (:keys)", ""},
	{"comment is not nested", "SELECT /* /* */ a FROM t WHERE a IN (:keys)", ""},
	{"strings", `SELECT ':keys;', ";:keys", '\'; DROP', "\"", '''', """", 'a\\', N'--', _utf8'/*' FROM t WHERE a IN (:keys)`, ""},
	{"string over lines", "SELECT 'a\nb' FROM t WHERE a IN (:keys)", ""},
	{"backticks", "SELECT `;`, `a``b`, `:keys`, `\\` FROM t WHERE a IN (:keys)", ""},
	{"dotted names", "SELECT t.into, t.limit, t . lock, t.for update FROM t WHERE t.in IN (:keys)", ""},
	{"variables", "SELECT a, @n := @n + 1, @into FROM t, (SELECT @n := 0) v WHERE a IN (:keys)", ""},
	{"with", "WITH c (a) AS (SELECT a FROM t WHERE a IN (:keys)) SELECT a, REPLACE(a, 'x', 'y') FROM c", ""},
	{"with recursive", "WITH RECURSIVE c AS (SELECT a FROM t WHERE a IN (:keys) UNION ALL SELECT b FROM c) SELECT a FROM c", ""},
	{"union", "SELECT a FROM t WHERE a IN (:keys) UNION (SELECT a FROM u LIMIT 5)", ""},
	{"index hint", "SELECT a FROM t USE INDEX FOR JOIN (i) WHERE SUBSTRING(a FROM 1 FOR 2) = 'x' AND a IN (:keys)", ""},
	{"limit in a subquery per row", "SELECT a, (SELECT b FROM u WHERE u.a = t.a LIMIT 1) FROM t WHERE a IN (:keys)", ""},
	{"non-ASCII names", "SELECT größe FROM bücher WHERE größe IN (:keys)", ""},
	{"procedure's name as a column", "SELECT t.call FROM t WHERE a IN (:keys)", ""},
}

func TestGoodQueries(t *testing.T) {
	for _, tt := range goodQueries {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.text
			if want == "" {
				want = tt.sql
			}
			q := mustParse(t, blockFile(tt.sql)).Lookups[0].Query
			if q.Text != want {
				t.Errorf("Text = %q, want %q", q.Text, want)
			}
			if got := q.Render(":keys"); got != want {
				t.Errorf("Render(:keys) = %q, want %q", got, want)
			}
			got := strings.ReplaceAll(q.Render("1,2"), " ", "")
			if !strings.Contains(strings.Join(strings.Fields(got), ""), "1,2)") {
				t.Errorf("Render(1,2) = %q, want the list in its parentheses", q.Render("1,2"))
			}
		})
	}
}

const (
	noKeys     = "the query has no :keys: select the rows of the keys with WHERE … IN (:keys)"
	writeIn    = "write IN (:keys): many keys are asked for at once, and nothing else may stand in the parentheses"
	quotedKeys = "this :keys is quoted: write IN (:keys) without quotes, also for text keys"
	executable = "the server runs what stands in a /*! comment: write it as plain SQL or remove it"
	oneOnly    = "a query is one statement: remove what follows the semicolon"
	backslash  = `a backslash outside of quotes is not SQL: remove it (\G and the like belong to the mysql client)`
	hidden     = `YAML joins the lines of this query, so that the comment hides all that follows: write the query as a block after "query: |"`
)

func notSelect(word string) string {
	return "a query must be a SELECT, or WITH … SELECT, but this is " + word
}

func unclosed(quote string) string {
	return "this " + quote + " has no closing " + quote + `: add it (a query is best written as a block after "query: |", since YAML cuts other text at a " #")`
}

func limited(word string) string {
	return "remove " + word + ": it would cut the rows of many keys together, and a key that lost its rows would seem to have none (clients ask for a part of a listing by ?page=)"
}

var badQueries = []struct {
	name, sql string
	want      string
}{
	{"only a comment", "-- SELECT", "6:7: the query has no SQL but comments: write a SELECT with WHERE … IN (:keys)"},
	{"only a semicolon", ";", "6:7: the query has no SQL but comments: write a SELECT with WHERE … IN (:keys)"},

	{"update", "UPDATE t SET b = 1 WHERE a IN (:keys)", "6:7: " + notSelect("UPDATE")},
	{"parenthesis", "(SELECT a FROM t WHERE a IN (:keys))", "6:7: " + notSelect("(")},
	{"quoted verb", "`SELECT` a FROM t WHERE a IN (:keys)", "6:7: " + notSelect("`SELECT`")},
	{"call", "CALL p(:keys)", "6:7: a stored procedure cannot be a query: write the SELECT that it runs\n6:14: " + writeIn},
	{"with update", "WITH c AS (SELECT 1)\nUPDATE t SET b = 1 WHERE a IN (:keys)", "7:7: " + notSelect("UPDATE")},
	{"with delete", "WITH c AS (SELECT 1) DELETE FROM t WHERE a IN (:keys)", "6:28: " + notSelect("DELETE")},
	{"with nothing", "WITH c AS (SELECT a FROM t WHERE a IN (:keys))", "6:7: " + notSelect("WITH")},

	{"two statements", "SELECT a FROM t WHERE a IN (:keys);\nDROP TABLE t", "7:7: " + oneOnly},
	{"three statements", "SELECT a FROM t WHERE a IN (:keys); SELECT 1; SELECT 2", "6:43: " + oneOnly},
	{"into outfile", "SELECT a INTO OUTFILE '/x' FROM t WHERE a IN (:keys)", "6:16: a query only reads: remove INTO"},
	{"into variable", "SELECT a FROM t WHERE a IN (:keys) into @a", "6:42: a query only reads: remove INTO"},
	{"for update", "SELECT a FROM t WHERE a IN (:keys)\n  for update", "7:9: a query must not lock rows: remove FOR UPDATE"},
	{"for share", "SELECT a FROM t WHERE a IN (:keys) FOR /**/ SHARE", "6:42: a query must not lock rows: remove FOR SHARE"},
	{"lock in share mode", "SELECT a FROM t WHERE a IN (:keys) LOCK IN SHARE MODE", "6:42: a query must not lock rows: remove LOCK IN SHARE MODE"},
	{"executable comment", "SELECT /*!50000 a */ FROM t WHERE a IN (:keys)", "6:14: " + executable},
	{"executable comment of MariaDB", "SELECT /*M! a */ FROM t WHERE a IN (:keys)", "6:14: " + executable},
	{"time hint", "SELECT /*+ max_execution_time(0) */ a FROM t WHERE a IN (:keys)",
		"6:14: remove the hint MAX_EXECUTION_TIME: the service sets the limits of its session itself"},
	{"variable hint", "SELECT /*+ SET_VAR(sql_mode='') */ a FROM t WHERE a IN (:keys)",
		"6:14: remove the hint SET_VAR: the service sets the limits of its session itself"},

	{"no keys", "SELECT a FROM t", "6:7: " + noKeys},
	{"no keys, but a string", "SELECT 'x' FROM t", "6:7: " + noKeys},
	{"keys in a string", "SELECT a FROM t WHERE a IN (':keys')", "6:35: " + quotedKeys},
	{"keys in backticks", "SELECT a FROM t WHERE a IN (`:keys`)", "6:35: " + quotedKeys},
	{"keys in a comment", "SELECT a FROM t /* WHERE a IN (:keys) */", "6:23: the only :keys stands in this comment: the query itself needs IN (:keys)"},
	{"keys twice", "SELECT a FROM t WHERE a IN (:keys)\nOR b IN (:keys)", "7:16: a query has :keys once: join to the rows that it selects instead of repeating it"},
	{"equals", "SELECT a FROM t WHERE a = :keys", "6:33: " + writeIn},
	{"no parentheses", "SELECT a FROM t WHERE a IN :keys", "6:34: " + writeIn},
	{"other values", "SELECT a FROM t WHERE a IN (1, :keys)", "6:38: " + writeIn},
	{"values behind", "SELECT a FROM t WHERE a IN (:keys, 1)", "6:35: " + writeIn},
	{"function", "SELECT a FROM t WHERE FIND_IN_SET(a, (:keys))", "6:45: " + writeIn},
	{"column named in", "SELECT a FROM t WHERE t.in (:keys)", "6:35: " + writeIn},
	{"quoted in", "SELECT a FROM t WHERE a `in` (:keys)", "6:37: " + writeIn},
	{"not in", "SELECT a FROM t WHERE a NOT IN (:keys)", "6:39: NOT IN (:keys) selects the rows that were not asked for: write IN (:keys)"},
	{"other placeholder", "SELECT a FROM t WHERE a IN (:key) AND l = :lang",
		"6:7: " + noKeys + "\n6:35: nothing fills in :key: only :keys is known, anything else is written out" +
			"\n6:49: nothing fills in :lang: only :keys is known, anything else is written out"},
	{"upper-case placeholder", "SELECT a FROM t WHERE a IN (:KEYS)",
		"6:7: " + noKeys + "\n6:35: nothing fills in :KEYS: only :keys is known, anything else is written out"},
	{"blank in the placeholder", "SELECT a FROM t WHERE a IN (: keys)", "6:7: " + noKeys},
	{"question mark", "SELECT a FROM t WHERE a IN (:keys) AND b = ?",
		"6:50: nothing fills in the ?: keys go into IN (:keys), anything else is written out"},

	{"limit", "SELECT a FROM t WHERE a IN (:keys) LIMIT 10", "6:42: " + limited("LIMIT")},
	{"limit of MariaDB", "SELECT a FROM t WHERE a IN (:keys) FETCH FIRST 1 ROWS ONLY", "6:42: " + limited("FETCH")},
	{"limit around the keys", "SELECT a FROM (SELECT a FROM t WHERE a IN (:keys) limit 3) x", "6:57: " + limited("LIMIT")},
	{"limit before the keys", "WITH c AS (SELECT a FROM t LIMIT 3)\nSELECT a FROM c WHERE a IN (:keys)\nLIMIT 2 LIMIT 3", "8:7: " + limited("LIMIT")},

	{"open parenthesis", "SELECT COUNT(a FROM t WHERE a IN (:keys)", "6:19: this ( has no closing ): add it"},
	{"open parenthesis of the keys", "SELECT a FROM t WHERE a IN (:keys", "6:34: this ( has no closing ): add it\n6:35: " + writeIn},
	{"closed parenthesis", "SELECT a FROM t WHERE a IN (:keys))", "6:41: this ) closes nothing: remove it, or add its ("},
	{"open string", "SELECT 'it\\'s FROM t WHERE a IN (:keys)", "6:14: " + unclosed("'")},
	{"open double quote", "SELECT \"a FROM t\nWHERE a IN (:keys)", "6:14: " + unclosed(`"`)},
	{"open backtick", "SELECT a\nFROM `t WHERE a IN (:keys)", "7:12: " + unclosed("`")},
	{"open comment", "SELECT a /*/ FROM t WHERE a IN (:keys)", "6:16: this /* has no closing */: add it"},
	{"backslash", "SELECT a FROM t WHERE a IN (:keys)\\G", "6:41: " + backslash},
	{"control character", "SELECT a FROM t\x01 WHERE a IN (:keys)", "6:22: the control character U+0001 has no place in a query: remove it"},
}

func TestBadQueries(t *testing.T) {
	for _, tt := range badQueries {
		t.Run(tt.name, func(t *testing.T) {
			_, err := catalog.Parse([]byte(blockFile(tt.sql)))
			if err == nil {
				t.Fatalf("Parse found nothing wrong with %q, want\n%s", tt.sql, tt.want)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("Parse of %q:\n got %s\nwant %s", tt.sql, got, tt.want)
			}
		})
	}
}

// The place in the file is right however YAML writes the query.
func TestPlaceInQuery(t *testing.T) {
	const head = "lookups:\n  x:\n    key: a\n    key_type: integer\n"
	const wrong = "nothing fills in the ?: keys go into IN (:keys), anything else is written out"
	tests := []struct {
		name, query string
		want        string
	}{
		{"plain", "query: SELECT ?, a FROM t WHERE a IN (:keys)", "5:19: " + wrong},
		{"plain over lines", "query:\n      SELECT a,\n\n        ? FROM t WHERE a IN (:keys)", "8:9: " + wrong},
		{"folded", "query: >-\n\n      SELECT a,\n        b,\n      ? FROM t WHERE a IN (:keys)", "9:7: " + wrong},
		{"block", "query: |2\n      SELECT 'ü',\n         ? FROM t WHERE a IN (:keys)", "7:10: " + wrong},
		{"single quotes", "query: 'SELECT a,\n      ? FROM t WHERE a IN (:keys)'", "6:7: " + wrong},
		{"double quotes", "query: \"SELECT 'ü', ? FROM t WHERE a IN (:keys)\"", "5:25: " + wrong},
		{"escapes before it", `query: "SELECT \"b\", ? FROM t WHERE a IN (:keys)"`, "5:12: " + wrong},
		{"escapes behind it", `query: "SELECT ?, \"b\" FROM t WHERE a IN (:keys)"`, "5:20: " + wrong},
		{"empty", "query: ''", "5:12: query is empty: write a SELECT with WHERE … IN (:keys)"},
		{"empty block", "query: |\n", "5:12: query is empty: write a SELECT with WHERE … IN (:keys)"},
		{"list", "query:\n    - SELECT", "6:5: query must be text, not a list"},
		{"number", "query: 42", "5:12: " + notSelect("42") + "\n5:12: " + noKeys},
		{"comment in a folded query", "query: >\n      SELECT a -- all\n      FROM t WHERE a IN (:keys)", "6:16: " + hidden},
		{"comment after the keys", "query: >\n      SELECT a FROM t WHERE a IN (:keys) #all\n      AND b", "6:42: " + hidden},
		{"comment in a plain query", "query: SELECT a FROM t WHERE a IN (:keys) -- all\n      AND b", "5:47: " + hidden},
		{"cut by YAML", "query: SELECT a FROM t WHERE b = 'a #1' AND a IN (:keys)", "5:38: " + unclosed("'")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := catalog.Parse([]byte(head + "    " + tt.query + "\n"))
			if err == nil || err.Error() != tt.want {
				t.Errorf("Parse:\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}
