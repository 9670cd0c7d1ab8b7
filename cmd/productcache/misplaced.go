package main

import (
	"regexp"
	"strings"
)

// dsnLike matches what a DSN has, whole or in part, and no other setting: an
// address in parentheses behind an @, or a user and a password before one.
var dsnLike = regexp.MustCompile(`(?i)@[a-z0-9]*\(|^[^/@,]*:.*@`)

// looksLikeDSN reports whether a value that should be none may hold a password.
func looksLikeDSN(value string) bool {
	for part := range strings.SplitSeq(value, ",") {
		path := strings.HasPrefix(strings.TrimSpace(part), "unix:")
		if dsnLike.MatchString(part) && (!path || strings.Contains(part, "(")) {
			return true
		}
	}
	return false
}

// misplacedDSN says which argument that is not for a DSN looks like one, without
// a word of it: the error that its own flag would make quotes it.
func misplacedDSN(args []string) (where string, found bool) {
	before := ""
	for _, arg := range args {
		name, value, assigned := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		isFlag := strings.HasPrefix(arg, "-")
		switch {
		case before == secretFlag, isFlag && assigned && name == secretFlag:
		case isFlag && assigned && looksLikeDSN(value):
			return placeOf(name), true
		case looksLikeDSN(arg):
			return placeOf(before), true
		}
		before = ""
		if isFlag && !assigned {
			before = name
		}
	}
	return "", false
}

// placeOf names where a value was given, if that can be no secret itself.
func placeOf(name string) string {
	if new(Config).flagSet().Lookup(name) == nil {
		return "an argument"
	}
	return "the value of -" + name
}
