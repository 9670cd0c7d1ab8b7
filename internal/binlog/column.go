package binlog

// A Column is one of a followed table, as information_schema.COLUMNS has it. Row
// events number columns and know neither names nor signs.
type Column struct {
	Name     string
	Unsigned bool
	Charset  string // MySQL's name of it; empty: not text
}
