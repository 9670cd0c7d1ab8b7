package backup_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestSettings(t *testing.T) {
	tests := []struct{ name, value, says string }{
		{"BACKUP_DATABASES", "", "names no database"},
		{"BACKUP_DATABASES", "a;b", "letters, digits"},
		{"BACKUP_DATABASES", "../a", "letters, digits"},
		{"BACKUP_KEEP", "0", "above 0"},
		{"BACKUP_KEEP", "many", "above 0"},
		{"BACKUP_SMALLEST", "101", "percentage"},
		{"BACKUP_TIMEOUT", "soon", "a time"},
		{"BACKUP_DEFAULTS_FILE", "/nowhere", "cannot be read"},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			j := &job{set: map[string]string{"BACKUP_DATABASES": "shop", "BACKUP_DIR": t.TempDir(), test.name: test.value}}
			j.want(t, 64, test.says)
		})
	}
	j := &job{}
	j.want(t, 64, "usage:", "purge")
	j.want(t, 0, "usage:", "--help")
}

// TestPasswordStaysOut looks for the password among the arguments of what runs.
func TestPasswordStaysOut(t *testing.T) {
	j := newJob(t)
	const canary = "canary-of-the-backup"
	j.server.Exec(t, "", "CREATE OR REPLACE USER dumper@localhost IDENTIFIED BY '"+canary+"'", "GRANT ALL ON *.* TO dumper@localhost")
	write(t, j.set["BACKUP_DEFAULTS_FILE"], fmt.Sprintf("[client]\nuser=dumper\npassword=%s\nsocket=%s\n", canary, j.server.Socket()), 0o600)
	seen := filepath.Join(t.TempDir(), "seen")
	j.program(t, "BACKUP_DUMP", `cat /proc/[0-9]*/cmdline >`+seen+` 2>/dev/null; exec mariadb-dump "$@"`)
	j.want(t, 0, "dumped in")
	if text, err := os.ReadFile(seen); err != nil || bytes.Contains(text, []byte(canary)) {
		t.Errorf("the password is among the arguments of a process, or they were not read: %v", err)
	}
}
