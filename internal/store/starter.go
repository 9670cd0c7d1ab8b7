package store

import (
	"bytes"
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
	t, err := template.New("starter").Funcs(template.FuncMap{"sql": sqlNames, "yaml": yamlNames, "comment": comment}).Parse(starterText)
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
	refers  map[string]string // column to table, by foreign keys
}

type columnInfo struct {
	name, dataType string
	primary        bool
	indexed        bool // first in some index
	tiny           bool // TINYINT(1), MySQL's boolean
}

// readTables asks for each thing apart: MariaDB opens every table anew for a
// question to information_schema that joins.
func readTables(ctx context.Context, conn *sql.Conn) ([]*tableInfo, error) {
	const here = " WHERE TABLE_SCHEMA = DATABASE() AND "
	base, err := texts(ctx, conn, "SELECT TABLE_NAME FROM information_schema.TABLES"+here+"TABLE_TYPE = 'BASE TABLE' ORDER BY 1")
	if err != nil {
		return nil, err
	}
	columns, err := records(ctx, conn, "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, COLUMN_KEY"+
		" FROM information_schema.COLUMNS"+here+"TRUE ORDER BY TABLE_NAME, ORDINAL_POSITION")
	if err != nil {
		return nil, err
	}
	indexed, err := records(ctx, conn, "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS"+here+"SEQ_IN_INDEX = 1")
	if err != nil {
		return nil, err
	}
	refers, err := records(ctx, conn, "SELECT TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME"+
		" FROM information_schema.KEY_COLUMN_USAGE"+here+"REFERENCED_TABLE_NAME IS NOT NULL")
	if err != nil {
		return nil, err
	}
	return assembleTables(base, columns, indexed, refers), nil
}

// assembleTables leaves out tables with names that no catalog can carry.
func assembleTables(base []string, columns, indexed, refers [][]string) []*tableInfo {
	first := map[[2]string]bool{}
	for _, row := range indexed {
		first[[2]string{row[0], row[1]}] = true
	}
	byName := map[string]*tableInfo{}
	for _, name := range base {
		byName[name] = &tableInfo{name: name, refers: map[string]string{}}
	}
	for _, row := range columns {
		if t := byName[row[0]]; t != nil {
			t.columns = append(t.columns, columnInfo{name: row[1], dataType: row[2], primary: row[4] == "PRI",
				indexed: first[[2]string{row[0], row[1]}], tiny: strings.HasPrefix(row[3], "tinyint(1)")})
		}
	}
	for _, row := range refers {
		if t := byName[row[0]]; t != nil {
			t.refers[row[1]] = row[2]
		}
	}
	var tables []*tableInfo
	for _, name := range base {
		t := byName[name]
		if !strings.Contains(name, ".") && speakable(name) &&
			!slices.ContainsFunc(t.columns, func(c columnInfo) bool { return !speakable(c.name) }) {
			tables = append(tables, t)
		}
	}
	return tables
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
