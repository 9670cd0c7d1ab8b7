package phpserver

import (
	"bytes"
	"io"
)

// greeting is in the line that each worker of php -S says at its start.
const greeting = " Development Server ("

// withoutGreetings returns a writer that passes on all lines but these.
func withoutGreetings(log io.Writer) io.Writer {
	if log == nil {
		return nil
	}
	return &filter{log: log}
}

// filter is used by one goroutine.
type filter struct {
	log  io.Writer
	line []byte // begun, not ended
}

func (f *filter) Write(p []byte) (int, error) {
	f.line = append(f.line, p...)
	for {
		line, rest, whole := bytes.Cut(f.line, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		if !bytes.Contains(line, []byte(greeting)) {
			if _, err := f.log.Write(f.line[:len(line)+1]); err != nil {
				return 0, err
			}
		}
		f.line = rest
	}
}
