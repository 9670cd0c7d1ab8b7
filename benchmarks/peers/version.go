package main

import (
	"debug/buildinfo"
	"runtime"
	"strings"
)

// moduleVersion returns the version of the module of a Go program whose path has a name in it.
func moduleVersion(program, name string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "unknown: " + err.Error()
	}
	for _, m := range info.Deps {
		if strings.Contains(m.Path, "/"+name) {
			return strings.TrimPrefix(m.Version, "v") + ", " + runtime.Version()
		}
	}
	return "unknown"
}
