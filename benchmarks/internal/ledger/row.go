package ledger

import (
	"fmt"
	"slices"
	"strconv"
)

// NameOf is what the column name holds, so that an answer shows whether it is of one row and version.
func NameOf(id int, version int64) string { return fmt.Sprintf("product %d version %d", id, version) }

// Row is a product as the program serves it.
type Row struct {
	ID      int    `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// Check compares the columns with each other and with what was asked for.
func (r Row) Check(id int) error {
	if r.ID != id || r.Name != NameOf(id, r.Version) {
		return fmt.Errorf("a torn row, or another's: %+v", r)
	}
	return nil
}

// Collection is the body of a multi-get.
type Collection struct {
	Items       map[string]Row `json:"items"`
	Missing     []string       `json:"missing"`
	Unavailable []string       `json:"unavailable"`
}

// Judge judges one of its keys. Which of them is stale because of an error the answer does not say.
func (c *Collection) Judge(p *Product, id int, before Floor, staleError bool) error {
	key := strconv.Itoa(id)
	row, found := c.Items[key]
	missing, unavailable := slices.Contains(c.Missing, key), slices.Contains(c.Unavailable, key)
	switch {
	case unavailable && !found && !missing:
		return nil
	case found == missing || unavailable:
		return fmt.Errorf("found: %t, missing: %t, unavailable: %t", found, missing, unavailable)
	case found:
		if err := row.Check(id); err != nil {
			return err
		}
	}
	return p.Judge(before, Answer{found, row.Version, staleError})
}
