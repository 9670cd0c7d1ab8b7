package document_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"productcache/internal/document"
	"productcache/internal/racetest"
)

// TestWeightIsWhatTheHeapGrowsBy compares the sum of weights with real memory,
// for bodies in blocks of their size and for such with room to spare.
func TestWeightIsWhatTheHeapGrowsBy(t *testing.T) {
	racetest.Skip(t)
	for name, c := range map[string]struct {
		n, largest, spare, elements int
	}{
		"small objects":          {n: 10_000, largest: 250},
		"products":               {n: 10_000, largest: 4000},
		"bodies with spare room": {n: 2000, largest: 4000, spare: 3000},
		"listings":               {n: 2000, largest: 12_000, elements: 100},
		"several pages each":     {n: 500, largest: 90_000},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			documents := make([]*document.Document, c.n)
			weight, before := 0, heap()
			for i := range documents {
				size := 40 + random.IntN(c.largest)
				body := make([]byte, 0, size+random.IntN(c.spare+1))
				body = append(body, product(size)...)
				var ends []uint32
				for e := range random.IntN(c.elements + 1) {
					ends = append(ends, uint32(e)) // append leaves room to spare
				}
				documents[i] = document.New(body, ends)
				weight += documents[i].Weight()
			}
			grown := heap() - before
			if low, high := weight*98/100, weight*102/100; grown < low || grown > high {
				t.Errorf("%d documents weigh %d bytes together, the heap has grown by %d (%+.1f %%)",
					c.n, weight, grown, 100*float64(grown-weight)/float64(weight))
			}
			runtime.KeepAlive(documents)
		})
	}
}

// heap returns the bytes of live objects.
func heap() int {
	for range 3 { // pools give up their content after two collections
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
