package demoshop

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// insertBytes is how long a statement may grow: well below the servers'
// smallest max_allowed_packet, and long enough for hundreds of rows.
const insertBytes = 256 << 10

// inserter gathers rows into statements of many. The first error stays.
type inserter struct {
	ctx     context.Context
	db      *sql.DB
	pending map[string]*strings.Builder // by table
	err     error
}

// row adds a row; table may name columns.
func (in *inserter) row(table string, values ...any) {
	b, ok := in.pending[table]
	if !ok {
		b = &strings.Builder{}
		in.pending[table] = b
	}
	if b.Len() == 0 {
		b.WriteString("INSERT INTO " + table + " VALUES ")
	} else {
		b.WriteByte(',')
	}
	b.WriteByte('(')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		if s, ok := v.(string); ok {
			b.WriteString(quoted(s))
		} else {
			fmt.Fprint(b, v)
		}
	}
	b.WriteByte(')')
	if b.Len() > insertBytes {
		in.send(b)
	}
}

// quoted makes a literal of the shop's own texts, which have no backslash.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (in *inserter) send(b *strings.Builder) {
	if in.err == nil && b.Len() > 0 {
		_, in.err = in.db.ExecContext(in.ctx, b.String())
	}
	b.Reset()
}

// flush sends what is left.
func (in *inserter) flush() error {
	for _, b := range in.pending {
		in.send(b)
	}
	if in.err != nil {
		return fmt.Errorf("demoshop: insert: %w", in.err)
	}
	return nil
}
