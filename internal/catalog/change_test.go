package catalog_test

var changeErrors = []parseError{
	{"changed_by is a list", lookupHead + "    changed_by: [t]\n", `6:17: changed_by must be names with values, as in "name: value", not a list`},
	{"table without a key", lookupHead + "    changed_by:\n      t: {}\n", "7:7: a table in changed_by needs the field key, or all: true"},
	{"null table", lookupHead + "    changed_by:\n      t:\n", badChange("7:9", "t")},
	{"column in place of a mapping", lookupHead + "    changed_by:\n      t: a\n", badChange("7:10", "t")},
	{"text in the list of a table", lookupHead + "    changed_by:\n      t: [a]\n", badChange("7:11", "t")},
	{"nothing in the list of a table", lookupHead + "    changed_by:\n      t:\n      - key: a\n      -\n", badChange("9:8", "t")},
	{"empty list of a table", lookupHead + "    changed_by:\n      t: []\n", "7:10: the list of t is empty: write {key: COLUMN} into it, or remove the table"},
	{"list in the list of a table", lookupHead + "    changed_by:\n      t: [{key: a}, [{key: b}]]\n",
		"7:21: this is a list in the list of t: write what is in it next to the others"},
	{"table without a key, in a list", lookupHead + "    changed_by:\n      t:\n        - key: a\n        - ignore: [b]\n",
		"9:11: a table in changed_by needs the field key, or all: true"},
	{"bad table with a list", lookupHead + "    changed_by:\n      .t: [{key: a}, all]\n", `7:7: ".t" is no table: write its name, or schema.table`},
	{"all that is false", lookupHead + "    changed_by:\n      t: {all: false, key: a}\n", "7:16: all can only be true, not false: leave it out otherwise"},
	{"all that is no text", lookupHead + "    changed_by:\n      t: {all: [true]}\n", "7:16: all must be text, not a list"},
	{"all with a key", lookupHead + "    changed_by:\n      t: {key: a, all: true}\n", "7:24: all already makes every answer stale: remove it, or key and find"},
	{"all with find", lookupHead + "    changed_by:\n      t:\n        all: true\n        find: SELECT a FROM t WHERE a IN (:keys)\n",
		"8:14: all already makes every answer stale: remove it, or key and find"},
	{"find without a key", lookupHead + "    changed_by:\n      t:\n        find: SELECT a FROM t WHERE a IN (:keys)\n",
		"8:15: find needs the field key beside it: the column of t whose values are its :keys"},
	{"empty find", lookupHead + "    changed_by:\n      t: {key: a, find: ''}\n", "7:25: find is empty: write a SELECT with WHERE … IN (:keys)"},
	{"find is a list", lookupHead + "    changed_by:\n      t: {key: a, find: [b]}\n", "7:25: find must be text, not a list"},
	{"find without :keys", lookupHead + "    changed_by:\n      t:\n        key: a\n        find: |\n          SELECT a\n          FROM t LIMIT 5\n",
		"10:11: the query has no :keys: select the rows of the keys with WHERE … IN (:keys)"},
	{"find that writes", lookupHead + "    changed_by:\n      t: {key: a, find: DELETE FROM t WHERE a IN (:keys)}\n",
		"7:25: a query must be a SELECT, or WITH … SELECT, but this is DELETE"},
	{"find with a comment in joined lines", lookupHead + "    changed_by:\n      t:\n        key: a\n        find: >\n          SELECT a -- b\n          FROM t WHERE a IN (:keys)\n",
		"10:20: YAML joins the lines of this query, so that the comment hides all that follows: write the query as a block after \"query: |\""},
	{"unknown field of a table", lookupHead + "    changed_by:\n      t: {key: a, ignored: [b]}\n",
		"7:19: a table in changed_by has no field ignored: its fields are key, find, all, ignore"},
	{"table twice", lookupHead + "    changed_by:\n      t: all\n      t: {key: a}\n", "8:7: t stands twice: keep this one or that of line 7"},
	{"table with two dots", lookupHead + "    changed_by:\n      a.b.c: all\n", `7:7: "a.b.c" is no table: write its name, or schema.table`},
	{"table without a schema", lookupHead + "    changed_by:\n      .t: all\n", `7:7: ".t" is no table: write its name, or schema.table`},
	{"schema without a table", lookupHead + "    changed_by:\n      s.: all\n", `7:7: "s." is no table: write its name, or schema.table`},
	{"ignored twice", lookupHead + "    changed_by:\n      t: {key: a, ignore: [b, b]}\n", "7:31: ignore names the column b twice: remove one"},
	{"ignored key", lookupHead + "    changed_by:\n      t: {key: a, ignore: [a]}\n", "7:7: t ignores changes of its key a: remove it from ignore"},
}

func badChange(at, table string) string {
	return at + ": " + table + " must be {key: COLUMN}, the column that holds the key, or all, where it has no such column"
}
