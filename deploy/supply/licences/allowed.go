package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// allowed says which licences, by their SPDX identifiers, a part may have, and
// why. Each lets a closed or an open service link it, if it ships the notices.
var allowed = map[string]string{
	"0BSD":         "asks nothing",
	"Apache-2.0":   "its text and the NOTICE files are shipped; grants patents",
	"BSD-1-Clause": "a notice in source code only; shipped all the same",
	"BSD-2-Clause": "the notice is shipped",
	"BSD-3-Clause": "the notice is shipped; no names are used for advertising",
	"ISC":          "the notice is shipped",
	"MIT":          "the notice is shipped",
	"MPL-2.0":      "by file: the modules are linked unchanged, and NOTICES says where their source is",
}

// check returns what may not be shipped, all of it.
func check(parts []part) error {
	var errs []error
	for _, p := range parts {
		if len(p.licences()) == 0 {
			errs = append(errs, fmt.Errorf("%s: it has no licence", p.name))
		}
		for _, n := range p.notices {
			if n.unknown {
				errs = append(errs, fmt.Errorf("%s: %s: the licence is not recognised", p.name, n.file))
			}
			for _, id := range n.licences {
				if _, ok := allowed[id]; !ok {
					errs = append(errs, fmt.Errorf("%s: %s: %s is not allowed, only %v", p.name, n.file, id, slices.Sorted(maps.Keys(allowed))))
				}
			}
		}
		for _, unlicensed := range p.unlicensed {
			errs = append(errs, fmt.Errorf("%s: %s has no licence", p.name, unlicensed))
		}
	}
	return errors.Join(errs...)
}
