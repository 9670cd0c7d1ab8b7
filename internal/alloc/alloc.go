// Package alloc makes allocations that lose little to the allocator's rounding,
// and tells what they occupy.
//
// Go allocates blocks of about 70 sizes, an eighth apart. Millions of objects of
// mixed sizes lose a sixteenth of their memory to that, and one that is made of
// several pieces loses it several times. With puts bytes behind a struct, in one
// block; ClassWithin finds how much of a long text fills a block to its end.
package alloc

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
	sizes := []int{0}
	for n := 0; n < largestBlock; {
		n = cap(append([]byte(nil), make([]byte, n+1)...))
		sizes = append(sizes, n)
	}
	return sizes
}

// Size returns the size of the block that n bytes occupy. For an object of more
// than 512 bytes that holds pointers it is 8 bytes short, at most.
func Size(n int) int {
	if n > largestBlock {
		return (n + pageSize - 1) / pageSize * pageSize
	}
	i, _ := slices.BinarySearch(blocks, n)
	return blocks[i]
}

// ClassWithin returns the number of the largest size of blocks, up to 32 KiB,
// that n bytes fill.
func ClassWithin(n int) uint8 {
	i, found := slices.BinarySearch(blocks, n)
	if !found {
		i--
	}
	return uint8(i)
}

// Class returns the size with a number that ClassWithin has returned. Number 0 has
// size 0.
func Class(number uint8) int { return blocks[number] }

// SizeWith returns the size of the block of a T with n bytes behind it.
func SizeWith[T any](n int) int { return Size(int(unsafe.Sizeof(*new(T))) + room(n)) }

// Behind returns the n bytes behind a T that was made by With for as many.
func Behind[T any](t *T, n int) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(t), unsafe.Sizeof(*t))), n)
}
