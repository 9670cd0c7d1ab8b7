package hammer

import (
	"context"
	"os"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

const (
	durationVariable = "PRODUCTCACHE_HAMMER"
	shortDuration    = 3 * time.Second
)

// TestHammer runs for PRODUCTCACHE_HAMMER, such as 5m, on each server, and else for a short time.
func TestHammer(t *testing.T) {
	duration := shortDuration
	if text, ok := os.LookupEnv(durationVariable); ok {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", durationVariable, err)
		}
	}
	run := func(t *testing.T, s *mysqltest.Server) {
		database := s.Database(t)
		err := Run(context.Background(), Config{
			MySQL: s, Database: database, Pool: s.Open(t, database), Duration: duration, Out: t.Output(),
		})
		if err != nil {
			t.Error(err)
		}
	}
	t.Run("MariaDB", func(t *testing.T) { run(t, mysqltest.MariaDB(t, mysqltest.Private(), mysqltest.Binlog())) })
	// MySQL sends events a moment before their transaction is visible.
	early := mysqltest.Args("--binlog-group-commit-sync-delay=200")
	t.Run("MySQL", func(t *testing.T) { run(t, mysqltest.MySQL(t, mysqltest.Private(), mysqltest.Binlog(), early)) })
}
