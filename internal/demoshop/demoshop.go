// Package demoshop makes the shop that the demo, benchmarks and load tests use:
// a schema like those of common shop systems, any number of products with the
// same content at every run, and the catalog file for them.
//
// A product's JSON is between 0.3 and 8 kB, about 1 kB in the median.
package demoshop

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

//go:embed schema.sql
var schema string

//go:embed catalog.yaml
var catalog []byte

// Catalog returns the shop's catalog file.
func Catalog() []byte { return catalog }

const (
	manufacturers = 50
	categories    = 40
	seed          = 2003
)

// Load makes the tables in the connection's database, which must be empty, and
// fills them with so many products, numbered from 1.
func Load(ctx context.Context, db *sql.DB, products int) error {
	for statement := range strings.SplitSeq(schema, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("demoshop: make tables: %w", err)
		}
	}
	in := &inserter{ctx: ctx, db: db, pending: make(map[string]*strings.Builder)}
	for i := 1; i <= manufacturers; i++ {
		in.row("manufacturers", i, makers[i%len(makers)]+" "+[]string{"Works", "& Sons", "Atelier", "Trading"}[i%4])
	}
	for i := 1; i <= categories; i++ {
		in.row("categories", i, materials[i%len(materials)]+" "+things[i%len(things)])
	}
	random := rand.New(rand.NewPCG(seed, seed))
	for id := 1; id <= products; id++ {
		in.product(id, random)
	}
	return in.flush()
}

// product inserts a product with all that belongs to it.
func (in *inserter) product(id int, random *rand.Rand) {
	thing := things[random.IntN(len(things))]
	material := materials[random.IntN(len(materials))]
	price := float64(100+random.IntN(20000)) / 100
	in.row("products (product_id, sku, manufacturer_id, price, quantity)", id,
		fmt.Sprintf("%s-%05d", strings.ToUpper(thing[:2]), id), 1+random.IntN(manufacturers), price, random.IntN(200))
	in.row("product_descriptions", id, material+" "+thing, text(random, sizeOf(random)))
	if random.IntN(8) == 0 {
		in.row("product_specials", id, math.Floor(price*80)/100)
	}
	for i := range random.IntN(4) {
		in.row("product_images", id, i, fmt.Sprintf("catalog/%s/%05d-%d.jpg", strings.ToLower(thing), id, i))
	}
	for i, name := range []string{"Colour", "Height", "Material", "Weight", "Width"}[:random.IntN(6)] {
		in.row("product_attributes", id, name, attribute(random, i, material))
	}
	first := 1 + random.IntN(categories)
	in.row("product_to_category", first, id)
	if second := 1 + random.IntN(categories); second != first {
		in.row("product_to_category", second, id)
	}
}

// sizeOf draws the length of a description: most are short, a few are long.
func sizeOf(random *rand.Rand) int {
	return min(7000, int(560*math.Exp(0.9*random.NormFloat64())))
}

func text(random *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(sentences[random.IntN(len(sentences))])
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func attribute(random *rand.Rand, i int, material string) string {
	switch i {
	case 0:
		return []string{"blue", "red", "natural", "black", "white", "grün"}[random.IntN(6)]
	case 2:
		return strings.ToLower(material)
	case 3:
		return fmt.Sprintf("%d g", 50+random.IntN(5000))
	}
	return fmt.Sprintf("%d cm", 2+random.IntN(200))
}
