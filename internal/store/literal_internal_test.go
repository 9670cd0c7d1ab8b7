package store

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"productcache/internal/catalog"
)

func TestKeyList(t *testing.T) {
	for _, test := range []struct {
		keyType catalog.KeyType
		keys    []string
		want    string
	}{
		{catalog.Integer, []string{"7"}, "7"},
		{catalog.Integer, []string{"-7", "0", "18446744073709551615"}, "-7,0,18446744073709551615"},
		{catalog.String, []string{"7"}, "_utf8mb4 X'37'"},
		{catalog.StringCI, []string{"a", "é"}, "_utf8mb4 X'61',_utf8mb4 X'c3a9'"},
		{catalog.String, []string{`'; DROP TABLE x; -- \`}, "_utf8mb4 X'273b2044524f50205441424c4520783b202d2d205c'"},
		{catalog.String, []string{""}, "_utf8mb4 X''"},
	} {
		if got, err := keyList(test.keyType, test.keys); got != test.want || err != nil {
			t.Errorf("keyList(%v, %q) = %s, %v, want %s", test.keyType, test.keys, got, err, test.want)
		}
	}
	for _, key := range []string{"", "-", "1 OR 1=1", "0x10", "1e3", "+1", "--1", "1-", "١", "1\x00"} {
		if got, err := keyList(catalog.Integer, []string{key}); !errors.Is(named("", err), ErrQuery) {
			t.Errorf("keyList(Integer, %q) = %s, %v, want ErrQuery", key, got, err)
		}
	}
}

// Whatever the keys: the list holds nothing but literals, one for each.
func FuzzKeyList(f *testing.F) {
	for _, key := range []string{"7", "-1", "abc", `\'`, `"`, "é", "\xff", "a,b", ")", "/*", "😀"} {
		f.Add(key, "0")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		list, err := keyList(catalog.String, []string{one, other})
		if err != nil {
			t.Fatal(err)
		}
		for i, literal := range strings.SplitN(list, ",", 2) {
			inside := strings.TrimSuffix(strings.TrimPrefix(literal, "_utf8mb4 X'"), "'")
			if got, err := hex.DecodeString(inside); err != nil || string(got) != []string{one, other}[i] {
				t.Errorf("keyList(%q, %q) = %s: literal %d holds %q, %v", one, other, list, i, got, err)
			}
		}
		if list, err := keyList(catalog.Integer, []string{one}); err == nil && strings.Trim(list, "-0123456789") != "" {
			t.Errorf("keyList(Integer, %q) = %s", one, list)
		}
	})
}
