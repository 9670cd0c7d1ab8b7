package document

import (
	"slices"
	"unsafe"
)

const (
	largestBlock = 32 << 10 // above it the allocator hands out whole pages
	pageSize     = 8 << 10
)

// blocks are the sizes of the allocator's blocks up to largestBlock, asked of
// the allocator itself: append makes a capacity as large as the block it takes.
var blocks = blockSizes()

func blockSizes() []int {
	var sizes []int
	for n := 0; n < largestBlock; {
		n = cap(append([]byte(nil), make([]byte, n+1)...))
		sizes = append(sizes, n)
	}
	return sizes
}

// allocated returns the size of the block that n bytes occupy.
func allocated(n int) int {
	switch {
	case n == 0:
		return 0
	case n <= largestBlock:
		i, _ := slices.BinarySearch(blocks, n)
		return blocks[i]
	default:
		return (n + pageSize - 1) / pageSize * pageSize
	}
}

// fitted returns s in a block no larger than its length needs: a document lives
// long, and its weight counts lengths only.
func fitted[E byte | uint32](s []E) []E {
	size := int(unsafe.Sizeof(*new(E)))
	if cap(s)*size <= allocated(len(s)*size) {
		return s
	}
	return append([]E(nil), s...)
}
