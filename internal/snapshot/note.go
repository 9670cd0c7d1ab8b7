package snapshot

import (
	"errors"
	"fmt"
)

// Note remembers a purge, which has been done already. Once it has returned
// nil, or ErrDiscarded, what was purged does not come back from the file.
func (f *File) Note(p Purge) error {
	b := appendPurge(beginFrame(nil, purge), p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.replacing {
		if f.missing += len(b); f.missing <= maxPurges {
			f.missed = append(f.missed, p)
		} else {
			f.missed = nil
		}
	}
	if f.current == nil {
		return nil
	}
	err := f.addLocked(b)
	if err == nil {
		return nil
	}
	if gone := f.discardLocked(); gone != nil {
		return errors.Join(err, gone)
	}
	return fmt.Errorf("%w: %w", ErrDiscarded, err)
}

func (f *File) addLocked(b []byte) error {
	if f.purges += len(b); f.purges > maxPurges {
		return ErrTooManyPurges
	}
	b = endFrame(b, f.size, f.seed)
	if _, err := f.current.WriteAt(b, f.size); err != nil {
		return err
	}
	f.size += int64(len(b))
	return f.current.Sync()
}
