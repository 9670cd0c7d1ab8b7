package hammer

import "testing"

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name string
		bounds
		version int64
		want    string // "": nothing is broken
	}{
		{"the version being written", bounds{}, 21, ""},
		{"a version never written", bounds{}, 22, "unwritten"},
		{"a deletion as a row", bounds{}, 16, "unwritten"},
		{"the version applied", bounds{applied: 19}, 19, ""},
		{"an older one", bounds{applied: 19}, 18, "applied"},
		{"the version seen", bounds{seen: 19}, 19, ""},
		{"an older one", bounds{seen: 19}, 18, "seen"},
		{"absent, though never deleted since", bounds{applied: 17}, absent, "applied"},
		{"absent, as the last deletion", bounds{applied: 16, seen: 16}, absent, ""},
	} {
		of := &newLedger().items[1]
		of.begun.Store(21)
		if got, text := of.judge(c.bounds, c.version); got != c.want {
			t.Errorf("judge(%s): %q %s, want %q", c.name, got, text, c.want)
		}
	}
}

func TestNoteOfAnAbsence(t *testing.T) {
	of := &newLedger().items[1]
	of.begun.Store(30)
	of.note(itemLookup, bounds{applied: 9}, absent)
	if got, want := of.bounds(itemLookup), (bounds{seen: 16}); got != want {
		t.Errorf("bounds() = %v, want %v: the first deletion that was allowed", got, want)
	}
	of.note(itemLookup, bounds{}, 3)
	if got, want := of.bounds(itemLookup).seen, int64(16); got != want {
		t.Errorf("seen = %d, want %d: an older answer lowers nothing", got, want)
	}
}

func TestAppliedSequence(t *testing.T) {
	for text, want := range map[string]uint64{
		"0-1-123 (binlog.000001:2931)":                                   123,
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-456 (binlog.000002:4)":   456,
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:7 (binlog.000002:4)":       7,
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7-9 (binlog.000002:4)": 5,
		":0":                   0,
		"binlog.000001:2931":   0,
		"garbage (b.000001:4)": 0,
	} {
		if got, ok := appliedSequence(text); got != want || ok != (want > 0) {
			t.Errorf("appliedSequence(%q) = %d, %t, want %d", text, got, ok, want)
		}
	}
}

func TestRead(t *testing.T) {
	versions, err := read([]byte(`[{"id":3,"version":12},{"id":9,"version":1}]`))
	if err != nil || versions[3] != 12 || versions[9] != 1 || versions[0] != 0 {
		t.Errorf("read() = %v, %v; want 12 and 1", versions, err)
	}
	if _, err := read([]byte(`{"id":3,"versions":12}`)); err == nil {
		t.Error("read(no version) = nil, want an error")
	}
}
