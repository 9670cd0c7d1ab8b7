package alloc_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"productcache/internal/alloc"
)

type header struct {
	pointer *[]byte
	number  uint64
	_       [16]byte
}

func ExampleWith() {
	h := alloc.With[header](5)
	copy(alloc.Behind(h, 5), "hello")
	fmt.Println(h.number, string(alloc.Behind(h, 5)), alloc.SizeWith[header](5))
	// Output: 0 hello 48
}

func TestSizes(t *testing.T) {
	for _, c := range []struct{ n, within, size int }{
		{0, 0, 0}, {1, 0, 8}, {8, 8, 8}, {9, 8, 16}, {1000, 896, 1024}, {1024, 1024, 1024}, {1025, 1024, 1152},
		{32 << 10, 32 << 10, 32 << 10}, {32<<10 + 1, 32 << 10, 40 << 10}, {41 << 10, 32 << 10, 48 << 10},
	} {
		if alloc.Class(alloc.ClassWithin(c.n)) != c.within || alloc.Size(c.n) != c.size {
			t.Errorf("%d bytes: class of %d, Size = %d; want %d, %d", c.n, alloc.Class(alloc.ClassWithin(c.n)), alloc.Size(c.n), c.within, c.size)
		}
	}
}

// TestBytesBehindStay with the struct that they are behind, which the collector
// sees the pointers of.
func TestBytesBehindStay(t *testing.T) {
	var all []*header
	for n := range alloc.MaxBehind + 1 {
		h := alloc.With[header](n)
		inner := bytes.Repeat([]byte{byte(n + 1)}, 100)
		h.pointer = &inner
		for i := range alloc.Behind(h, n) {
			alloc.Behind(h, n)[i] = byte(n)
		}
		all = append(all, h)
	}
	runtime.GC()
	for n, h := range all {
		if !bytes.Equal(alloc.Behind(h, n), bytes.Repeat([]byte{byte(n)}, n)) {
			t.Fatalf("%d bytes behind a struct have changed", n)
		}
		if !bytes.Equal(*h.pointer, bytes.Repeat([]byte{byte(n + 1)}, 100)) {
			t.Fatalf("what a struct with %d bytes behind it points to has changed", n)
		}
	}
}

func TestSizeWithIsWhatTheHeapGrowsBy(t *testing.T) {
	const count = 10_000
	for n := 0; n <= alloc.MaxBehind; n += 24 {
		all := make([]*header, count)
		before := heap()
		for i := range all {
			all[i] = alloc.With[header](n)
		}
		if grown, want := heap()-before, count*alloc.SizeWith[header](n); grown < want-want/20 || grown > want+want/20 {
			t.Errorf("%d structs with %d bytes behind each: the heap grew by %d, want %d", count, n, grown, want)
		}
		runtime.KeepAlive(all)
	}
}

func TestWithTooMuchBehind(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("With more than MaxBehind did not panic")
		}
	}()
	alloc.With[header](alloc.MaxBehind + 1)
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
