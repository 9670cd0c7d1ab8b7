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
		part = strings.TrimSpace(part)
		free := strings.HasPrefix(part, "unix:") || strings.HasPrefix(part, systemdPrefix) // a path or a unit may have an @
		if dsnLike.MatchString(part) && (!free || strings.Contains(part, "(")) {
			return true
		}
	}
	return false
}

// redisURL matches the beginning of a URL that -l2 may have. Its own rule refuses a password in it.
var redisURL = regexp.MustCompile(`^(?:redis|valkey)s?://|^unix://`)

// isMisplaced reports whether the value of a setting looks like the DSN, and is that of another setting.
func isMisplaced(name, value string) bool {
	return name != secretFlag && looksLikeDSN(value) && !(name == "l2" && redisURL.MatchString(value) && !strings.Contains(value, "("))
}

// misplacedDSN says which argument that is not for a DSN looks like one, without
// a word of it: the error that its own flag would make quotes it.
func misplacedDSN(args []string) (where string, found bool) {
	declared := new(Config).flagSet()
	before := ""
	for _, arg := range args {
		place, value := before, arg
		before = ""
		if strings.HasPrefix(arg, "-") {
			name, given, assigned := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			switch {
			case assigned && declared.Lookup(name) != nil:
				place, value = name, given
			case !assigned:
				before = name
			}
		}
		if isMisplaced(place, value) {
			return placeOf(place), true
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
