package catalog

import (
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Lifetimes are a lookup's own. Nil means: as the flags say.
type Lifetimes struct {
	TTL                  *time.Duration
	StaleWhileRevalidate *time.Duration
	StaleIfError         *time.Duration
	NegativeTTL          *time.Duration
}

func (r *reader) lifetimeFields(l *Lifetimes) []field {
	read := func(name string, to **time.Duration) field {
		return field{name, false, func(n ast.Node) { *to = r.duration(n, name) }}
	}
	return []field{
		read("ttl", &l.TTL),
		read("stale_while_revalidate", &l.StaleWhileRevalidate),
		read("stale_if_error", &l.StaleIfError),
		read("negative_ttl", &l.NegativeTTL),
	}
}

func (r *reader) duration(n ast.Node, what string) *time.Duration {
	s, ok := r.text(n, what)
	if !ok {
		return nil
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		r.add(r.position(n), "%s cannot be %q: write numbers with the units h, m, s or ms, such as 30s, 1h30m, or 24h for a day", what, s)
		return nil
	case d < 0:
		r.add(r.position(n), "%s cannot be negative: write 0s or more, or leave it out to have the flag's", what)
		return nil
	}
	return &d
}
