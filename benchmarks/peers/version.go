package main

import (
	"debug/buildinfo"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// version returns what a program says of its version, shortened to the number where it has one.
func version(program string, args ...string) string {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return "unknown: " + err.Error()
	}
	if number := regexp.MustCompile(`[0-9]+\.[0-9]+[-.+~0-9a-z]*`).FindString(string(out)); number != "" {
		return number
	}
	return strings.TrimSpace(string(out))
}

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
