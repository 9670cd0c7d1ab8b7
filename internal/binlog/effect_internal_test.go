package binlog

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"productcache/internal/catalog"
)

func lookupOf(name string) *catalog.Lookup {
	return &catalog.Lookup{Name: name, KeyType: catalog.Integer}
}

func TestEffectsAreBounded(t *testing.T) {
	a, b := lookupOf("a"), lookupOf("b")
	key, find := &route{lookup: a}, &route{lookup: a, change: catalog.Change{Find: catalog.Query{Text: "SELECT"}}}
	e := effects{}
	for i := range maxKeys / 2 {
		e.addKey(key, strconv.Itoa(i), true)
		e.addKey(key, strconv.Itoa(i), true)
		e.addKey(find, strconv.Itoa(i), true)
	}
	e.addKey(&route{lookup: b}, "1", true)
	if e[a].all || e[a].size() != maxKeys {
		t.Fatalf("%d keys and values, all %v; want %d", e[a].size(), e[a].all, maxKeys)
	}
	e.addKey(find, "one more", false)
	e.addKey(key, "and another", true)
	if one := e[a]; !one.all || one.keys != nil || one.searches != nil {
		t.Errorf("beyond %d: %d keys and values kept, all %v", maxKeys, one.size(), one.all)
	}
	if e[b].all {
		t.Error("another lookup is stale as a whole too")
	}
}

func TestEffectsMerge(t *testing.T) {
	a, b, c := lookupOf("a"), lookupOf("b"), lookupOf("c")
	find := &route{lookup: a, change: catalog.Change{Find: catalog.Query{Text: "SELECT"}}}
	first, second := effects{}, effects{}
	first.addCanonical(a, "1")
	first.addKey(find, "10", true)
	first.addAll(b)
	second.addCanonical(a, "2")
	second.addKey(find, "11", true)
	second.addCanonical(b, "5")
	second.addAll(c)
	var p pending
	if p.take() != nil {
		t.Error("something is pending at the start")
	}
	p.add(unsettled{effects: first, upTo: position{offset: 1}})
	p.add(unsettled{effects: second, upTo: position{offset: 2}})
	u := p.take()
	if u.upTo.offset != 2 || p.take() != nil {
		t.Errorf("pending up to %v, or twice", u.upTo)
	}
	one := u.effects[a]
	keys, values := slices.Sorted(maps.Keys(one.keys)), slices.Sorted(maps.Keys(one.searches[find].values))
	if !slices.Equal(keys, []string{"1", "2"}) || !slices.Equal(values, []string{"10", "11"}) || !one.searches[find].numeric {
		t.Errorf("keys %q, searches for %q", keys, values)
	}
	if !u.effects[b].all || len(u.effects[b].keys) != 0 || !u.effects[c].all {
		t.Errorf("b %+v, c %+v, want both stale as a whole", u.effects[b], u.effects[c])
	}
}

func TestCommitTime(t *testing.T) {
	want := time.UnixMicro(1790000000123456)
	body := make([]byte, commitTimeAt+14)
	binary.LittleEndian.PutUint64(body[commitTimeAt:], uint64(want.UnixMicro()))
	if got, ok := commitTime(body[:commitTimeAt+7]); !ok || !got.Equal(want) {
		t.Errorf("commitTime = %v, %v, want %v", got, ok, want)
	}
	body[commitTimeAt+6] |= 0x80 // the original commit's time follows
	if got, ok := commitTime(body); !ok || !got.Equal(want) {
		t.Errorf("commitTime with another = %v, %v, want %v", got, ok, want)
	}
	if _, ok := commitTime(body[:commitTimeAt+6]); ok {
		t.Error("commitTime of a short event")
	}
}
