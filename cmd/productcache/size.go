package main

import (
	"strings"

	"github.com/docker/go-units"
)

// size is a number of bytes as a flag: 64MiB, 1g, 4096; steps are of 1024.
type size int64

// Set implements flag.Value.
func (s *size) Set(text string) error {
	n, err := units.RAMInBytes(text)
	if err == nil {
		*s = size(n)
	}
	return err
}

// String implements flag.Value: 256MiB.
func (s size) String() string {
	return strings.ReplaceAll(units.BytesSize(float64(s)), " ", "")
}

// masked hides what is secret in a setting's value.
func masked(name, value string) string {
	if name != "mysql-dsn" || value == "" {
		return value
	}
	at := strings.LastIndex(value, "@")
	if at < 0 {
		return "***" // not a DSN that anybody could check by eye
	}
	user, _, _ := strings.Cut(value[:at], ":")
	return user + ":***" + strings.SplitN(value[at:], "?", 2)[0]
}
