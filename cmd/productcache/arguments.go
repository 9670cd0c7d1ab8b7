package main

import (
	"regexp"
	"strings"
	"unsafe"

	"productcache/internal/store"
)

// secretFlag is the flag whose value nobody may see.
const secretFlag = "mysql-dsn"

// takeArguments returns a copy of the arguments, and overwrites what is secret in the memory that
// they are in: /proc/PID/cmdline and ps show that (proc(5)), and so does /debug/pprof/cmdline. Those who looked
// before have seen it. It must be called before anything else has the arguments.
func takeArguments(args []string) []string {
	copied := make([]string, len(args))
	for i, a := range args {
		copied[i] = strings.Clone(a)
	}
	secret := false
	for i, a := range args {
		switch name, value, assigned := strings.Cut(strings.TrimLeft(a, "-"), "="); {
		case secret:
			overwrite(a)
			secret = false
		case strings.HasPrefix(a, "-") && name == secretFlag && assigned:
			overwrite(value)
		case strings.HasPrefix(a, "-") && name == secretFlag:
			secret = true
		case looksLikeDSN(copied[i]):
			overwrite(a) // a DSN in a wrong place
		}
	}
	return copied
}

// overwrite puts stars over a string that must be in memory that can be written to, as the arguments of a process are.
func overwrite(s string) {
	for i := range unsafe.Slice(unsafe.StringData(s), len(s)) {
		unsafe.Slice(unsafe.StringData(s), len(s))[i] = '*'
	}
}

// passwordOfDSN is all that may be of a password, in a DSN as the driver writes it: user:password@tcp(host:3306)/shop,
// or user:password@/shop.
var passwordOfDSN = regexp.MustCompile(`:[^\n]*@(\w*\(|/)`)

// concealed hides the password of what looks like a DSN: one that was given where another setting belongs.
func concealed(text string) string { return passwordOfDSN.ReplaceAllString(text, ":***@$1") }

// complaint is what is printed of an error: passwords are concealed, but not the one in the example that an error
// gives of a DSN.
func complaint(err error) string {
	if err == store.ErrDSN {
		return err.Error()
	}
	return concealed(err.Error())
}
