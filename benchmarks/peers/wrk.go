package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

//go:embed wrk.lua
var wrkScript []byte

// connections is how many drive a server at the same time.
const connections = 32

// runWrk drives a server as fast as it goes, by wrk with one thread, and returns the number of answers.
func (b *bench) runWrk(ctx context.Context, s *server, k *kind, w *work) (answers int, elapsed time.Duration, err error) {
	script, err := b.keep("wrk.lua", func() []byte { return wrkScript })
	if err != nil {
		return 0, 0, err
	}
	requests, err := b.keep(fmt.Sprintf("%d-%s.requests", s.pid, k.name), func() []byte {
		var all [][]byte
		for _, u := range w.units {
			all = append(all, u.Steps[0])
		}
		return bytes.Join(all, []byte{0})
	})
	if err != nil {
		return 0, 0, err
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(int(b.duration.Seconds()))+"s",
		"-s", script, "http://"+s.tcp, requests).CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return parseWrk(string(out))
}

// parseWrk reads the line that wrk.lua writes at the end.
func parseWrk(out string) (answers int, elapsed time.Duration, err error) {
	found := regexp.MustCompile(`(?m)^answers=(\d+) microseconds=(\d+) errors=(\d+)$`).FindStringSubmatch(out)
	if found == nil || found[1] == "0" || found[3] != "0" {
		return 0, 0, fmt.Errorf("wrk: %s", out)
	}
	answers, _ = strconv.Atoi(found[1])
	micros, _ := strconv.ParseInt(found[2], 10, 64)
	return answers, time.Duration(micros) * time.Microsecond, nil
}

// keep writes a file of the run unless it is there, and returns its path.
func (b *bench) keep(name string, content func() []byte) (path string, err error) {
	path = filepath.Join(b.folder, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, os.WriteFile(path, content(), 0o644)
}
