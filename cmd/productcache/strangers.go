package main

import (
	"flag"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// warnOfStrangers tells of variables in the environment that look like settings and are none: a name that is misspelt changes nothing.
// Their values may be secret, and are not told.
func warnOfStrangers(environ []string, log *slog.Logger) {
	if names := strangers(environ); len(names) > 0 {
		log.Warn("variables in the environment are of no setting, and change nothing; -help lists the settings", "variables", strings.Join(names, " "))
	}
}

// ofKubernetes are variables that a container gets for a Service whose name begins as the settings' do:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
var ofKubernetes = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$`)

// strangers returns the names of variables that begin as those of settings do, and are none.
func strangers(environ []string) (names []string) {
	known := map[string]bool{}
	new(Config).flagSet().VisitAll(func(f *flag.Flag) { known[envName(f.Name)] = true })
	for _, variable := range environ {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, envName("")) && !known[name] && !ofKubernetes.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
