package binlog

import (
	"fmt"
	"strings"
)

// eventExecuteLoad is LOAD DATA, logged as a statement: a query event in which
// more stands before the variables, about the file.
const (
	eventExecuteLoad = 18
	aboutFile        = 4 + 4 + 4 + 1
)

// statement handles an event with a statement.
func (r *reader) statement(e event) (err error) {
	typ, body := e.typ, e.body
	if typ == eventQueryCompressed {
		if typ, body, err = inflateMariaDB(typ, body); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
	}
	sql, err := statementText(typ, body)
	if err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	r.query(sql)
	return nil
}

func statementText(typ byte, body []byte) (string, error) {
	d := decoder{rest: body}
	d.take(4 + 4) // thread, seconds
	schema := d.uint(1)
	d.take(2) // error
	variables := d.uint(2)
	if typ == eventExecuteLoad {
		d.take(aboutFile)
	}
	d.take(variables)
	d.take(schema + 1) // a zero byte ends the name
	if d.bad {
		return "", malformed("statement of %d bytes", len(body))
	}
	return string(d.rest), nil
}

func (r *reader) query(sql string) {
	words := strings.Fields(strings.ToUpper(sql))
	verb, second := "", ""
	if len(words) > 1 {
		second = words[1]
	}
	if len(words) > 0 {
		verb = words[0]
	}
	switch {
	case verb == "BEGIN" && isTransactionControl(sql):
		r.open = true
	case verb == "COMMIT", verb == "ROLLBACK" && second != "TO" && second != "WORK":
		r.endTransaction()
	case verb == "XA":
		r.xa(second, sql)
	case isTransactionControl(sql):
	default:
		if !harmless(verb, second) {
			r.altered(r.routes.mentionedBy(sql))
		}
		// MySQL logs CREATE TABLE … SELECT so, and the rows behind it.
		if strings.HasSuffix(strings.TrimSpace(sql), "START TRANSACTION") {
			r.open = true
		}
		if !r.open {
			r.endTransaction()
		}
	}
}

// harmless reports whether a statement changes neither rows nor columns, though
// it names tables.
func harmless(verb, second string) bool {
	switch verb {
	case "GRANT", "REVOKE", "FLUSH":
		return true
	case "ANALYZE", "OPTIMIZE": // MariaDB's ANALYZE UPDATE … does what it analyzes
		return second == "TABLE" || second == "TABLES"
	}
	return false
}

// altered makes everything stale that depends on tables that a statement names.
// Their columns, and the foreign keys between them, may be others now.
func (r *reader) altered(tables []*table) {
	for _, t := range tables {
		t.affectAll(r.changes())
		t.altered = true
		r.follower.status.statement(t)
	}
	r.forgetTables()
}
