package binlog

import "testing"

// Rows cost no memory each, and neither does an event that nobody wants.
func TestRowsDoNotAllocate(t *testing.T) {
	_, m, err := parseTableMap(unhex(mariaDBTableMap))
	if err != nil {
		t.Fatal(err)
	}
	const head = 6 + 2 + 1 + 2 // table id, flags, columns, which are there
	body := unhex(mariaDBWrite)
	const rows = 1000
	for range rows - 1 {
		body = append(body, unhex(mariaDBWrite)[head:]...)
	}
	read := func() (n int) {
		r, err := parseRows(eventWriteRowsV1, body)
		if err != nil {
			t.Fatal(err)
		}
		for {
			_, _, ok, err := r.next(&m)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return n
			}
			n++
		}
	}
	if got := read(); got != 2*rows {
		t.Errorf("%d rows, want %d", got, 2*rows)
	}
	if got := testing.AllocsPerRun(10, func() { read() }); got > 2 {
		t.Errorf("%d rows in an event: %v allocations, want at most 2", 2*rows, got)
	}
	if got := testing.AllocsPerRun(10, func() { tableID(eventWriteRowsV1, body) }); got != 0 {
		t.Errorf("tableID: %v allocations, want 0", got)
	}
}
