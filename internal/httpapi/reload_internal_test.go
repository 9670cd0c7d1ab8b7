package httpapi

import (
	"strings"
	"testing"

	"productcache/internal/document"
)

// TestAreSmall looks at the lengths of bodies, and copies none.
func TestAreSmall(t *testing.T) {
	d := inTwoParts(t)
	var all []result
	for want := true; want; want = (len(all)+1)*d.BodyLen() <= largestAtOnce {
		var one result
		one.Value, one.Found = d, true
		all = append(all, one)
	}
	if !areSmall(all) || areSmall(append(all, all[0])) {
		t.Errorf("areSmall of %d bodies is %v, of one more %v", len(all), areSmall(all), areSmall(append(all, all[0])))
	}
	if n := testing.AllocsPerRun(10, func() { areSmall(all) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// inTwoParts returns a document whose body is.
func inTwoParts(t *testing.T) *document.Document {
	t.Helper()
	for n := 100; n < 2000; n++ {
		d := document.New([]byte(`{"x":"`+strings.Repeat("y", n)+`"}`), nil)
		if head, tail := d.BodyParts(); len(head) > 0 && len(tail) > 0 {
			return d
		}
	}
	t.Fatal("no body is in two parts")
	return nil
}
