package main

import (
	"errors"
	"flag"
	"log/slog"
	"time"
)

// duration is a [time.Duration] as a flag. Its error says how one is written, as that of flag's own does not.
type duration time.Duration

// durationVar declares a flag of a duration on fs.
func durationVar(fs *flag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	fs.Var((*duration)(p), name, usage)
}

// Set implements flag.Value. The error does not repeat the text, which may be long.
func (d *duration) Set(text string) error {
	read, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("a time is a number with a unit, such as 30s or 5m")
	}
	*d = duration(read)
	return nil
}

// String implements flag.Value: 5m0s. Set reads it as the same time.
func (d *duration) String() string { return time.Duration(*d).String() }

// level is a [slog.Level] as the text of a flag. Its error says which there are.
type level slog.Level

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *level) UnmarshalText(text []byte) error {
	if (*slog.Level)(l).UnmarshalText(text) != nil {
		return errors.New("a level is debug, info, warn or error")
	}
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (l level) MarshalText() ([]byte, error) { return slog.Level(l).MarshalText() }
