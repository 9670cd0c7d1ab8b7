package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const intro = `<!-- Written by make licences. -->
# Licences

What the program contains of others, on linux/amd64 and linux/arm64, with the licences of the packages that are linked and no others. The texts are in
` + "`NOTICES.gz`" + `, which the Debian package has in ` + "`/usr/share/doc/productcache`" + `. [decisions/0021](decisions/0021-supply-chain.md) says how this list is made, and
[operations.md](operations.md#verify-a-build) how to verify a build.

| part | version | licences |
|---|---|---|
`

// list is docs/licences.md.
func list(parts []part) string {
	var b strings.Builder
	b.WriteString(intro)
	for _, p := range parts {
		version := p.version
		if version == "" {
			version = "that of the build"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.name, version, strings.Join(p.licences(), ", "))
	}
	own := apart(parts)
	if own != "" {
		b.WriteString("\n## Files and packages with a licence of their own\n\n" + own)
	}
	b.WriteString("\n## Allowed\n\nA part with another licence, with none, or with one that is not recognised, fails the check.\n\n| licence | why it may be linked |\n|---|---|\n")
	for _, id := range slices.Sorted(maps.Keys(allowed)) {
		fmt.Fprintf(&b, "| %s | %s |\n", id, allowed[id])
	}
	return b.String()
}

// apart lists the licences that do not lie at the top of their part.
func apart(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		for _, n := range p.notices {
			if strings.Contains(n.file, "/") || sourceFile.MatchString(n.file) {
				fmt.Fprintf(&b, "- %s, `%s`: %s\n", p.name, n.file, strings.Join(n.licences, ", "))
			}
		}
	}
	return b.String()
}

// notices is every notice, under the name of its part.
func notices(parts []part) string {
	var b strings.Builder
	b.WriteString("The program contains what follows, unchanged, under the licences given.\nThe source of MODULE at VERSION is had by: go mod download MODULE@VERSION\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "\n==== %s\n", strings.TrimSpace(p.name+" "+p.version))
		for _, n := range p.notices {
			fmt.Fprintf(&b, "\n---- %s\n\n%s\n", n.file, strings.TrimRight(n.text, "\n"))
		}
	}
	return b.String()
}
