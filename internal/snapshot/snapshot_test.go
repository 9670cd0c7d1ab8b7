package snapshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"productcache/internal/snapshot"
)

// now is when the snapshots of the tests begin.
var now = time.Unix(1_700_000_000, 123_456_789)

func header() snapshot.Header {
	return snapshot.Header{
		Time:     now,
		Source:   "tcp 127.0.0.1:3306",
		Position: "a position",
		Lookups:  []snapshot.Lookup{{Name: "products", Fingerprint: [32]byte{1, 2, 3}}, {Name: "category", Fingerprint: [32]byte{4}}},
	}
}

// some are records of every kind.
func some() []snapshot.Record {
	return []snapshot.Record{
		{Lookup: 0, Key: "1", LoadedAt: now, Value: []byte(`{"id":1}`)},
		{Lookup: 1, Key: "ключ", LoadedAt: now.Add(-time.Hour), Rank: 7, Value: []byte(`[]`)},
		{Lookup: 0, Key: "3", LoadedAt: now.Add(-3 * time.Minute), StaleAt: now.Add(-time.Minute), Rank: 255, Value: []byte{}},
		{Lookup: 0, Key: "", LoadedAt: now.Add(-time.Nanosecond), Value: bytes.Repeat([]byte("x"), 300)},
	}
}

func purges() []snapshot.Purge {
	return []snapshot.Purge{
		{Lookup: "products", Keys: []string{"1", "3"}},
		{Lookup: "category", All: true, Remove: true, Keys: []string{}},
	}
}

// open takes a file in a folder of its own.
func open(t *testing.T) (f *snapshot.File, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "snapshot")
	return reopen(t, path), path
}

