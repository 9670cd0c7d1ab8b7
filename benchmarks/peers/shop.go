package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"productcache/internal/document"
)

const (
	products = 20_000
	seed     = 2003 // of everything random

	// Sizes of bodies in bytes: log-normal, as product texts are, cut at both ends.
	medianSize, smallest, largest = 1024, 300, 8 << 10
	spread                        = 0.8 // standard deviation of the logarithm
)

// product is one row, and the answers that are made of it: the bytes that the service makes, which the
// origin sends and which every server must serve.
type product struct {
	id, stock        int
	sku, name, price string
	attributes       string // JSON
	description      string
	*document.Document
}

// newShop draws the products; every run has the same.
func newShop() []*product {
	r := rand.New(rand.NewPCG(seed, 0))
	all := make([]*product, products)
	for i := range all {
		all[i] = newProduct(r, i+1, drawSize(r))
	}
	return all
}

func drawSize(r *rand.Rand) int {
	return int(min(max(medianSize*math.Exp(spread*r.NormFloat64()), smallest), largest))
}

// newProduct makes a product whose JSON has a size.
func newProduct(r *rand.Rand, id, size int) *product {
	p := &product{
		id: id, stock: r.IntN(200),
		sku:   fmt.Sprintf("SKU-%06d-%04X", id, r.IntN(1<<16)),
		name:  "Product " + prose(r, 24),
		price: fmt.Sprintf("%d.%02d00", 1+r.IntN(900), r.IntN(100)),
		attributes: fmt.Sprintf(`{"weight":%d.%d,"width":%d,"height":%d,"colour":%q,"old_price":"%d.9900"}`,
			r.IntN(30), 1+r.IntN(9), r.IntN(200), r.IntN(200), words[r.IntN(len(words))], 1+r.IntN(900)),
	}
	p.description = prose(r, size-len(p.json()))
	p.Document = document.New([]byte(p.json()), nil)
	return p
}

// json is the product as the service encodes the row. No text has anything to escape.
func (p *product) json() string {
	return fmt.Sprintf(`{"id":%d,"sku":"%s","name":"%s","price":"%s","stock":%d,"attributes":%s,"description":"%s"}`,
		p.id, p.sku, p.name, p.price, p.stock, p.attributes, p.description)
}

var words = strings.Fields(`oak walnut linen cotton wool steel brass copper glass stoneware white black natural sage grey
	the a of and with for in is it to that this from by hand made small large light warm soft fine plain old new care
	wash gently cool dry cloth surface years patina box board bag table chair lamp rug vase mug kettle pan bowl plate
	delivered within days returned free thirty guarantee maker workshop village family generation material origin europe`)

// prose returns so many bytes of words, frequent and rare ones, as texts have them: gzip halves it.
func prose(r *rand.Rand, size int) string {
	var b []byte
	for len(b) < size {
		f := r.Float64()
		b = append(b, words[int(f*f*float64(len(words)))]...)
		if r.IntN(12) == 0 {
			b = fmt.Appendf(b, " %d", r.IntN(1000))
		}
		b = append(b, ' ')
	}
	if size <= 0 {
		return ""
	}
	b[size-1] = '.'
	return string(b[:size])
}
