package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// processors is a set of processors, by number.
type processors []int

// onProcessors has do run on some processors only, as all that it starts does, for as long as that lives. It must
// be called by a goroutine that is locked to its thread.
func onProcessors(some processors, do func() error) error {
	before, err := affinity(0)
	if err != nil {
		return err
	}
	if err := setAffinity(0, maskOf(some)); err != nil {
		return err
	}
	defer func() { _ = setAffinity(0, before) }()
	return do()
}

// pinProcess has every thread of this process, and those that they start, run on some processors only, until back is called.
func pinProcess(some processors) (back func(), err error) {
	before, err := affinity(0)
	if err != nil {
		return nil, err
	}
	return func() { _ = pinThreads(before) }, pinThreads(maskOf(some))
}

func pinThreads(mask cpuMask) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := setAffinity(id, mask); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return nil
}

// cpuMask has a bit for each processor.
type cpuMask [16]uint64

func maskOf(some processors) (m cpuMask) {
	for _, p := range some {
		m[p/64] |= 1 << (p % 64)
	}
	return m
}

// list returns the processors of a mask.
func (m cpuMask) list() (all processors) {
	for p := range 64 * len(m) {
		if m[p/64]&(1<<(p%64)) != 0 {
			all = append(all, p)
		}
	}
	return all
}

// affinity returns the processors of a thread; 0 is the calling one.
func affinity(thread int) (m cpuMask, err error) {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, uintptr(thread), unsafe.Sizeof(m), uintptr(unsafe.Pointer(&m))); errno != 0 {
		return m, fmt.Errorf("sched_getaffinity: %w", errno)
	}
	return m, nil
}

func setAffinity(thread int, m cpuMask) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(thread), unsafe.Sizeof(m), uintptr(unsafe.Pointer(&m))); errno != 0 {
		return errno
	}
	return nil
}
