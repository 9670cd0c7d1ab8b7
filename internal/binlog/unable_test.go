package binlog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"productcache/internal/binlog"
	"productcache/internal/mysqltest"
)

// refused waits until a follower has said that it cannot follow, and why, and
// has tried again.
func (f *follow) refused(t *testing.T, why string) {
	t.Helper()
	f.wait(t, "Moved(false)", func() bool { return slices.Equal(f.moved, []bool{false}) })
	if s := f.follower.Stats(); s.State != binlog.Unable {
		t.Errorf("state = %v, want unable", s.State)
	}
	if n := f.log.lines("cannot follow the binlog"); n != 1 || f.log.lines(why) != 1 {
		t.Errorf("said %d times, want once and with %q:\n%s", n, why, f.log)
	}
}

func TestNoBinlog(t *testing.T) {
	for _, s := range []*mysqltest.Server{mysqltest.MariaDB(t), mysqltest.MySQL(t)} {
		f := newShop(t, s)
		f.begin(t, shopCatalog)
		f.refused(t, "log_bin=OFF")
		f.stop()
	}
}

func TestStatementFormats(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		defer s.Exec(t, "", "SET GLOBAL binlog_format = ROW")
		for _, format := range []string{"STATEMENT", "MIXED"} {
			s.Exec(t, "", "SET GLOBAL binlog_format = "+format)
			f := newShop(t, s)
			f.begin(t, shopCatalog)
			f.refused(t, "binlog_format="+format)
			f.stop()
		}
	})
}

func TestMissingRights(t *testing.T) {
	onEach(t, func(t *testing.T, s *mysqltest.Server) {
		f := newShop(t, s)
		f.user, f.password = "reader_"+f.schema, "secret"
		account := "'" + f.user + "'@'127.0.0.1'"
		s.Exec(t, "", "CREATE USER "+account+" IDENTIFIED BY 'secret'", "GRANT SELECT ON "+f.schema+".* TO "+account)
		defer s.Exec(t, "", "DROP USER "+account)
		p := newProxy(t, s.Addr())
		f.address = p.Addr()
		f.begin(t, shopCatalog)
		f.refused(t, "GRANT REPLICATION SLAVE, REPLICATION CLIENT")
		await(t, p, 4)
		f.refused(t, "GRANT REPLICATION SLAVE, REPLICATION CLIENT")
		s.Exec(t, "", "GRANT REPLICATION CLIENT ON *.* TO "+account)
		await(t, p, 4)
		if n := f.log.lines("cannot follow"); n > 2 || n < 1 {
			t.Errorf("said %d times, want once for each right:\n%s", n, f.log)
		}
		s.Exec(t, "", "GRANT REPLICATION SLAVE ON *.* TO "+account)
		f.wait(t, "following", func() bool { return slices.Equal(f.moved[len(f.moved)-1:], []bool{true}) })
		f.sync(t)
		f.exec(t, "UPDATE product SET price = 7 WHERE product_id = 3")
		expect(t, f, "products 3")
		f.stop()
	})
}

// TestSilentReplica follows what logs nothing of what it replicates.
func TestSilentReplica(t *testing.T) {
	primary := mysqltest.MariaDB(t, mysqltest.Binlog())
	replica := mysqltest.MariaDB(t, mysqltest.Binlog(), mysqltest.Args("--server-id=3", "--log-slave-updates=OFF"))
	host, port, _ := strings.Cut(primary.Addr(), ":")
	f := newShop(t, replica)
	replica.Exec(t, "", "CHANGE MASTER TO MASTER_HOST = '"+host+"', MASTER_PORT = "+port+", MASTER_USER = 'root'", "START SLAVE")
	f.begin(t, shopCatalog)
	f.refused(t, "log_slave_updates=ON")
	replica.Exec(t, "", "STOP SLAVE", "RESET SLAVE ALL")
	f.sync(t)
	f.stop()
}

func TestUnknownTLS(t *testing.T) {
	_, err := binlog.New(binlog.Options{Endpoint: binlog.Endpoint{Network: "tcp", Address: "localhost:3306", TLS: "custom"}})
	if err == nil || !strings.Contains(err.Error(), "tls=custom") || errors.Is(err, binlog.ErrUnable) {
		t.Errorf("New with tls=custom = %v, want an error that names it", err)
	}
}
