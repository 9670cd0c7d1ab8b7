// Package demoshop makes the shop of the demo: a schema like those of common
// shop systems, any number of products with the same content at every run, and
// the catalog file for them.
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
	"slices"
	"strings"
	"time"
)

//go:embed schema.sql
var schema string

//go:embed catalog.yaml
var catalog []byte

// Catalog returns a copy of the shop's catalog file.
func Catalog() []byte { return slices.Clone(catalog) }

const (
	manufacturers = len(makers) * len(houses)
	seed          = 2003
)

// Load makes the tables in the database of db, which must be empty, and fills
// them with so many products, numbered from 1.
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
	for i := range manufacturers {
		in.row("manufacturers", i+1, makers[i%len(makers)]+" "+houses[i/len(makers)])
	}
	for i, k := range kinds {
		in.row("categories", i+1, roomOf(k), k.category)
	}
	for i, name := range rooms {
		in.row("categories", roomID(i), 0, name)
	}
	random := rand.New(rand.NewPCG(seed, seed))
	for id := 1; id <= products; id++ {
		in.product(id, random)
	}
	return in.flush()
}

// roomID returns the category of a room: they follow the kinds.
func roomID(i int) int { return len(kinds) + 1 + i }

// roomOf returns the category of a kind's room.
func roomOf(k kind) int { return roomID(slices.Index(rooms[:], k.room)) }

// product inserts a product with all that belongs to it.
func (in *inserter) product(id int, random *rand.Rand) {
	kindID := 1 + random.IntN(len(kinds))
	k := kinds[kindID-1]
	material := k.materials[random.IntN(len(k.materials))]
	price := float64(100+random.IntN(20000)) / 100
	modified := time.Date(2024, 1, 1, 0, 0, random.IntN(500*24*60*60), 0, time.UTC)
	in.row("products (product_id, sku, manufacturer_id, price, quantity, date_modified)", id,
		fmt.Sprintf("%s-%05d", strings.ToUpper(k.name[:2]), id), 1+random.IntN(manufacturers), price, random.IntN(200),
		modified.Format(time.DateTime))
	in.row("product_descriptions", id, pick(random, series[:])+" "+material+" "+k.name, text(random, sizeOf(random)))
	if random.IntN(8) == 0 {
		in.row("product_specials", id, math.Floor(price*80)/100)
	}
	for i := range random.IntN(4) {
		in.row("product_images", id, i, fmt.Sprintf("catalog/%s/%05d-%d.jpg", fileName(k.category), id, i))
	}
	for i, name := range []string{"Colour", "Height", "Material", "Weight", "Width"}[:random.IntN(6)] {
		in.row("product_attributes", id, name, attribute(random, i, material))
	}
	in.row("product_to_category", kindID, id)
	in.row("product_to_category", roomOf(k), id)
	if random.IntN(5) == 0 {
		in.row("product_to_category", roomID(len(rooms)-1), id) // a gift
	}
}

func fileName(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "-") }

func pick(random *rand.Rand, from []string) string { return from[random.IntN(len(from))] }

// sizeOf draws the length of a description: most are short, a few are long.
func sizeOf(random *rand.Rand) int {
	return min(7000, int(560*math.Exp(0.9*random.NormFloat64())))
}

func text(random *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(pick(random, sentences[:]))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func attribute(random *rand.Rand, i int, material string) string {
	switch i {
	case 0:
		return pick(random, colours[:])
	case 2:
		return strings.ToLower(material)
	case 3:
		return fmt.Sprintf("%d g", 50+random.IntN(5000))
	}
	return fmt.Sprintf("%d cm", 2+random.IntN(200))
}
