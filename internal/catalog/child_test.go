package catalog_test

import "strings"

var childErrors = []parseError{
	{"list of children", lookupHead + "    with: [images]\n", `6:11: with must be names with values, as in "name: value", not a list`},
	{"child without fields", lookupHead + "    with:\n      c: {}\n", "7:7: a child of a lookup needs the field key\n7:7: a child of a lookup needs the field query"},
	{"child twice", childHead + "      c: {}\n", "10:7: c stands twice: keep this one or that of line 7"},
	{"child's name", strings.Replace(childHead, "c:", "1.c:", 1), badChildName("1.c")},
	{"child's name begins with an underscore", strings.Replace(childHead, "c:", "_c:", 1), badChildName("_c")},
	{"child with a lookup's field", childHead + "        ttl: 5m\n",
		"10:9: a child of a lookup has no field ttl: its fields are key, query, omit, json, bool, with"},
	{"child of a lookup with match", childHead + "        match: b\n",
		"10:9: a child of a lookup has no field match: its fields are key, query, omit, json, bool, with"},
	{"child of a child without match", childHead + "        with:\n          d:\n            key: a\n            " + selectA + "\n",
		"11:11: a child of a child needs the field match"},
	{"child of a child with an empty match", childHead + "        with:\n          d:\n            key: a\n            match: ''\n            " + selectA + "\n",
		"13:20: match is empty: write the name of a column"},
	{"match is the key", childHead + "        with:\n          d:\n            match: a\n            key: a\n            " + selectA + "\n",
		"12:20: match cannot be the key, which all rows have in common: name the column by which these rows find their parent's row"},
	{"the third generation", childHead + "        with:\n          d:\n            key: a\n            match: b\n            " + selectA + "\n" +
		"            with: {e: {}}\n",
		"15:20: a child of a child needs the field key\n15:20: a child of a child needs the field query\n15:20: a child of a child needs the field match"},
	{"child's query", strings.Replace(childHead, "        query: SELECT", "        query: DELETE", 1),
		"9:16: a query must be a SELECT, or WITH … SELECT, but this is DELETE"},
}

func badChildName(name string) string {
	return `7:7: the child "` + name + `" becomes a field of JSON: begin its name with a letter, and go on with letters, digits, _ and -`
}
