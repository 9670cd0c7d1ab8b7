package store

import (
	"encoding/hex"
	"fmt"

	"productcache/internal/catalog"
)

// keyList renders keys as the inside of an IN list.
//
// Integers are their digits. Text is written as _utf8mb4 X'6B6579': with no
// quote or backslash in it, no key can leave its literal, whatever sql_mode the
// server has (NO_BACKSLASH_ESCAPES and ANSI_QUOTES change how quotes are read)
// and whatever a proxy on the way makes of them. With the introducer such a
// literal is text, coercible like a quoted one, so that MySQL and MariaDB
// convert it to the column's character set and use the column's collation and
// index; without it, it would be a binary string, and é would not find the é of
// a latin1 column.
func keyList(t catalog.KeyType, keys []string) (string, error) {
	size := 0
	for _, key := range keys {
		size += 2*len(key) + len(`_utf8mb4 X'',`)
	}
	list := make([]byte, 0, size)
	for i, key := range keys {
		if i > 0 {
			list = append(list, ',')
		}
		if t != catalog.Integer {
			list = append(list, `_utf8mb4 X'`...)
			list = hex.AppendEncode(list, []byte(key))
			list = append(list, '\'')
			continue
		}
		if !isInteger(key) {
			return "", mismatch(fmt.Sprintf("key %q is not an integer", key))
		}
		list = append(list, key...)
	}
	return string(list), nil
}

// isInteger reports whether key is nothing but digits, with a minus or without.
// The catalog has made sure of more; here it is about what may stand in SQL.
func isInteger(key string) bool {
	digits := key
	if key != "" && key[0] == '-' {
		digits = key[1:]
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return digits != ""
}
