package catalog_test

import (
	"strings"
	"testing"

	"productcache/internal/catalog"
)

// TestAnotherFileIsNotQuoted: the file of a token, given as the catalog by mistake, was quoted whole.
func TestAnotherFileIsNotQuoted(t *testing.T) {
	for _, text := range []string{"canary", "canary\n", "'canary'", `"canary"`, "|\n  canary\n", ">\n  canary", "shop:canary@tcp(db:3306)/shop?a=b\n", "canary==\n", "\ufeffcanary\r\n",
		"-----BEGIN PRIVATE KEY-----\ncanary\ncanary=\n-----END PRIVATE KEY-----\n", "!canary", "!!canary x", "@canary", "%canary", "`canary", "&canary", "&canary x", "*canary", "? canary", "{canary", "[canary", "- canary",
		"'canary", `"canary`, "canary\n---\ncanary", "---\ncanary", "--- canary\n...\ncanary", "#canary", "canary #canary", "|canary", ">canary", "\tcanary", "a\n\tcanary", `"\canary"`, "- canary\ncanary", "[canary]canary", "canary\x00canary"} {
		_, err := catalog.Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v, want an error that does not quote it", text, err)
		}
	}
}
