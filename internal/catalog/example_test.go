package catalog_test

import (
	"errors"
	"fmt"
	"time"

	"productcache/internal/catalog"
)

const shopFile = `
lookups:
  products:
    key: product_id
    key_type: integer
    query: SELECT product_id, model FROM product WHERE product_id IN (:keys)
    ttl: 10m
    with:
      images:
        key: product_id
        omit: [product_id]
        query: SELECT product_id, image FROM image WHERE product_id IN (:keys)
    changed_by:
      product: {key: product_id, ignore: [viewed]}
      manufacturer:
        key: manufacturer_id
        find: SELECT product_id FROM product WHERE manufacturer_id IN (:keys)
      image: {key: product_id}
      currency: all
`

func ExampleParse() {
	_, err := catalog.Parse([]byte(`
lookups:
  products:
    key: product_id
    key_type: int
    query: SELECT * FROM product WHERE product_id = :keys
`))
	fmt.Println(err)
	// Output:
	// 5:15: there is no key_type int: it is integer, string or string_ci
	// 6:53: write IN (:keys): many keys are asked for at once, and nothing else may stand in the parentheses
}

func ExampleCatalog() {
	c, err := catalog.Parse([]byte(shopFile))
	if err != nil {
		fmt.Println(err)
		return
	}
	l, found := c.Lookup("products")
	fmt.Println(l.Name, l.KeyType, found)
	// Output: products integer true
}

func ExampleLookup() {
	l := &catalog.Lookup{KeyType: catalog.StringCI}
	asked, err := l.ParseKey("AB-12")
	fmt.Println(asked, err)
	fmt.Println(asked == l.CanonicalKey([]byte("ab-12")))
	_, err = l.ParseKey("")
	fmt.Println(errors.Is(err, catalog.ErrKey), err)
	// Output:
	// ab-12 <nil>
	// true
	// true malformed key: it is empty
}

func ExampleQuery() {
	q := catalog.SingleTable("product", "product_id", catalog.Integer).Lookups[0].Query
	fmt.Println(q.Render("42,43"))
	// Output: SELECT * FROM `product` WHERE `product_id` IN (42,43)
}

func ExampleChild() {
	c, err := catalog.Parse([]byte(shopFile))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, child := range c.Lookups[0].With {
		fmt.Println(child.Name, child.Query.Key, child.Query.Omit)
	}
	// Output: images product_id [product_id]
}

func ExampleLifetimes() {
	c, err := catalog.Parse([]byte(shopFile))
	if err != nil {
		fmt.Println(err)
		return
	}
	ttl := 5 * time.Minute // the flag's
	if own := c.Lookups[0].Lifetimes.TTL; own != nil {
		ttl = *own
	}
	fmt.Println(ttl)
	// Output: 10m0s
}

func ExampleChange() {
	c, err := catalog.Parse([]byte(shopFile))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, change := range c.Lookups[0].ChangedBy {
		switch {
		case change.All:
			fmt.Println(change.Table, "- everything")
		case change.Finds():
			fmt.Println(change.Table, "-", change.Find.Render("8"))
		default:
			fmt.Println(change.Table, "-", change.Key, change.Ignore)
		}
	}
	// Output:
	// product - product_id [viewed]
	// manufacturer - SELECT product_id FROM product WHERE manufacturer_id IN (8)
	// image - product_id []
	// currency - everything
}

func ExampleKeyType() {
	fmt.Println(catalog.Integer, catalog.String, catalog.StringCI)
	// Output: integer string string_ci
}
