package binlog

import "testing"

func TestStatementText(t *testing.T) {
	head := "\x01\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x03\x00"
	file := "\x01\x00\x00\x00\x05\x00\x00\x00\x09\x00\x00\x00\x02"
	rest := "\xff\x00\xffshop\x00UPDATE offer"
	for name, c := range map[string]struct {
		typ  byte
		body string
		want string
	}{
		"a statement":      {eventQuery, head + rest, "UPDATE offer"},
		"LOAD DATA":        {eventExecuteLoad, head + file + rest, "UPDATE offer"},
		"nothing":          {eventQuery, head + rest[:8], ""},
		"a short one":      {eventQuery, head + rest[:7], "malformed"},
		"a short LOAD":     {eventExecuteLoad, head + file[:12], "malformed"},
		"an empty event":   {eventQuery, "", "malformed"},
		"LOAD without one": {eventExecuteLoad, head + rest[:8], "malformed"},
	} {
		got, err := statementText(c.typ, []byte(c.body))
		if err != nil {
			got = "malformed"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestHarmless(t *testing.T) {
	for sql, want := range map[[2]string]bool{
		{"GRANT", "SELECT"}: true, {"REVOKE", "ALL"}: true, {"FLUSH", "TABLES"}: true, {"ANALYZE", "TABLE"}: true, {"OPTIMIZE", "TABLE"}: true,
		{"ANALYZE", "UPDATE"}: false, {"ANALYZE", "FORMAT=JSON"}: false, {"ALTER", "TABLE"}: false, {"", ""}: false, {"REPAIR", "TABLE"}: false,
	} {
		if got := harmless(sql[0], sql[1]); got != want {
			t.Errorf("harmless(%q) = %v, want %v", sql, got, want)
		}
	}
}
