package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"productcache/internal/mysqltest"
)

const fullDiskName = "full disk"

// diskSize of the server whose disk is filled; its tables and logs are on it.
const diskSize = "700m"

// runFullDisk fills the disk of a server that writes a binlog: a memory file system of its own, which only root may mount.
func runFullDisk(ctx context.Context, c Config, report *Report) (err error) {
	if os.Geteuid() != 0 {
		report.Skipped = append(report.Skipped, fullDiskName+": only root may mount a file system for it")
		return nil
	}
	folder, err := os.MkdirTemp("", "productcache-disk-")
	if err != nil {
		return err
	}
	defer os.Remove(folder)
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+diskSize); err != nil {
		report.Skipped = append(report.Skipped, fmt.Sprintf("%s: %v", fullDiskName, err))
		return nil
	}
	defer func() { err = errors.Join(err, syscall.Unmount(folder, 0)) }()
	server, err := mysqltest.Start(ctx, mysqltest.Config{Folder: folder, Binlog: true, Nice: serverNice, Args: serverArguments()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	c.MySQL = server
	sc := c.sizes()
	sc.rows = min(sc.rows, 50_000)
	h, err := openShop(ctx, server, sc, c.Folder)
	if err != nil {
		return err
	}
	defer h.pool.Close()
	row, err := runRounds(ctx, c, h, fault{fullDiskName, "the server's disk is full: what is to be written waits", true, func(ctx context.Context, _ *rig) error {
		return fillDisk(ctx, filepath.Join(folder, "ballast"))
	}})
	if err != nil {
		return fmt.Errorf("faults: %s: %w", fullDiskName, err)
	}
	report.Database = append(report.Database, row)
	return nil
}

// fillDisk keeps a disk full until ctx is done.
func fillDisk(ctx context.Context, ballast string) error {
	file, err := os.Create(ballast)
	if err != nil {
		return err
	}
	defer os.Remove(ballast)
	defer file.Close()
	zero := make([]byte, 64<<10)
	for ctx.Err() == nil {
		if _, err := file.Write(zero); errors.Is(err, syscall.ENOSPC) {
			if len(zero) > 1 {
				zero = zero[:len(zero)/2]
				continue
			}
			wait(ctx, lookPause)
		} else if err != nil {
			return err
		}
	}
	return nil
}
