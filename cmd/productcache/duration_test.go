package main

import (
	"log/slog"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "30s": 30 * time.Second, "1h30m": 90 * time.Minute, "-1s": -time.Second} {
		var d duration
		if err := d.Set(text); err != nil || time.Duration(d) != want || d.String() != want.String() {
			t.Errorf("Set(%q) = %v, %v; want %v", text, &d, err, want)
		}
	}
	for _, text := range []string{"", "5", "5 minutes", "1d", "m"} {
		d := duration(1)
		if err := d.Set(text); err == nil || err.Error() != "a time is a number with a unit, such as 30s or 5m" || d != 1 {
			t.Errorf("Set(%q) = %v, %v; want an error that says how", text, &d, err)
		}
	}
}

func TestLevel(t *testing.T) {
	for text, want := range map[string]slog.Level{"debug": slog.LevelDebug, "WARN": slog.LevelWarn, "INFO+2": slog.LevelInfo + 2} {
		var l level
		err := l.UnmarshalText([]byte(text))
		if shown, failed := l.MarshalText(); err != nil || failed != nil || slog.Level(l) != want || string(shown) != want.String() {
			t.Errorf("UnmarshalText(%q) = %s, %v; want %v", text, shown, err, want)
		}
	}
	for _, text := range []string{"", "loud", "5"} {
		l := level(slog.LevelWarn)
		if err := l.UnmarshalText([]byte(text)); err == nil || err.Error() != "a level is debug, info, warn or error" || l != level(slog.LevelWarn) {
			t.Errorf("UnmarshalText(%q) = %v, %v; want an error that says which there are", text, l, err)
		}
	}
}
