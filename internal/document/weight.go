package document

import "sort"

const (
	largestClass = 32 << 10 // above it the allocator hands out whole pages
	pageSize     = 8 << 10
)

// classes are the sizes of the allocator's small blocks, asked of the allocator itself: append rounds a capacity up to
// the block that it takes.
var classes = sizeClasses()

func sizeClasses() []int {
	var sizes []int
	for n := 0; n < largestClass; {
		n = cap(append([]byte(nil), make([]byte, n+1)...))
		sizes = append(sizes, n)
	}
	return sizes
}

// allocated returns the size of the block that n bytes without pointers occupy.
func allocated(n int) int {
	switch {
	case n == 0:
		return 0
	case n <= largestClass:
		return classes[sort.SearchInts(classes, n)]
	default:
		return (n + pageSize - 1) / pageSize * pageSize
	}
}
