package binlog_test

import (
	"context"
	"errors"
	"strings"

	"productcache/internal/binlog"
	"productcache/internal/catalog"
)

var errFind = errors.New("MySQL is away")

// database answers a follower's questions by SQL, as the store does.
type database struct{ *follow }

func (d database) Columns(ctx context.Context, schema, table string) (columns []binlog.Column, err error) {
	d.mu.Lock()
	mute := d.mute > 0
	d.mute--
	d.mu.Unlock()
	if mute {
		return nil, errFind
	}
	rows, err := d.db.QueryContext(ctx, `SELECT COLUMN_NAME, COLUMN_TYPE LIKE '%unsigned%', COALESCE(CHARACTER_SET_NAME, '')
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`, schema, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c binlog.Column
		if err := rows.Scan(&c.Name, &c.Unsigned, &c.Charset); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

func (d database) Cascades(ctx context.Context, schema, table string) (cascades []binlog.Cascade, err error) {
	if d.ownCascades(ctx) {
		return nil, nil
	}
	rows, err := d.db.QueryContext(ctx, `SELECT k.CONSTRAINT_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.COLUMN_NAME, k.REFERENCED_COLUMN_NAME
		FROM information_schema.REFERENTIAL_CONSTRAINTS r
		JOIN information_schema.KEY_COLUMN_USAGE k ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME
		WHERE r.CONSTRAINT_SCHEMA = ? AND r.TABLE_NAME = ? AND (r.DELETE_RULE IN ('CASCADE', 'SET NULL') OR r.UPDATE_RULE IN ('CASCADE', 'SET NULL'))
		ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION`, schema, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	last := ""
	for rows.Next() {
		c := binlog.Cascade{Columns: map[string]string{}}
		var name, child, parent string
		if err := rows.Scan(&name, &c.Schema, &c.Table, &child, &parent); err != nil {
			return nil, err
		}
		if name != last {
			cascades = append(cascades, c)
		}
		last = name
		cascades[len(cascades)-1].Columns[child] = parent
	}
	return cascades, rows.Err()
}

// ownCascades reports whether the server writes events about what its foreign
// keys do: MySQL from 9.6 on.
func (d database) ownCascades(ctx context.Context) bool {
	var name, value string
	err := d.db.QueryRowContext(ctx, "SHOW VARIABLES LIKE 'innodb_native_foreign_keys'").Scan(&name, &value)
	return err == nil && value == "OFF"
}

func (d database) Find(ctx context.Context, l *catalog.Lookup, c catalog.Change, t catalog.KeyType, values []string) (keys []string, err error) {
	d.mu.Lock()
	fails := d.fails
	d.mu.Unlock()
	if fails {
		return nil, errFind
	}
	list := strings.Join(values, ",")
	if t != catalog.Integer {
		list = "'" + strings.Join(values, "','") + "'"
	}
	rows, err := d.db.QueryContext(ctx, c.Find.Render(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
