package mysqltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// program is an installed server.
type program struct {
	flavour Flavour
	path    string
}

// MySQLFolderVariable names the environment variable with the folder where install-mysql.sh
// unpacks MySQL, and where tests look for it.
const MySQLFolderVariable = "PRODUCTCACHE_TEST_MYSQL"

// RequireMySQLVariable names the environment variable that, if not empty, makes tests fail that
// would skip for lack of MySQL, and `make deps-mysql` where MySQL cannot be had.
const RequireMySQLVariable = "PRODUCTCACHE_TEST_REQUIRE_MYSQL"

func find(f Flavour) (program, error) {
	switch f {
	case FlavourMariaDB, "":
		for _, name := range []string{"mariadbd", "/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"} {
			if path, err := exec.LookPath(name); err == nil {
				return program{FlavourMariaDB, path}, nil
			}
		}
		return program{}, fmt.Errorf("%w: there is no mariadbd: install the Debian package mariadb-server-core (or run `make deps`)", ErrNotInstalled)
	case FlavourMySQL:
		folder, err := mysqlFolder()
		if err != nil {
			return program{}, fmt.Errorf("%w: %w", ErrNotInstalled, err)
		}
		path, err := exec.LookPath(filepath.Join(folder, "mysqld"))
		if err != nil {
			return program{}, fmt.Errorf("%w: there is no MySQL in %s: unpack it with `make deps-mysql`", ErrNotInstalled, folder)
		}
		return program{FlavourMySQL, path}, nil
	}
	return program{}, fmt.Errorf("mysqltest: unknown flavour %q", f)
}

func mysqlFolder() (string, error) {
	if folder := os.Getenv(MySQLFolderVariable); folder != "" {
		return filepath.Abs(folder)
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "productcache-test", "mysql"), err
}

// args returns the server's arguments, except for the port.
func (p program) args(c Config, folder, socket string) []string {
	args := append([]string{
		"--no-defaults", // must be the first
		"--datadir=" + filepath.Join(folder, "data"),
		"--socket=" + socket,
		"--pid-file=" + filepath.Join(folder, "pid"),
		"--tmpdir=" + folder,
		"--bind-address=127.0.0.1",
		"--skip-name-resolve",
		"--server-id=1",
		"--character-set-server=utf8mb4",
		"--collation-server=utf8mb4_general_ci",
		"--default-time-zone=+00:00",
		"--performance-schema=OFF",
		"--innodb-buffer-pool-size=64M",
		"--innodb-flush-method=nosync",
		"--innodb-flush-log-at-trx-commit=2", // commits reach the file: a kill loses none
		"--innodb-doublewrite=0",
		"--sync-binlog=0",
	}, asRoot()...)
	if p.flavour == FlavourMySQL {
		args = append(args, "--mysqlx=OFF", "--secure-file-priv=NULL", "--innodb-redo-log-capacity=32M")
	} else {
		args = append(args, "--innodb-log-file-size=16M")
	}
	return append(append(args, p.binlogArgs(c.Binlog)...), c.Args...)
}

func (p program) binlogArgs(on bool) []string {
	switch {
	case !on:
		return []string{"--skip-log-bin"}
	case p.flavour == FlavourMySQL: // row-based by default, and about to know no other
		return []string{"--log-bin=binlog", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"}
	default:
		return []string{"--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-image=FULL"}
	}
}

// asRoot lets a server run as root, which it refuses unless told to.
func asRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}
