package backup_test

import (
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestFailures has dumps go wrong: none of them touches a good dump.
func TestFailures(t *testing.T) {
	tests := []struct {
		name, dump, says string
	}{
		{"the dump fails", `exit 2`, "the dump failed"},
		{"the dump fails at its end", `mariadb-dump "$@"; exit 3`, "the dump failed"},
		{"the dump is killed", `mariadb-dump "$@" | head -c 3000; kill -9 $$`, "the dump failed"},
		{"the dump ends early and says nothing", `mariadb-dump "$@" | head -c 50000`, "ends before its last line"},
		{"the dump is empty", `exit 0`, "ends before its last line"},
		{"the dump is much smaller", `echo "-- Dump completed"`, "less than 50 %"},
		{"the dump takes too long", `[ "$1" = --help ] || exec sleep 60`, "the dump failed"},
	}
	j := newJob(t)
	j.want(t, 0, "dumped in")
	good := j.files(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j.program(t, "BACKUP_DUMP", test.dump)
			j.set["BACKUP_TIMEOUT"] = "1s"
			j.want(t, 1, test.says)
			if got := j.files(t); !slices.Equal(got, good) {
				t.Errorf("the folder has %v, want %v", got, good)
			}
		})
	}
}

// TestCorrupted has a bit flip between gzip and the disk.
func TestCorrupted(t *testing.T) {
	j := newJob(t)
	j.want(t, 0, "dumped in")
	path := j.dumps(t)[0]
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	packed[len(packed)/2] ^= 1
	write(t, path, string(packed), 0o600)
	j.want(t, 1, "cannot be unpacked", "verify", path)
}

func TestDiskFull(t *testing.T) {
	j := newJob(t)
	if err := syscall.Mount("tmpfs", j.folder, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a full disk needs a tmpfs, and the right to mount it: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(j.folder, 0) })
	j.server.Exec(t, j.database, "CREATE TABLE small (id INT PRIMARY KEY)")
	j.program(t, "BACKUP_DUMP", `exec mariadb-dump "$@" small`) // fits
	j.want(t, 0, "dumped in")
	good := j.files(t)
	delete(j.set, "BACKUP_DUMP")
	j.want(t, 1, "the dump failed")
	if got := j.files(t); !slices.Equal(got, good) {
		t.Errorf("the folder has %v, want %v", got, good)
	}
}
