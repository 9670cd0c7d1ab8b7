// Command program calls one function of a linked module, for the tests of vulncheck.sh.
package main

import "golang.org/x/mod/semver"

func main() {
	println(semver.IsValid("v1.0.0"))
}
