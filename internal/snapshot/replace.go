package snapshot

import (
	"errors"
	"fmt"
	"os"
)

// Replace writes a snapshot and puts it, once it is on the disk, in the place
// of the one before. Where that fails the one before stays. Purges that were
// noted after Replace has begun are added to the new one: header is called
// after that, and fill then takes the records.
func (f *File) Replace(header func() Header, fill func(*Writer) error) (info Info, err error) {
	f.setReplacing(true)
	defer f.setReplacing(false)
	_ = os.Remove(f.unfinished()) // whatever is there, it is not followed
	out, err := os.OpenFile(f.unfinished(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return info, fmt.Errorf("snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			_ = out.Close()
			_ = os.Remove(f.unfinished())
		}
	}()
	w, err := NewWriter(out, header())
	if err != nil {
		return info, err
	}
	if err := fill(w); err != nil {
		return info, err
	}
	if err := w.Close(); err != nil {
		return info, err
	}
	// Most reaches the disk here, so that purges need not wait for it below.
	if err := out.Sync(); err != nil {
		return info, fmt.Errorf("snapshot: %w", err)
	}
	return w.Info(), f.install(out, w)
}

func (f *File) setReplacing(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replacing, f.missed, f.missing = on, nil, 0
}

// install adds the purges that the new file lacks, and lets it take its place.
func (f *File) install(out *os.File, w *Writer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.missing > maxPurges {
		return fmt.Errorf("%w while the snapshot was written", ErrTooManyPurges)
	}
	for _, p := range f.missed {
		if err := w.frame(appendPurge(beginFrame(nil, purge), p)); err != nil {
			return err
		}
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := os.Rename(f.unfinished(), f.path); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := f.syncFolder(); err != nil {
		// After a power failure either file may be there: neither must be.
		return errors.Join(err, f.discardLocked())
	}
	if f.current != nil {
		_ = f.current.Close()
	}
	f.current, f.seed, f.size, f.purges = out, w.seed, w.info.Bytes, f.missing
	return nil
}
