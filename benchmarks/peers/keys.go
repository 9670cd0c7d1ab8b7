package main

import "math/rand/v2"

const (
	skew     = 1.1     // exponent of Zipf's law
	singles  = 1 << 16 // drawn keys, asked for in turn
	pages    = 1 << 12 // drawn pages
	pageSize = 24      // different products on a page
)

// keys are indexes into the shop, drawn once, so that every server is asked for the same in the same order.
type keys struct {
	single []int
	page   [][]int
}

func newKeys() *keys {
	next := skewed(1)
	k := &keys{single: make([]int, singles), page: make([][]int, pages)}
	for i := range k.single {
		k.single[i] = next()
	}
	for i := range k.page {
		seen := map[int]bool{}
		for len(k.page[i]) < pageSize {
			if key := next(); !seen[key] {
				seen[key] = true
				k.page[i] = append(k.page[i], key)
			}
		}
	}
	return k
}

// skewed returns a seeded source of skewed indexes. Which are popular has nothing to do with their order.
func skewed(source uint64) func() int {
	z := rand.NewZipf(rand.New(rand.NewPCG(seed, source)), skew, 1, products-1)
	order := rand.New(rand.NewPCG(seed, 0)).Perm(products)
	return func() int { return order[z.Uint64()] }
}
