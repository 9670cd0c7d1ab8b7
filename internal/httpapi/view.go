package httpapi

import "unsafe"

// view returns b as a string without copying it. It is for strings that live no
// longer than b stays as it is: what keeps one must copy it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
