package main

import "strings"

// maxMessage bounds, in bytes, what is repeated of an error that quotes what was given.
const maxMessage = 200

// A briefError is an error with the beginning of its message.
type briefError struct {
	message string
	err     error
}

func (e *briefError) Error() string { return e.message }
func (e *briefError) Unwrap() error { return e.err }

// brief bounds the message of an error. A package's own errors quote the whole of a value, however
// long it is: flag's, log/slog's.
func brief(err error) error {
	message := err.Error()
	if len(message) <= maxMessage {
		return err
	}
	return &briefError{strings.ToValidUTF8(message[:maxMessage], "") + "…", err}
}
