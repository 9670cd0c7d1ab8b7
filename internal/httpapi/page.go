package httpapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	if x.query == "" {
		return page{}, true
	}
	var values [2]struct {
		text  string
		given bool
	}
	for name, value := range parameters(x.query) {
		at := slices.Index(pageNames[:], name)
		if at < 0 {
			continue
		}
		if values[at].given {
			x.refuse(badPage, "Parameter "+name+" is given more than once.")
			return page{}, false
		}
		values[at].text, values[at].given = value, true
	}
	if !values[0].given && !values[1].given {
		return page{}, true
	}
	if !x.lookup.Many {
		x.refuse(badPage, "This lookup has no listings, so that there are no pages.")
		return page{}, false
	}
	p = page{wanted: true, number: 1, per: defaultPerPage}
	for at, n := range [...]*int{&p.number, &p.per} {
		if values[at].given && !x.pageNumber(pageNames[at], values[at].text, pageMost[at], n) {
			return page{}, false
		}
	}
	return p, true
}

// The parameters of a page, and the most that each may be.
var (
	pageNames = [...]string{"page", "per_page"}
	pageMost  = [...]int{maxPage, maxPerPage}
)

func (x *exchange) pageNumber(name, text string, most int, n *int) bool {
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

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// slice makes a page of a listing the body.
func (x *exchange) slice(d *document.Document, p page) {
	x.buffer = buffers.Get().(*[]byte)
	from, to := p.window(d.Len())
	*x.buffer = d.Slice((*x.buffer)[:0], from, to)
	x.totalCount = strconv.Itoa(d.Len())
	x.link = p.links("/v1/"+x.lookup.Name+"/"+url.PathEscape(x.key), d.Len())
	x.etag = p.etag(d.ETag())
	x.setBody(*x.buffer, valueJSON)
}
