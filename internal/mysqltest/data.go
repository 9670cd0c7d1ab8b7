package mysqltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// makeDataLocked makes a data folder with the system tables.
func (s *Server) makeDataLocked(ctx context.Context, p program) error {
	data := filepath.Join(s.folder, "data")
	if p.flavour == FlavourMySQL {
		return p.copyData(data)
	}
	command, err := p.installCommand(data)
	if err != nil {
		return err
	}
	if err := s.beginLocked(command); err != nil {
		return err
	}
	const pause = 100 * time.Millisecond
	for !s.process.ended(pause) && ctx.Err() == nil {
	}
	made := s.process.command
	if err := errors.Join(s.stopLocked(true), ctx.Err()); err != nil {
		return fmt.Errorf("%s: %w", command[0], err)
	}
	if !made.ProcessState.Success() {
		return fmt.Errorf("%s: %s\n%s", command[0], made.ProcessState, tail(s.logFile()))
	}
	return nil
}

// copyData copies the fresh data folder that install-mysql.sh keeps: MySQL takes seconds to make one.
func (p program) copyData(data string) error {
	if err := os.CopyFS(data, os.DirFS(filepath.Join(filepath.Dir(p.path), "data"))); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(data, "auto.cnf")) // the server's UUID: each makes its own
}

// installCommand returns the command that makes a data folder of MariaDB.
func (p program) installCommand(data string) ([]string, error) {
	for _, needed := range [][2]string{{"mariadb-install-db", "mariadb-server-core"}, {"my_print_defaults", "mariadb-client-core"}} {
		if _, err := exec.LookPath(needed[0]); err != nil {
			return nil, fmt.Errorf("%w: there is no %s: install the Debian package %s (or run `make deps`)", ErrNotInstalled, needed[0], needed[1])
		}
	}
	// Without this the install script adds passwordless accounts for TCP.
	local := filepath.Join(filepath.Dir(data), "local.sql")
	if err := os.WriteFile(local, []byte("DELETE FROM mysql.global_priv WHERE Host <> 'localhost';\n"), 0o600); err != nil {
		return nil, err
	}
	return append([]string{
		"mariadb-install-db",
		"--no-defaults",
		"--datadir=" + data,
		"--tmpdir=" + filepath.Dir(data), // a server that starts removes others' tables from a shared one
		"--force",                        // whether or not the host's name can be resolved
		"--skip-test-db",
		"--auth-root-authentication-method=normal",
		"--extra-file=" + local,
		"--innodb-log-file-size=16M",
		"--innodb-flush-method=nosync",
		"--innodb-doublewrite=0",
	}, asRoot()...), nil
}
