package snapshot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Errors of a File.
var (
	// ErrLocked says that another process has the file.
	ErrLocked = errors.New("snapshot: another process uses the file")

	// ErrDiscarded wraps the reason why a purge could not be added to the file,
	// which was therefore removed: nothing that was purged comes back from it.
	ErrDiscarded = errors.New("snapshot: the file was removed, since a purge could not be added to it")

	// ErrTooManyPurges says that more was purged than can be remembered until the
	// next snapshot.
	ErrTooManyPurges = errors.New("snapshot: too many purges")
)

// maxPurges is how many bytes of purges are remembered: in memory while a
// snapshot is written, and at the end of the file until the next one is.
const maxPurges = 8 << 20

// A File is the place of a snapshot, of which a process has the only use while
// it is open. Its methods may be called concurrently, but Replace and Close
// not twice at the same time.
type File struct {
	path string
	lock *os.File

	mu        sync.Mutex // guards all below
	current   *os.File   // what is at path, to add purges to; nil: nothing that could be read
	seed      uint32     // of its checksums
	size      int64
	purges    int     // bytes of purges in it
	replacing bool    // a new one is being written
	missed    []Purge // purges since that began, which go to its end
	missing   int     // bytes of them
}

// Open takes the file, for as long as the process lives or until Close, by a
// lock on a second file with the suffix .lock. There need not be a snapshot
// yet. The error is ErrLocked or one of the file system.
func Open(path string) (_ *File, err error) {
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	f := &File{path: path, lock: lock}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot: lock %s: %w", lock.Name(), err)
	}
	if err := os.Remove(f.unfinished()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return f, f.find()
}

// unfinished is where a snapshot is written.
func (f *File) unfinished() string { return f.path + ".tmp" }

// find opens what is there for adding purges. What does not begin as a snapshot
// gets none: nobody reads it.
func (f *File) find() error {
	at, err := os.OpenFile(f.path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	info, err := at.Stat()
	if err == nil && info.Mode().IsRegular() {
		f.seed, err = readPreamble(at)
	}
	if err != nil {
		return at.Close()
	}
	f.current, f.size = at, info.Size()
	return nil
}

// Read opens the snapshot for reading. The error is os.ErrNotExist where there
// is none, else one of NewReader. The caller closes what it gets.
func (f *File) Read() (*Reader, io.Closer, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, nil, fmt.Errorf("snapshot: %w", err)
	}
	r, err := NewReader(in)
	if err != nil {
		_ = in.Close()
		return nil, nil, err
	}
	return r, in, nil
}

// Discard removes the snapshot.
func (f *File) Discard() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.discardLocked()
}

func (f *File) discardLocked() error {
	if err := os.Remove(f.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := f.syncFolder(); err != nil {
		return err
	}
	if f.current != nil { // not before: a purge is to fail as long as the file may be there
		_ = f.current.Close()
		f.current = nil
	}
	return nil
}

// syncFolder makes names last.
func (f *File) syncFolder() error {
	folder, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer func() { _ = folder.Close() }() // only read
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// Close gives the file up. The snapshot stays.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current != nil {
		_ = f.current.Close() // each purge was synced
		f.current = nil
	}
	return f.lock.Close()
}
