package binlog_test

import (
	"testing"

	"productcache/internal/mysqltest"
)

// familyLookups: the key of an offer is the foreign key itself, that of a name
// is not.
const familyLookups = `
  offers:
    key: item_id
    key_type: integer
    query: SELECT item_id FROM offer WHERE item_id IN (:keys)
    changed_by: {offer: {key: item_id}}
  names:
    key: name
    key_type: string
    query: SELECT name FROM offer WHERE name IN (:keys)
    changed_by: {offer: {key: name}}`

// itself says what goes stale: exactly that where the server logs what its
// foreign keys do, as MySQL 9.7 does, else the whole lookup of names.
func itself(s *mysqltest.Server, names ...string) []string {
	if s.Flavour() == mysqltest.FlavourMySQL {
		return names
	}
	return []string{"names *"}
}

func TestForeignKeys(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := followingOf(t, s, `CREATE TABLE brand (id INT PRIMARY KEY, viewed INT);
			CREATE TABLE item (id INT PRIMARY KEY, brand_id INT, viewed INT, FOREIGN KEY (brand_id) REFERENCES brand (id) ON DELETE CASCADE);
			CREATE TABLE offer (id INT PRIMARY KEY, item_id INT, name VARCHAR(20), FOREIGN KEY (item_id) REFERENCES item (id) ON DELETE SET NULL ON UPDATE CASCADE);
			INSERT INTO brand VALUES (1, 0), (2, 0); INSERT INTO item VALUES (10, 1, 0), (11, 1, 0), (20, 2, 0), (30, 2, 0);
			INSERT INTO offer VALUES (100, 10, 'a'), (101, 11, 'b'), (200, 20, 'c'), (300, 30, 'd')`, familyLookups)
		offers := func(names ...string) []string {
			if s.Flavour() == mysqltest.FlavourMySQL {
				return names
			}
			return []string{"offers *"}
		}
		f.try(t, []change{
			{"a parent's other column", "UPDATE item SET viewed = 1", nil},
			{"a new parent", "INSERT INTO item VALUES (40, 2, 0)", nil},
			{"ON DELETE SET NULL", "DELETE FROM item WHERE id = 30", append(itself(s, "names d"), "offers 30")},
			{"ON UPDATE CASCADE", "UPDATE item SET id = 21 WHERE id = 20", append(itself(s, "names c"), "offers 20", "offers 21")},
			{"a grandparent's other column", "UPDATE brand SET viewed = 1", nil},
			{"over two levels", "DELETE FROM brand WHERE id = 1", append(itself(s, "names a", "names b"), offers("offers 10", "offers 11")...)},
		})
	})
}

// TestNewForeignKey: foreign keys that are added are followed from then on.
func TestNewForeignKey(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := followingOf(t, s, `CREATE TABLE item (id INT PRIMARY KEY);
			CREATE TABLE offer (id INT PRIMARY KEY, item_id INT, name VARCHAR(20));
			INSERT INTO item VALUES (10), (11); INSERT INTO offer VALUES (100, 10, 'a')`, familyLookups)
		f.try(t, []change{
			{"no parent yet", "DELETE FROM item WHERE id = 11", nil},
			{"DDL", "ALTER TABLE offer ADD FOREIGN KEY (item_id) REFERENCES item (id) ON DELETE CASCADE", []string{"offers *", "names *"}},
			{"a parent", "DELETE FROM item", append(itself(s, "names a"), "offers 10")},
		})
	})
}

// TestCircle: rows may refer to their own table, and tables to one another.
func TestCircle(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := followingOf(t, s, `CREATE TABLE offer (id INT PRIMARY KEY, item_id INT, name VARCHAR(20), FOREIGN KEY (item_id) REFERENCES offer (id) ON DELETE CASCADE);
			CREATE TABLE item (id INT PRIMARY KEY, offer_id INT, FOREIGN KEY (offer_id) REFERENCES offer (id) ON DELETE CASCADE);
			ALTER TABLE offer ADD COLUMN other_id INT, ADD FOREIGN KEY (other_id) REFERENCES item (id) ON DELETE CASCADE;
			INSERT INTO offer VALUES (1, NULL, 'a', NULL), (2, 1, 'b', NULL); INSERT INTO item VALUES (1, 1), (2, 2)`, familyLookups)
		if s.Flavour() == mysqltest.FlavourMySQL {
			f.try(t, []change{{"the top", "DELETE FROM offer WHERE id = 1", []string{"offers 1", "names a", "names b"}}})
			return
		}
		f.try(t, []change{
			{"the top", "DELETE FROM offer WHERE id = 1", []string{"offers *", "names *"}},
		})
	})
}
