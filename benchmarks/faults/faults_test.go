package faults

import (
	"os"
	"testing"

	"productcache/benchmarks/internal/child"
	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) {
	AskHits()
	os.Exit(mysqltest.Main(m))
}

const (
	reportVariable = "PRODUCTCACHE_FAULTS"      // file to write the report into
	onlyVariable   = "PRODUCTCACHE_FAULTS_ONLY" // parts of the names of the cases to run, with commas between
)

// TestFaults runs all cases and writes docs/reliability.md, if PRODUCTCACHE_FAULTS names it, and else a few of them for a short
// time.
func TestFaults(t *testing.T) {
	file, long := os.LookupEnv(reportVariable)
	binary, err := child.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	options := []mysqltest.Option{mysqltest.Private(), mysqltest.Nice(serverNice), mysqltest.Args(serverArguments()...)}
	server := mysqltest.MariaDB(t, options...)
	environment := Environment(server.Query(t, "", "SELECT VERSION()")[0][0])
	report, err := Run(t.Context(), Config{Binary: binary, MySQL: server, Folder: t.TempDir(), Out: t.Output(),
		Only: os.Getenv(onlyVariable), Short: !long})
	if err != nil {
		t.Error(err)
	}
	if long && report != nil && file != "" {
		if err := report.Write(file, environment); err != nil {
			t.Error(err)
		}
	}
}
