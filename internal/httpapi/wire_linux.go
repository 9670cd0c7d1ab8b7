package httpapi

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// receive reads from a socket without waiting. Since it does not wait, the scheduler
// need not hear of it.
func receive(fd int, b []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	return int(n), err
}

// wire is a socket that is written to without waiting: what finds no room is kept.
type wire struct {
	fd   int
	took int // bytes, those that are kept included
	rest []byte
}

// Write implements io.Writer.
func (w *wire) Write(b []byte) (int, error) {
	kept := b
	if w.rest == nil && len(b) > 0 {
		n, _, err := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(w.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
		switch err {
		case 0:
			kept = b[n:]
		case unix.EAGAIN:
		default:
			return 0, err
		}
	}
	if len(kept) > 0 {
		w.rest = append(w.rest, kept...)
	}
	w.took += len(b)
	return len(b), nil
}

// takeRest returns what found no room, nil if all did.
func (w *wire) takeRest() []byte {
	rest := w.rest
	w.rest = nil
	return rest
}
