package binlog_test

import (
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

func reset(s *mysqltest.Server) string {
	if s.Flavour() == mysqltest.FlavourMySQL {
		return "RESET BINARY LOGS AND GTIDS"
	}
	return "RESET MASTER"
}

// ends are the ways in which a test ends a server. In good order MySQL takes 8 s.
func ends(s *mysqltest.Server) []func() error {
	if s.Flavour() == mysqltest.FlavourMySQL {
		return []func() error{s.Kill}
	}
	return []func() error{s.Stop, s.Kill}
}

// TestRestartAndReset is one test, for it wants a server of its own.
func TestRestartAndReset(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f, p := followingThrough(t, s)
		for i, end := range ends(s) {
			f.exec(t, "INSERT INTO link VALUES (20, 20)")
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
			f.exec(t, "UPDATE link SET category_id = 21 + product_id WHERE category_id = 20")
			f.back(t, i+2)
			expect(t, f, "category 20", "category 41")
			f.exec(t, "DELETE FROM link WHERE category_id = 41")
			f.sync(t)
		}
		ended := len(ends(s))
		f.counted(t, 0, uint64(ended))

		p.Lead("")
		f.away(t, uint64(ended)+1)
		for _, id := range dumps(t, s) {
			s.Exec(t, "", "KILL "+id)
		}
		eventually(t, "the end of dumps", func() bool { return len(dumps(t, s)) == 0 })
		f.exec(t, reset(s), "UPDATE product SET price = price + 1 WHERE product_id = 3")
		p.Lead(s.Addr())
		f.back(t, ended+2)
		expect(t, f, everything...)
		f.counted(t, 1, uint64(ended)+1)

		seen := f.follower.Stats().LastEvent
		eventually(t, "two heartbeats", func() bool { return f.follower.Stats().LastEvent.After(seen.Add(1500 * time.Millisecond)) })
		f.exec(t, reset(s))
		f.exec(t, "UPDATE product SET price = price + 1 WHERE product_id = 3")
		f.back(t, ended+3)
		expect(t, f, everything...)
		f.exec(t, "UPDATE product SET price = price + 1 WHERE product_id = 3")
		expect(t, f, "products 3")
		f.counted(t, 2, uint64(ended)+2)
	}, mysqltest.Private())
}

// TestFailover leads a follower to a server that never had the transactions of
// the first, though it has others.
func TestFailover(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		get := mysqltest.MariaDB
		if s.Flavour() == mysqltest.FlavourMySQL {
			get = mysqltest.MySQL
		}
		next := get(t, mysqltest.Private(), mysqltest.Binlog(), mysqltest.Args("--server-id=2"))
		f, p := followingThrough(t, s)
		password := f.endpoint(t).Password
		p.Lead("")
		f.away(t, 1)
		next.Exec(t, "", "ALTER USER '"+mysqltest.User+"'@'127.0.0.1' IDENTIFIED BY '"+password+"'", "CREATE DATABASE "+f.schema)
		f.server = next
		f.exec(t, split(shopTables)...)
		p.Lead(next.Addr())
		f.back(t, 2)
		expect(t, f, everything...)
		f.exec(t, "UPDATE product SET price = price + 1 WHERE product_id = 3")
		expect(t, f, "products 3")
		f.counted(t, 1, 1)
	})
}

// TestFailoverToReplica: the other server has all that was read.
func TestFailoverToReplica(t *testing.T) {
	s := mysqltest.MySQL(t, mysqltest.Binlog())
	next := mysqltest.MySQL(t, mysqltest.Private(), mysqltest.Binlog(), mysqltest.Args("--server-id=2"))
	f, p := followingThrough(t, s)
	password := f.endpoint(t).Password
	p.Lead("")
	f.away(t, 1)
	next.Exec(t, "", "SET sql_log_bin = 0", "ALTER USER '"+mysqltest.User+"'@'127.0.0.1' IDENTIFIED BY '"+password+"'",
		"CREATE DATABASE "+f.schema, "USE "+f.schema)
	next.Exec(t, f.schema, append([]string{"SET sql_log_bin = 0"}, split(shopTables)...)...)
	executed := s.Query(t, "", "SELECT @@GLOBAL.gtid_executed")[0][0]
	next.Exec(t, "", "RESET BINARY LOGS AND GTIDS", "SET GLOBAL gtid_purged = '"+executed+"'")
	next.Exec(t, f.schema, "UPDATE product SET price = price + 1 WHERE product_id = 3")
	f.server = next
	p.Lead(next.Addr())
	expect(t, f, "products 3")
	f.counted(t, 0, 1)
}

// TestTaggedGTIDs: the library cannot read them, but file and offset are enough.
func TestTaggedGTIDs(t *testing.T) {
	s := mysqltest.MySQL(t, mysqltest.Private(), mysqltest.Binlog())
	f, p := followingThrough(t, s)
	for disconnects := range uint64(2) {
		f.exec(t, "SET gtid_next = 'AUTOMATIC:tag'", "UPDATE product SET price = price + 1 WHERE product_id = 3")
		expect(t, f, "products 3")
		p.Lead("")
		f.away(t, disconnects+1)
		f.exec(t, "UPDATE product SET price = price + 1 WHERE product_id = 2", "FLUSH BINARY LOGS")
		p.Lead(s.Addr())
		expect(t, f, "products 2", "category 7", "category 8")
	}
	f.counted(t, 0, 2)
	other := newShop(t, s)
	other.begin(t, shopCatalog)
	other.sync(t)
	other.exec(t, "UPDATE product SET price = price + 1 WHERE product_id = 3")
	expect(t, other, "products 3")
}
