package mysqltest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// TestNiceAndFolder: a server yields as it was told, and lives where it was told.
func TestNiceAndFolder(t *testing.T) {
	folder, err := os.MkdirTemp("", "t-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	s, err := mysqltest.Start(context.Background(), mysqltest.Config{Nice: 7, Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := filepath.Dir(filepath.Dir(s.Socket())); got != folder {
		t.Errorf("its folder is in %s, want %s", got, folder)
	}
	found := false
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		command, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(command), folder) || !strings.Contains(string(command), "mariadbd") {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(f), "stat"))
		if err != nil {
			t.Fatal(err)
		}
		// The name in parentheses may hold spaces; the 17th after it is the nice value (proc(5)).
		if fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); fields[16] != "7" {
			t.Errorf("its nice value is %s, want 7", fields[16])
		}
		found = true
	}
	if !found {
		t.Error("the server is not to be found")
	}
}
