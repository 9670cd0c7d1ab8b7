package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"productcache/internal/mysqltest"
)

const openCartDatabase = "opencart"

// Numbers of copied rows lie this far apart: above all of the demo shop's own.
const (
	productStep = 100
	otherStep   = 10_000
)

// openCartIndexes are what docs/catalogs/opencart.yaml advises to add, and OpenCart leaves out.
var openCartIndexes = []string{"oc_product_option", "oc_product_option_value", "oc_product_reward"}

// openCartIDs are numbers of rows of their own; products' are copied beside them.
var openCartIDs = []string{"product_image_id", "product_discount_id", "product_special_id", "product_reward_id", "product_option_id",
	"product_option_value_id", "review_id"}

// multiplyOpenCart copies the demo's products, with all that belongs to them, until there are so many, and returns the
// numbers of those that a customer can see.
func multiplyOpenCart(ctx context.Context, s *mysqltest.Server, products int) (ids []int, err error) {
	err = withPool(s, openCartDatabase, func(db *sql.DB) error {
		db.SetMaxOpenConns(1) // so that the mode holds for what follows
		if _, err := db.ExecContext(ctx, "SET SESSION sql_mode = ''"); err != nil {
			return err
		}
		var own int
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM oc_product").Scan(&own); err != nil {
			return err
		}
		tables, err := texts(ctx, db, "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'product_id' AND "+
			"(table_name IN ('oc_product', 'oc_review') OR table_name LIKE 'oc\\_product\\_%')")
		if err != nil {
			return err
		}
		for _, table := range tables {
			if err := copyRows(ctx, db, table, (products-1)/own); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		visible, err := texts(ctx, db, "SELECT p.product_id FROM oc_product p JOIN oc_product_to_store s USING (product_id) WHERE p.status = 1 AND s.store_id = 0 AND p.date_available <= NOW() ORDER BY 1")
		for _, id := range visible {
			var n int
			if _, err := fmt.Sscan(id, &n); err != nil {
				return err
			}
			ids = append(ids, n)
		}
		return err
	})
	return ids, err
}

// copyRows copies all rows of a table so often, with new numbers.
func copyRows(ctx context.Context, db *sql.DB, table string, copies int) error {
	columns, err := texts(ctx, db, "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position", table)
	if err != nil || copies == 0 {
		return err
	}
	values := make([]string, len(columns))
	for i, c := range columns {
		columns[i] = "`" + c + "`"
		switch {
		case c == "product_id" || c == "related_id":
			values[i] = fmt.Sprintf("t.%s + %d * seq", columns[i], productStep)
		case slices.Contains(openCartIDs, c):
			values[i] = fmt.Sprintf("t.%s + %d * seq", columns[i], otherStep)
		default:
			values[i] = "t." + columns[i]
		}
	}
	// A table cannot be read by the statement that fills it: MySQL makes a copy of what it has read.
	_, err = db.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s t JOIN seq_1_to_%d ORDER BY seq", table,
		strings.Join(columns, ","), strings.Join(values, ","), table, copies))
	return err
}

// alterAll sends a statement for each table with a name like a pattern; %s in it is the table.
func alterAll(ctx context.Context, s *mysqltest.Server, statement string, tables ...string) error {
	return withPool(s, openCartDatabase, func(db *sql.DB) (err error) {
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(ctx, "SET SESSION sql_mode = ''"); err != nil {
			return err
		}
		if len(tables) == 0 {
			if tables, err = texts(ctx, db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"); err != nil {
				return err
			}
		}
		for _, table := range tables {
			if _, err := db.ExecContext(ctx, fmt.Sprintf(statement, "`"+table+"`")); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		return nil
	})
}

// openCartSize returns the MiB of all tables and indexes.
func openCartSize(ctx context.Context, s *mysqltest.Server) (size string, err error) {
	err = withPool(s, openCartDatabase, func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT ROUND(SUM(data_length + index_length) / 1048576) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&size)
	})
	return size, err
}

// texts returns the only column of a query.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
