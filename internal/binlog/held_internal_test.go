package binlog

import (
	"context"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// TestHeldCommit has semi-synchronous replication hold a commit back between the
// binlog and the engine, for a replica that does not exist: its event is there
// half a second before anybody can read the row.
func TestHeldCommit(t *testing.T) {
	t.Run("MariaDB", func(t *testing.T) {
		testHeldCommit(t, mysqltest.MariaDB(t, mysqltest.Binlog(), durable()), "rpl_semi_sync_master", "no_slave")
	})
	t.Run("MySQL", func(t *testing.T) {
		server := mysqltest.MySQL(t, mysqltest.Binlog(), durable())
		server.Exec(t, "", "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
		testHeldCommit(t, server, "rpl_semi_sync_source", "no_replica")
	})
}

// testHeldCommit gets the beginning of the variables' names, and one's end.
func testHeldCommit(t *testing.T, server *mysqltest.Server, names, nobody string) {
	db := server.Database(t)
	server.Exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, version INT NOT NULL)", "INSERT INTO t VALUES (1, 0)")
	e := endpointOf(server, db)
	s, of, at := startHere(t, e)
	stop := context.AfterFunc(t.Context(), s.close)
	defer stop()
	w := &watcher{t: t, pool: server.Open(t, db), server: of, at: at, horizon: horizon{endpoint: e}, schema: db}
	defer w.horizon.close()
	server.Exec(t, db, "SET GLOBAL "+names+"_timeout = 500", "SET GLOBAL "+names+"_wait_"+nobody+" = ON",
		"SET GLOBAL "+names+"_wait_point = AFTER_SYNC", "SET GLOBAL "+names+"_enabled = ON")
	t.Cleanup(func() { server.Exec(t, "", "SET GLOBAL "+names+"_enabled = OFF") })
	written := make(chan struct{})
	go func() {
		defer close(written)
		write(t, w.pool, 1, 1)
	}()
	for w.events < 1 || !w.done {
		w.step(s)
	}
	<-written
	if w.early != 1 || w.longest < 100*time.Millisecond {
		t.Errorf("%d early events, visible %v later; want 1, some 500ms later", w.early, w.longest)
	}
}
