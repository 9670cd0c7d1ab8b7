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

// makeDataLocked makes a data folder with the system tables: a copy of one that was made before, since that takes
// seconds.
func (s *Server) makeDataLocked(ctx context.Context, p program) error {
	data := filepath.Join(s.folder, "data")
	template, err := p.template()
	if err == nil {
		err = os.CopyFS(data, os.DirFS(template))
	}
	switch {
	case err == nil:
		return os.RemoveAll(filepath.Join(data, "auto.cnf")) // MySQL's UUID: each server makes its own
	case p.flavour == FlavourMySQL:
		return err
	}
	if err := errors.Join(os.RemoveAll(data), s.installLocked(ctx, p, data)); err != nil {
		return err
	}
	keep(data, template)
	return nil
}

// template returns the folder where a fresh data folder is kept: MySQL's is made by install-mysql.sh, that of MariaDB by
// the first that needs one, for each build of the server. Where the user has no cache folder there is none.
func (p program) template() (string, error) {
	if p.flavour == FlavourMySQL {
		return filepath.Join(filepath.Dir(p.path), "data"), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	built, err := os.Stat(p.path)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("mariadb-%d-%d-%d", built.Size(), built.ModTime().UnixNano(), os.Geteuid())
	return filepath.Join(cache, "productcache-test", name), nil
}

// keep keeps a copy of a fresh data folder. Whether or not that succeeds, as it may not for two at the same time, the
// folder is good.
func keep(data, template string) {
	if template == "" {
		return
	}
	parent := filepath.Dir(template)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return
	}
	unfinished, err := os.MkdirTemp(parent, "unfinished-")
	if err != nil {
		return
	}
	defer os.RemoveAll(unfinished)
	whole := filepath.Join(unfinished, "data")
	if os.CopyFS(whole, os.DirFS(data)) == nil {
		_ = os.Rename(whole, template)
	}
}

// installLocked makes a data folder of MariaDB.
func (s *Server) installLocked(ctx context.Context, p program, data string) error {
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
