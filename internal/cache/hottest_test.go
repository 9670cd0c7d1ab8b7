package cache_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"productcache/internal/cache"
	"productcache/internal/racetest"
)

// spacious makes a cache large enough for shards with fronts.
func spacious() cache.Options[string] {
	o := options()
	o.MaxWeight = 64 << 20
	return o
}

func names(hot []cache.HotKey) string {
	var all []string
	for _, h := range hot {
		all = append(all, h.Key)
	}
	return strings.Join(all, " ")
}

// TestHottest asks for two keys much more often than for 5,000 others, out of the front
// and out of shards.
func TestHottest(t *testing.T) {
	racetest.Skip(t)
	for name, o := range map[string]cache.Options[string]{"front": spacious(), "shards": options()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l := open(t, o, cache.Lifetimes{TTL: time.Hour}, anything(10))
				for second := range 20 {
					for i := range 6000 {
						get(t, l, "first")
						if i%3 == 0 {
							get(t, l, "second")
						}
						get(t, l, fmt.Sprint((6000*second+i)%5000))
					}
					time.Sleep(time.Second)
				}
				hot := c.Hottest(2)
				if names(hot) != "first second" {
					t.Fatalf("hottest are %+v, want first and second", hot)
				}
				for i, want := range []float64{6000, 2000} {
					if got := hot[i].PerSecond; math.Abs(got-want) > want/5 {
						t.Errorf("%s is asked for %.1f times a second, want %v, give or take a fifth", hot[i].Key, got, want)
					}
					if got := hot[i].Share; math.Abs(got-want/14000) > want/14000/5 {
						t.Errorf("%s has a share of %.3f, want %.3f, give or take a fifth", hot[i].Key, got, want/14000)
					}
				}
			})
		})
	}
}

// TestFewRequestsAreCountedExactly: the sample is of everything while there is little.
func TestFewRequestsAreCountedExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := open(t, spacious(), lifetimes, anything(10))
		other, err := c.NewLookup("other", lifetimes, nothing)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			get(t, l, "7")
		}
		for range 10 {
			get(t, other, "7") // the first is a miss, the others find the absence
		}
		for range 20 {
			l.GetMany(context.Background(), []string{"8", "9"}, nil)
		}
		time.Sleep(time.Second)
		got := ""
		for _, h := range c.Hottest(9) {
			got += fmt.Sprintf("%s/%s %.3f ", h.Lookup, h.Key, h.Share)
		}
		if want := "products/7 0.375 products/8 0.250 products/9 0.250 other/7 0.125 "; got != want && got != strings.Replace(want, "8 0.250 products/9", "9 0.250 products/8", 1) {
			t.Errorf("hottest are %q, want %q", got, want)
		}
	})
}

func TestHotKeysFade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := open(t, options(), lifetimes, anything(10))
		ask := func(key string, n int) {
			for range n {
				get(t, l, key)
			}
		}
		ask("morning", 1000)
		time.Sleep(10 * time.Minute)
		ask("noon", 100)
		if got := names(c.Hottest(9)); got != "noon morning" {
			t.Errorf("hottest are %q, want noon before morning", got)
		}
		for _, later := range []time.Duration{4 * time.Hour, 30 * 24 * time.Hour} { // 2^120, and more than a float64 counts
			time.Sleep(later)
			ask(later.String(), 1)
			if got := names(c.Hottest(9)); got != later.String() {
				t.Errorf("hottest are %q, want %v alone", got, later)
			}
		}
	})
}

// TestSketchIsBounded asks for some keys often, and then for many long ones, each once.
func TestSketchIsBounded(t *testing.T) {
	c, l := open(t, options(), lifetimes, nothing)
	for i := range 200 { // each is less hot than those before it
		for range 2 * (400 - i) {
			get(t, l, fmt.Sprint("hot", i))
		}
	}
	if _, _, err := c.SketchForTest(); err != nil {
		t.Error(err)
	}
	for i := range 20_000 {
		get(t, l, strings.Repeat("x", 1000)+fmt.Sprint(i))
	}
	if counters, bytes, err := c.SketchForTest(); counters != 512 || bytes > 512*2048 || err != nil {
		t.Errorf("the sketch has %d counters with %d bytes of keys, %v; want 512 with at most 1 MiB", counters, bytes, err)
	}
	for range 20_000 {
		get(t, l, "hot")
	}
	if got := names(c.Hottest(1)); got != "hot" {
		t.Errorf("the hottest is %.20q, want hot", got)
	}
}

func TestSampledHitAllocatesNothing(t *testing.T) {
	_, l := open(t, options(), lifetimes, anything(10))
	get(t, l, "7")
	if n := testing.AllocsPerRun(1000, func() { _, _ = l.Get(context.Background(), "7") }); n != 0 {
		t.Errorf("%v allocations a hit while every hit is in the sample, want 0", n)
	}
}
