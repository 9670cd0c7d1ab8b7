package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/internal/mysqltest"
)

const (
	soakVariable     = "PRODUCTCACHE_SOAK"          // file to write the report into
	durationVariable = "PRODUCTCACHE_SOAK_DURATION" // such as 30m; a short form without it
	seedVariable     = "PRODUCTCACHE_SOAK_SEED"     // which repeats the order of events

	shortDuration = 12 * time.Second
	shortSeed     = 97
)

// TestSoak lets all happen at random for PRODUCTCACHE_SOAK_DURATION, and else a few events for a short time.
func TestSoak(t *testing.T) {
	c := SoakConfig{Out: t.Output(), Folder: t.TempDir(), Seed: shortSeed, Duration: shortDuration, Short: true}
	var err error
	if text := os.Getenv(durationVariable); text != "" {
		c.Seed, c.Short, c.Only = rand.Uint64()>>32, false, os.Getenv(onlyVariable)
		if c.Duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", durationVariable, err)
		}
	}
	if text := os.Getenv(seedVariable); text != "" {
		if c.Seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	if c.Binary, err = child.Build(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	c.MySQL = mysqltest.MariaDB(t, mysqltest.Private(), mysqltest.Nice(serverNice), mysqltest.Args(serverArguments()...))
	environment := Environment(c.MySQL.Query(t, "", "SELECT VERSION()")[0][0])
	report, err := Soak(t.Context(), c)
	if err != nil {
		t.Error(err)
	}
	if report == nil {
		return
	}
	fmt.Fprint(t.Output(), report)
	if file := os.Getenv(soakVariable); file != "" && c.Only == "" {
		if err := report.Write(file, environment); err != nil {
			t.Error(err)
		}
	}
}

func TestPlanIsThatOfItsSeed(t *testing.T) {
	s := SoakConfig{}.sizes()
	all := SoakConfig{}.kinds(s)
	names := func(seed uint64) (texts []string) {
		for _, st := range plan(seed, all, s, 30*time.Minute) {
			texts = append(texts, fmt.Sprint(st, st.calm))
		}
		return texts
	}
	if a, b := names(7), names(7); !reflect.DeepEqual(a, b) {
		t.Errorf("plan(7) = %v, and then %v", a, b)
	}
	if a, b := names(7), names(8); reflect.DeepEqual(a, b) {
		t.Errorf("plan(7) = plan(8) = %v", a)
	}
}

func TestPlanDealsAll(t *testing.T) {
	s := SoakConfig{}.sizes()
	all := SoakConfig{}.kinds(s)
	const duration = 30 * time.Minute
	for seed := range uint64(20) {
		var at time.Duration
		together := 0
		times := map[string]int{}
		for _, st := range plan(seed, all, s, duration) {
			for _, k := range st.kinds {
				times[k.name]++
				if k.renews() && at >= duration/2 {
					t.Errorf("plan(%d): %v after %v: want none in the second half", seed, st, at)
				}
			}
			if len(st.kinds) == 2 {
				together++
				if st.kinds[0].of == st.kinds[1].of {
					t.Errorf("plan(%d): %v: two of the same origin", seed, st)
				}
			}
			if at += st.length + st.calm; st.calm <= recovery {
				t.Errorf("plan(%d): %v: calm for %v, want more than %v", seed, st, st.calm, recovery)
			}
		}
		if at > duration {
			t.Errorf("plan(%d) takes %v, want %v at most", seed, at, duration)
		}
		for _, k := range all {
			if times[k.name] == 0 {
				t.Errorf("plan(%d): %s does not happen", seed, k.name)
			}
		}
		if together == 0 {
			t.Errorf("plan(%d): no two events happen together", seed)
		}
	}
}

// The short form has the events that only a soak has.
func TestShortPlan(t *testing.T) {
	c := SoakConfig{Short: true}
	s := c.sizes()
	steps := plan(shortSeed, c.kinds(s), s, shortDuration)
	for _, name := range []string{restartName, killName, refillName} {
		if !slices.ContainsFunc(steps, func(st step) bool {
			return slices.ContainsFunc(st.kinds, func(k kind) bool { return k.name == name })
		}) {
			t.Errorf("%s is not in %v", name, steps)
		}
	}
}

func TestSoakReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reliability.md")
	if err := os.WriteFile(file, []byte("before\n"+beginMark+"tables\n"+endMark+"between\n"+soakMark+"earlier\n"+endMark+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &SoakReport{Seed: 42, Duration: time.Hour, Events: 2, AtOnce: 3, Peak: 9 << 20, Skipped: []string{"flood: no water"}}
	row := &SoakRow{Name: "front: fire"}
	row.add(answers{counts{1, 2, 3, 4, 5}, counts{6}}, true)
	row.add(answers{counts{1, 1, 1, 1, 1}, counts{}}, false)
	r.Rows = []*SoakRow{row}
	r.Findings = []string{"smoke\nwith its text"}
	if err := r.Write(file, "On a rock.\n"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if !strings.HasPrefix(text, "before\n"+beginMark+"tables\n"+endMark+"between\n"+soakMark) || !strings.HasSuffix(text, endMark+"after\n") || strings.Contains(text, "earlier") {
		t.Errorf("around the report: %s", text)
	}
	for _, want := range []string{"On a rock.\n- seed: 42; 1h0m0s; 2 events\n", "- peak memory: 9 MiB\n", "| front: fire | 1, 1 | 2, 3, 4, 5, 6 | 6, 0, 0, 0, 0 |\n", "- smoke\n", "- not run: flood: no water\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in %s", want, text)
		}
	}
	if err := r.err(); err == nil || !strings.Contains(err.Error(), "seed 42: smoke") {
		t.Errorf("err() = %v, want the seed and the finding", err)
	}
}
