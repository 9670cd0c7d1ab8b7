package document_test

import (
	"fmt"

	"productcache/internal/document"
)

func ExampleNew() {
	// A listing: each element's end is noted while it is written.
	body, ends := []byte("["), []uint32{}
	for i, id := range []int{7, 8, 9} {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"id":%d}`, id)
		ends = append(ends, uint32(len(body)))
	}
	d := document.New(append(body, ']'), ends)

	fmt.Println(string(d.Body()))
	fmt.Println(string(d.Slice(nil, 1, 3)), "of", d.Len())
	fmt.Println(len(d.ETag()), d.Gzip() == nil)
	// Output:
	// [{"id":7},{"id":8},{"id":9}]
	// [{"id":8},{"id":9}] of 3
	// 14 true
}
