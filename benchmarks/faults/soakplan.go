package faults

import (
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// kind of event in a soak.
type kind struct {
	fault
	of    origin
	extra int64 // bytes of memory that it may take
}

// origin of an event. No two of the same happen at once: they would be in each other's way.
type origin int

const (
	ofDatabase origin = iota
	ofFront
	ofProgram // which becomes another process, or reads its files again
	ofAdmin   // what the admin API is asked for
)

// disturbs reports whether what is not cached may be refused meanwhile.
func (k kind) disturbs() bool { return k.of == ofDatabase || k.of == ofFront || k.renews() }

func (o origin) String() string { return [...]string{"database", "front", "program", "admin"}[o] }

// kinds are all events that are to happen.
func (c SoakConfig) kinds(s scale) (all []kind) {
	for _, f := range append(databaseFaults(), emptyAndBack()) {
		all = append(all, kind{fault: f})
	}
	for _, o := range overloads(s) {
		all = append(all, kind{overloadEvent(o), ofFront, int64(o.connections * o.each)})
	}
	for _, f := range programEvents() {
		all = append(all, kind{fault: f, of: ofProgram})
	}
	for _, f := range adminEvents() {
		all = append(all, kind{fault: f, of: ofAdmin})
	}
	return slices.DeleteFunc(all, func(k kind) bool {
		return c.Short && !k.short || k.name == dumpName && !canDump() || !wants(c.Only, k.name)
	})
}

func canDump() bool {
	_, err := exec.LookPath(dumpProgram)
	return err == nil
}

// skipped are faults of the database that are not among the kinds.
func skipped() []string {
	s := []string{fullDiskName + ": it needs a server of its own"}
	if !canDump() {
		s = append(s, dumpName+": there is no "+dumpProgram)
	}
	return s
}

// step is an event, or two at the same time, and the calm after it.
type step struct {
	kinds        []kind
	length, calm time.Duration
}

func (s step) String() string {
	var names []string
	for _, k := range s.kinds {
		names = append(names, k.of.String()+": "+k.name)
	}
	return strings.Join(names, " + ") + " for " + s.length.Round(time.Millisecond).String()
}

// pairs is how many events in a hundred happen together with another.
const pairs = 25

// plan draws the steps that fit into a duration, the same for the same seed. Kinds are dealt like cards: each comes up once before
// any does again. The program is not renewed in the second half, so that what it leaks adds up.
func plan(seed uint64, kinds []kind, s scale, d time.Duration) (steps []step) {
	chance := rand.New(rand.NewPCG(seed, 0))
	var deck []kind
	deal := func(fits func(kind) bool) (k kind, ok bool) {
		i := slices.IndexFunc(deck, fits)
		if i < 0 {
			return k, false
		}
		k = deck[i]
		deck = slices.Delete(deck, i, i+1)
		return k, true
	}
	for at := time.Duration(0); ; {
		lasts := func(k kind) bool { return at < d/2 || !k.renews() }
		first, ok := deal(lasts)
		if !ok {
			deck = slices.Clone(kinds)
			chance.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
			continue
		}
		st := step{[]kind{first}, between(chance, s.during/2, s.during), between(chance, s.after, s.after*3/2)}
		if at += st.length + st.calm; at > d && len(steps) > 0 {
			return steps
		}
		if chance.IntN(100) < pairs {
			if second, ok := deal(func(k kind) bool { return lasts(k) && k.of != first.of }); ok {
				st.kinds = append(st.kinds, second)
			}
		}
		steps = append(steps, st)
	}
}

func between(chance *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(chance.Int64N(int64(most-least)))
}
