package snapshot_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"productcache/internal/snapshot"
)

// contents reads a file that must be whole.
func contents(t *testing.T, path string) content {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestModeAndNames: only the owner reads the file, and nothing unfinished stays.
func TestModeAndNames(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	f, path := open(t)
	if err := os.WriteFile(path+".tmp", []byte("of a process that was killed"), 0o644); err != nil {
		t.Fatal(err)
	}
	replace(t, f, some(), nothing)
	for _, name := range []string{path, path + ".lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, want -rw-------", filepath.Base(name), info.Mode())
		}
	}
	if _, err := os.Stat(path + ".tmp"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished file: %v, want none", err)
	}
}

// TestUnfinishedFileIsNotFollowed: a link in its place leads nowhere.
func TestUnfinishedFileIsNotFollowed(t *testing.T) {
	f, path := open(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path+".tmp"); err != nil {
		t.Fatal(err)
	}
	replace(t, f, some(), nothing)
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
		t.Errorf("what the link led to is %q, %v", b, err)
	}
	contents(t, path).equal(t, some(), nil)
}

// TestOneProcess has the file, until it is closed.
func TestOneProcess(t *testing.T) {
	f, path := open(t)
	if _, err := snapshot.Open(path); !errors.Is(err, snapshot.ErrLocked) {
		t.Errorf("Open of an open file = %v, want %v", err, snapshot.ErrLocked)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	reopen(t, path)
}

// TestFailedReplaceLeavesTheOldOne, with the purges meanwhile in it.
func TestFailedReplaceLeavesTheOldOne(t *testing.T) {
	f, path := open(t)
	replace(t, f, some(), nothing)
	_, err := f.Replace(header, func(w *snapshot.Writer) error {
		if err := f.Note(purges()[0]); err != nil {
			t.Error(err)
		}
		return errDisk
	})
	if !errors.Is(err, errDisk) {
		t.Errorf("Replace = %v, want %v", err, errDisk)
	}
	contents(t, path).equal(t, some(), purges()[:1])
	if _, err := os.Stat(path + ".tmp"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished file: %v, want none", err)
	}
}

// TestPurgesOfAnotherProcess stand behind those of the one before.
func TestPurgesOfAnotherProcess(t *testing.T) {
	f, path := open(t)
	replace(t, f, some(), nothing)
	for i, p := range purges() {
		if i > 0 {
			f = reopen(t, path)
		}
		if err := f.Note(p); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	contents(t, path).equal(t, some(), purges())
}

// TestPurgeIsOnDiskWhenNoted: whoever reads the file then finds it.
func TestPurgeIsOnDiskWhenNoted(t *testing.T) {
	f, path := open(t)
	if err := f.Note(purges()[0]); err != nil { // there is no snapshot that it could be missing in
		t.Fatal(err)
	}
	replace(t, f, some(), nothing)
	contents(t, path).equal(t, some(), nil)
	for i, p := range purges() {
		if err := f.Note(p); err != nil {
			t.Fatal(err)
		}
		contents(t, path).equal(t, some(), purges()[:i+1])
	}
	replace(t, f, some(), nothing)
	contents(t, path).equal(t, some(), nil)
}

// TestTooManyPurges: the file goes rather than that one of them is missing in it.
func TestTooManyPurges(t *testing.T) {
	f, path := open(t)
	many := snapshot.Purge{Lookup: "products", Keys: []string{string(bytes.Repeat([]byte("k"), 3<<20))}}
	replace(t, f, some(), nothing)
	for i := range 3 {
		err := f.Note(many)
		if gone := errors.Is(err, snapshot.ErrDiscarded) && errors.Is(err, snapshot.ErrTooManyPurges); err != nil && !gone || gone != (i == 2) {
			t.Errorf("purge %d: %v", i, err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file: %v, want none", err)
	}
	_, err := f.Replace(header, func(w *snapshot.Writer) error {
		for range 3 {
			if err := f.Note(many); err != nil {
				t.Errorf("while a snapshot is written, with none before it: %v", err)
			}
		}
		return nil
	})
	if !errors.Is(err, snapshot.ErrTooManyPurges) {
		t.Errorf("Replace = %v, want %v", err, snapshot.ErrTooManyPurges)
	}
	replace(t, f, some(), nothing)
	contents(t, path).equal(t, some(), nil)
}

// TestDiscard leaves nothing to read.
func TestDiscard(t *testing.T) {
	f, path := open(t)
	replace(t, f, some(), nothing)
	for range 2 {
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := f.Read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Read = %v, want %v", err, os.ErrNotExist)
	}
	if err := f.Note(purges()[0]); err != nil {
		t.Errorf("Note = %v, want nil: there is nothing that could come back", err)
	}
	replace(t, f, some(), nothing)
	contents(t, path).equal(t, some(), nil)
}

// TestReadOnlyFolder cannot be opened in: no purge could be remembered there.
func TestReadOnlyFolder(t *testing.T) {
	folder := mount(t, "size=1m")
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Open(filepath.Join(folder, "snapshot")); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Open = %v, want %v", err, syscall.EROFS)
	}
}

// TestPurgeThatCannotBeRemembered fails, again and again, as long as the file may
// still be there.
func TestPurgeThatCannotBeRemembered(t *testing.T) {
	f, path := open(t)
	replace(t, f, some(), nothing)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "cannot be removed"), 0o700); err != nil {
		t.Fatal(err)
	}
	many := snapshot.Purge{Lookup: "products", Keys: []string{string(bytes.Repeat([]byte("k"), 9<<20))}}
	for range 2 {
		if err := f.Note(many); !errors.Is(err, snapshot.ErrTooManyPurges) || errors.Is(err, snapshot.ErrDiscarded) {
			t.Errorf("Note = %v, want %v alone", err, snapshot.ErrTooManyPurges)
		}
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Note(many); !errors.Is(err, snapshot.ErrDiscarded) {
		t.Errorf("Note = %v, want %v", err, snapshot.ErrDiscarded)
	}
}

// TestFullDisk: the old snapshot stays when a new one has no room; when not even
// a purge has, it goes.
func TestFullDisk(t *testing.T) {
	folder := mount(t, "size=64k")
	path := filepath.Join(folder, "snapshot")
	f := reopen(t, path)
	replace(t, f, some(), nothing)
	large := snapshot.Record{Key: "large", LoadedAt: now, Value: make([]byte, 100_000)}
	_, err := f.Replace(header, func(w *snapshot.Writer) error { return w.Add(large) })
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Replace = %v, want %v", err, syscall.ENOSPC)
	}
	contents(t, path).equal(t, some(), nil)
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 100_000), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk = %v, want %v", err, syscall.ENOSPC)
	}
	p := snapshot.Purge{Lookup: "products", Keys: []string{string(bytes.Repeat([]byte("k"), 5000))}}
	if err := f.Note(p); !errors.Is(err, snapshot.ErrDiscarded) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Note = %v, want %v", err, snapshot.ErrDiscarded)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file: %v, want none", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	replace(t, f, some(), nothing)
	contents(t, path).equal(t, some(), nil)
}

// mount makes a file system of its own in memory.
func mount(t *testing.T, options string) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("snapshot-test", folder, "tmpfs", 0, options); err != nil {
		t.Skipf("skipped: only root may mount a file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}
