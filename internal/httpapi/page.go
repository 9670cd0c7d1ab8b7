package httpapi

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"productcache/internal/document"
)

const (
	defaultPerPage = 24
	maxPerPage     = 1000
	maxPage        = 1_000_000_000
)

// page is a window on a listing.
type page struct {
	wanted      bool // the request has page or per_page
	number, per int
}

// page parses the page parameters.
func (x *exchange) page() (p page, ok bool) {
	if x.r.URL.RawQuery == "" {
		return page{}, true
	}
	values := map[string]string{}
	for name, value := range parameters(x.r.URL.RawQuery) {
		if name != "page" && name != "per_page" {
			continue
		}
		if _, again := values[name]; again {
			x.refuse(badPage, "Parameter "+name+" is given more than once.")
			return page{}, false
		}
		values[name] = value
	}
	if len(values) == 0 {
		return page{}, true
	}
	if !x.lookup.Many {
		x.refuse(badPage, "This lookup has no listings, so that there are no pages.")
		return page{}, false
	}
	p = page{wanted: true, number: 1, per: defaultPerPage}
	return p, x.pageNumber(values, "page", maxPage, &p.number) && x.pageNumber(values, "per_page", maxPerPage, &p.per)
}

func (x *exchange) pageNumber(values map[string]string, name string, most int, n *int) bool {
	text, given := values[name]
	if !given {
		return true
	}
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil || number < 1 || number > uint64(most) {
		x.refuse(badPage, "Parameter "+name+" must be an integer from 1 to "+strconv.Itoa(most)+", not "+quoted(text)+".")
		return false
	}
	*n = int(number)
	return true
}

// window returns the elements of the page in a listing of total.
func (p page) window(total int) (from, to int) {
	from = min((p.number-1)*p.per, total)
	return from, min(from+p.per, total)
}

// etag returns the tag of a page of a listing with the given tag. It changes
// with any change of the listing, as X-Total-Count and Link may.
func (p page) etag(listing string) string {
	return strings.TrimSuffix(listing, `"`) + "-p" + strconv.Itoa(p.number) + "-" + strconv.Itoa(p.per) + `"`
}

// links returns the Link field (RFC 8288) of a page of a listing of total
// elements.
func (p page) links(path string, total int) string {
	last := max(1, (total+p.per-1)/p.per)
	var b []byte
	link := func(number int, relation string) {
		if b != nil {
			b = append(b, ", "...)
		}
		b = append(append(append(b, '<'), path...), "?page="...)
		b = append(strconv.AppendInt(b, int64(number), 10), "&per_page="...)
		b = append(strconv.AppendInt(b, int64(p.per), 10), `>; rel="`...)
		b = append(append(b, relation...), '"')
	}
	link(1, "first")
	if p.number > 1 {
		link(min(p.number-1, last), "prev")
	}
	if p.number < last {
		link(p.number+1, "next")
	}
	link(last, "last")
	return string(b)
}

// largestKept bounds the buffers that wait for the next request.
const largestKept = 1 << 20

var pageBuffers = sync.Pool{New: func() any { return new([]byte) }}

func (x *exchange) writePage(d *document.Document, p page, key string, age time.Duration) {
	buffer := pageBuffers.Get().(*[]byte)
	from, to := p.window(d.Len())
	*buffer = d.Slice((*buffer)[:0], from, to)
	x.set("X-Total-Count", strconv.Itoa(d.Len()))
	x.set("Link", p.links("/v1/"+x.lookup.Name+"/"+url.PathEscape(key), d.Len()))
	if x.begin(representation{etag: p.etag(d.ETag()), length: len(*buffer), age: age, control: x.control}) {
		_, _ = x.w.Write(*buffer)
	}
	if cap(*buffer) <= largestKept {
		pageBuffers.Put(buffer)
	}
}
