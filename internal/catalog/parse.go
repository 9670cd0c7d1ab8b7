package catalog

import "errors"

// Parse reads a catalog file.
func Parse(src []byte) (*Catalog, error) {
	return nil, errors.New("1:1: not yet")
}