func reopen(t *testing.T, path string) *snapshot.File {
	t.Helper()
	f, err := snapshot.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// replace writes records; while that goes on, meanwhile is called.
func replace(t *testing.T, f *snapshot.File, records []snapshot.Record, meanwhile func()) snapshot.Info {
	t.Helper()
	info, err := f.Replace(header, func(w *snapshot.Writer) error {
		meanwhile()
		return add(w, records)
	})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func add(w *snapshot.Writer, records []snapshot.Record) error {
	for _, r := range records {
		if err := w.Add(r); err != nil {
			return err
		}
	}
	return nil
}

func nothing() {}

// content is all that a file holds, as far as it can be read.
type content struct {
	header  snapshot.Header
	records []snapshot.Record
	purges  []snapshot.Purge
}

// readAll reads until there is nothing more, or an error.
func readAll(in io.Reader) (c content, err error) {
	r, err := snapshot.NewReader(in)
	if err != nil {
		return c, err
	}
	c.header = r.Header()
	for {
		record, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, err
		}
		record.Value = append([]byte{}, record.Value...)
		c.records = append(c.records, record)
	}
	c.purges, err = r.Purges()
	return c, err
}

func (c content) equal(t *testing.T, records []snapshot.Record, purges []snapshot.Purge) {
	t.Helper()
	h := header()
	h.Time = c.header.Time // compared below: time.Time may differ in its location
	if !reflect.DeepEqual(c.header, h) || !c.header.Time.Equal(now) {
		t.Errorf("header %+v, want %+v", c.header, header())
	}
	if len(c.records) != len(records) {
		t.Fatalf("%d records, want %d", len(c.records), len(records))
	}
	for i, want := range records {
		if got := c.records[i]; !same(got, want) {
			t.Errorf("record %d is %+v, want %+v", i, got, want)
		}
	}
	if len(c.purges)+len(purges) > 0 && !reflect.DeepEqual(c.purges, purges) {
		t.Errorf("purges %+v, want %+v", c.purges, purges)
	}
}

func same(a, b snapshot.Record) bool {
	return a.Lookup == b.Lookup && a.Key == b.Key && a.Rank == b.Rank && bytes.Equal(a.Value, b.Value) &&
		a.LoadedAt.Equal(b.LoadedAt) && a.StaleAt.Equal(b.StaleAt)
}

// TestRoundTrip: what is read is what was written, purges before and after the
// snapshot took its place included.
func TestRoundTrip(t *testing.T) {
	f, path := open(t)
	all := purges()
	info := replace(t, f, some(), func() {
		if err := f.Note(all[0]); err != nil {
			t.Error(err)
		}
	})
	if err := f.Note(all[1]); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Records != 4 || info.Bytes == 0 || info.Bytes > int64(len(written)) {
		t.Errorf("Info %+v of a file of %d bytes", info, len(written))
	}
	c, err := readAll(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	c.equal(t, some(), all)
}

// TestManyBlocks, with records larger than one.
func TestManyBlocks(t *testing.T) {
	var records []snapshot.Record
	for i := range 3000 {
		size := 2000
		if i%1000 == 7 {
			size = 3 << 20
		}
		records = append(records, snapshot.Record{Key: fmt.Sprint(i), LoadedAt: now, Value: bytes.Repeat([]byte{byte(i)}, size)})
	}
	f, path := open(t)
	replace(t, f, records, nothing)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	c.equal(t, records, nil)
}

// TestLargestRecord: one byte more is refused, and does no harm.
func TestLargestRecord(t *testing.T) {
	f, _ := open(t)
	largest := snapshot.Record{Key: "k", LoadedAt: now, Value: make([]byte, snapshot.MaxRecord-1)}
	_, err := f.Replace(header, func(w *snapshot.Writer) error {
		if err := add(w, some()); err != nil {
			return err
		}
		tooLarge := largest
		tooLarge.Key = "kk"
		if err := w.Add(tooLarge); !errors.Is(err, snapshot.ErrTooLarge) {
			t.Errorf("Add = %v, want %v", err, snapshot.ErrTooLarge)
		}
		return w.Add(largest)
	})
	if err != nil {
		t.Fatal(err)
	}
	r, in, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	n := 0
	for ; err == nil; n++ {
		_, err = r.Next()
	}
	if n != 6 || err != io.EOF {
		t.Errorf("read %d records, then %v; want 5, then the end", n-1, err)
	}
}

// TestLoadedAfterTheBegin counts as of the begin: no age is negative.
func TestLoadedAfterTheBegin(t *testing.T) {
	f, path := open(t)
	replace(t, f, []snapshot.Record{{Key: "1", LoadedAt: now.Add(time.Second), StaleAt: now.Add(time.Second)}}, nothing)
	file, _ := os.ReadFile(path)
	c, err := readAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if r := c.records[0]; !r.LoadedAt.Equal(now) || !r.StaleAt.Equal(now) {
		t.Errorf("loaded at %v, stale at %v; want %v", r.LoadedAt, r.StaleAt, now)
	}
}

// small is a whole file with purges.
func small(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshot")
	f, err := snapshot.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Replace(header, func(w *snapshot.Writer) error { return add(w, some()) }); err != nil {
		t.Fatal(err)
	}
	for _, p := range purges() {
		if err := f.Note(p); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// expectDamage reads a damaged file: it must fail, and what it gives before must
// be what was written.
func expectDamage(t *testing.T, what string, file []byte) {
	t.Helper()
	c, err := readAll(bytes.NewReader(file))
	if !errors.Is(err, snapshot.ErrDamaged) && !errors.Is(err, snapshot.ErrVersion) {
		t.Errorf("%s: error %v, want %v", what, err, snapshot.ErrDamaged)
	}
	for i, r := range c.records {
		if !same(r, some()[i]) {
			t.Errorf("%s: record %d is %+v, want %+v", what, i, r, some()[i])
		}
	}
	if len(c.purges) > 0 {
		t.Errorf("%s: purges are given, though they cannot be all", what)
	}
}

// TestEveryByteChanged, each in all its bits and each bit alone.
func TestEveryByteChanged(t *testing.T) {
	file := small(t)
	for at := range file {
		for _, by := range []byte{0xff, 1, 2, 4, 8, 16, 32, 64, 128} {
			file[at] ^= by
			expectDamage(t, fmt.Sprintf("byte %d xor %#x", at, by), file)
			file[at] ^= by
		}
	}
}

// TestCutEverywhere: only a cut between two purges cannot be seen, since they are
// added one by one.
func TestCutEverywhere(t *testing.T) {
	file := small(t)
	unseen := 0
	for n := range len(file) {
		c, err := readAll(bytes.NewReader(file[:n]))
		if err == nil {
			unseen++
			c.equal(t, some(), purges()[:len(c.purges)])
			continue
		}
		expectDamage(t, fmt.Sprintf("cut to %d bytes", n), file[:n])
	}
	if unseen != len(purges()) {
		t.Errorf("%d cuts are not seen, want %d", unseen, len(purges()))
	}
}

// TestPartsOfTwoFiles: blocks of another snapshot are no part of this one, though
// they are whole.
func TestPartsOfTwoFiles(t *testing.T) {
	a, b := small(t), small(t)
	if len(a) != len(b) {
		t.Fatalf("%d and %d bytes: this test wants files of one size", len(a), len(b))
	}
	for at := 1; at < len(a); at++ {
		mixed := append(append([]byte{}, a[:at]...), b[at:]...)
		if bytes.Equal(mixed, a) || bytes.Equal(mixed, b) {
			continue
		}
		expectDamage(t, fmt.Sprintf("the second file from byte %d on", at), mixed)
	}
}

func TestOtherFiles(t *testing.T) {
	newer := small(t)
	newer[8]++
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte(strings.Repeat("products\n", 100)), "zeros": make([]byte, 10_000), "newer": newer,
		"something behind it": append(small(t), 0), "twice": append(small(t), small(t)...),
	} {
		expectDamage(t, name, file)
	}
}

// TestFailureToRead is not taken for a damaged file.
func TestFailureToRead(t *testing.T) {
	file := small(t)
	for _, n := range []int{0, 10, 24, 30, 200, len(file) - 1} {
		_, err := readAll(io.MultiReader(bytes.NewReader(file[:n]), failing{}))
		if !errors.Is(err, errDisk) {
			t.Errorf("after %d bytes: %v, want %v", n, err, errDisk)
		}
	}
}

var errDisk = errors.New("disk")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

// FuzzReader changes bytes of a whole file in many places and cuts it: it must
// show, and what is read before must be what was written. Any other bytes must
// neither be taken for a snapshot nor make reading panic.
func FuzzReader(f *testing.F) {
	whole := small(f)
	f.Add([]byte{0, 0, 1}, uint16(0))
	f.Add([]byte{0, 30, 255, 1, 0, 7}, uint16(len(whole)-40))
	f.Add(whole[:100], uint16(3))
	f.Fuzz(func(t *testing.T, edits []byte, cut uint16) {
		if c, err := readAll(bytes.NewReader(edits)); err == nil {
			t.Errorf("%q is read as %+v", edits, c)
		}
		file := append([]byte{}, whole...)
		for ; len(edits) >= 3; edits = edits[3:] {
			file[(int(edits[0])<<8|int(edits[1]))%len(file)] ^= edits[2]
		}
		file = file[:len(file)-int(cut)%len(file)]
		if bytes.HasPrefix(whole, file) { // TestCutEverywhere
			return
		}
		expectDamage(t, "changed", file)
	})
}
