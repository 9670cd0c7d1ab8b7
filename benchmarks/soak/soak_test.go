package soak

import (
	"context"
	"os"
	"testing"
	"time"

	"productcache/benchmarks/internal/child"
	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

const (
	durationVariable = "PRODUCTCACHE_SOAK"
	shortDuration    = 20 * time.Second
)

// TestSoak runs for PRODUCTCACHE_SOAK, such as 10m, and else for a short time.
func TestSoak(t *testing.T) {
	duration := shortDuration
	if text, ok := os.LookupEnv(durationVariable); ok {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", durationVariable, err)
		}
	}
	binary, err := child.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	err = Run(context.Background(), Config{
		Binary:   binary,
		MySQL:    mysqltest.MariaDB(t, mysqltest.Private()),
		Folder:   t.TempDir(),
		Duration: duration,
		Out:      t.Output(),
	})
	if err != nil {
		t.Error(err)
	}
}
