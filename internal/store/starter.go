package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"productcache/internal/catalog"
)

// maxChildren is how many children the starter gives to the products: enough
// to show how, few enough to read.
const maxChildren = 5

//go:embed starter.tmpl
var starterText string

// Starter returns the text of a catalog for the tables of the database: to
// begin with, not to keep. The table that looks most like products comes first,
// with children that its neighbours seem to be. Tables that seem to hold
// people's data are left out: what is in a catalog, the whole shop can read.
func (s *Store) Starter(ctx context.Context) (string, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return "", named("starter", err)
	}
	defer conn.Close()
	tables, err := readTables(ctx, conn)
	if err != nil {
		return "", named("starter", err)
	}
	d := newDraft(tables)
	if len(d.Lookups) == 0 {
		return "", named("starter", mismatch("the database has no table with a primary key of one column"))
	}
	t, err := template.New("starter").Funcs(template.FuncMap{"sql": sqlNames, "yaml": yamlNames}).Parse(starterText)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = t.Execute(&text, d)
	return text.String(), err
}

// A tableInfo is what information_schema knows about a table.
type tableInfo struct {
	name    string
	columns []columnInfo
	refers  map[string]string // column to "table.column", by foreign keys
}

type columnInfo struct {
	name, dataType string
	primary        bool
	indexed        bool // first in some index
	tiny           bool // TINYINT(1), MySQL's boolean
}

func readTables(ctx context.Context, conn *sql.Conn) ([]*tableInfo, error) {
	rows, err := records(ctx, conn, `SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.COLUMN_KEY,
		(SELECT MAX(k.REFERENCED_TABLE_NAME) FROM information_schema.KEY_COLUMN_USAGE k
			WHERE k.TABLE_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME),
		(SELECT COUNT(*) FROM information_schema.STATISTICS i
			WHERE i.TABLE_SCHEMA = c.TABLE_SCHEMA AND i.TABLE_NAME = c.TABLE_NAME AND i.COLUMN_NAME = c.COLUMN_NAME AND i.SEQ_IN_INDEX = 1)
		FROM information_schema.COLUMNS c
		JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
		WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'
		ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`)
	var tables []*tableInfo
	for _, row := range rows {
		if len(tables) == 0 || tables[len(tables)-1].name != row[0] {
			tables = append(tables, &tableInfo{name: row[0], refers: map[string]string{}})
		}
		t := tables[len(tables)-1]
		t.columns = append(t.columns, columnInfo{name: row[1], dataType: row[2], primary: row[4] == "PRI",
			indexed: row[6] != "0", tiny: strings.HasPrefix(row[3], "tinyint(1)")})
		if row[5] != "" {
			t.refers[row[1]] = row[5]
		}
	}
	// Names that no catalog can carry.
	tables = slices.DeleteFunc(tables, func(t *tableInfo) bool {
		return strings.Contains(t.name, ".") || slices.ContainsFunc(t.columns, func(c columnInfo) bool { return !speakable(c.name) })
	})
	return tables, err
}

// key returns the column by which a table can be looked up.
func (t *tableInfo) key() (string, catalog.KeyType, bool) {
	rows := make([][]string, len(t.columns))
	for i, c := range t.columns {
		rows[i] = []string{c.name, c.dataType, ""}
		if c.primary {
			rows[i][2] = "PRI"
		}
	}
	name, keyType, err := primaryKey(rows)
	return name, keyType, err == nil
}

// names returns the names of the columns for which pick holds.
func (t *tableInfo) names(pick func(columnInfo) bool) []string {
	var names []string
	for _, c := range t.columns {
		if pick(c) {
			names = append(names, c.name)
		}
	}
	return names
}

var (
	privateTable  = regexp.MustCompile(`(?i)user|customer|client|admin|session|order|address|payment|cart|password|token|api|account|affiliate|newsletter|subscri|voucher|coupon|transaction|return|online|_log|log_|login|migration|setting|config`)
	productTable  = regexp.MustCompile(`(?i)product|article|item|goods`)
	counterColumn = regexp.MustCompile(`(?i)^(viewed|views|hits|\w+_viewed)$`)
)

// likeProducts orders tables: the one of products is first.
func likeProducts(a, b *tableInfo) int {
	rank := func(t *tableInfo) int {
		if !productTable.MatchString(t.name) {
			return 1000
		}
		return len(t.name) // oc_product before oc_product_option_value
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.name, b.name))
}
