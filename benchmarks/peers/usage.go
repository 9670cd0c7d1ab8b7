package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tree returns a process and all that it has started, directly or not.
func tree(root int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		if pid, parent, err := parseStat(string(stat)); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all, nil
}

// parseStat reads a line of /proc/PID/stat. The name, in parentheses, may hold anything.
func parseStat(stat string) (pid, parent int, err error) {
	before, _, _ := strings.Cut(stat, " ")
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, fmt.Errorf("/proc/PID/stat: %.80q", stat)
	}
	pid, err1 := strconv.Atoi(before)
	parent, err2 := strconv.Atoi(fields[1])
	return pid, parent, errors.Join(err1, err2)
}

// cpu returns the time that processes have spent on processors, in user and kernel mode, as the
// scheduler counts it: in nanoseconds, where /proc/PID/stat has steps of 10 ms of the same count.
// Threads that have ended are not in it; none of the servers ends threads while it serves. Of processes only
// the first must be there: nginx has one that looks through an empty cache and ends.
func cpu(pids []int) (sum time.Duration, err error) {
	for i, pid := range pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err == nil && threads == nil && i == 0 {
			err = fmt.Errorf("process %d has ended", pid)
		}
		if err != nil {
			return 0, err
		}
		for _, name := range threads {
			text, err := os.ReadFile(name)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
				continue
			}
			if err != nil {
				return 0, err
			}
			first, _, _ := strings.Cut(string(text), " ")
			spent, err := strconv.ParseInt(first, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			sum += time.Duration(spent)
		}
	}
	return sum, nil
}

// resident returns the bytes that processes have in memory; pages that they share count once.
func resident(pids []int) (sum int64, err error) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, err
		}
		pss, err := parsePss(text)
		if err != nil {
			return 0, err
		}
		sum += pss
	}
	return sum, nil
}

func parsePss(rollup []byte) (int64, error) {
	_, rest, found := bytes.Cut(rollup, []byte("\nPss:"))
	value, _, ok := bytes.Cut(rest, []byte(" kB"))
	if !found || !ok {
		return 0, errors.New("smaps_rollup has no Pss")
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
	return n << 10, err
}

// occupied returns the bytes that the files in a folder take, in whole blocks; on a tmpfs that is memory.
func occupied(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			sum += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	})
	return sum, err
}
