// Package php_test runs the tests of the PHP client: PHPUnit, against the real service and a real MariaDB.
package php_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"productcache/internal/mysqltest"
)

func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m)) }

// TestClient needs php, its extensions and phpunit: make deps-php.
func TestClient(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "productcache")
	if out, err := exec.Command("go", "build", "-o", binary, "productcache/cmd/productcache").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	server := mysqltest.MariaDB(t)
	database := server.Database(t)
	phpunit, err := exec.LookPath("phpunit")
	if err != nil {
		t.Fatalf("%v: `make deps-php` installs it", err)
	}
	arguments := []string{"-d", "apc.enable_cli=1", "-d", "zend.assertions=1", "-d", "assert.exception=1", phpunit, "--configuration", "phpunit.xml"}
	if filter := os.Getenv("PRODUCTCACHE_TEST_PHP_FILTER"); filter != "" {
		arguments = append(arguments, "--filter", filter)
	}
	cmd := exec.Command("php", arguments...)
	cmd.Env = append(os.Environ(),
		"PRODUCTCACHE_TEST_BINARY="+binary,
		"PRODUCTCACHE_TEST_DSN="+server.DSN(database),
		"PRODUCTCACHE_TEST_SOCKET="+server.Socket(),
		"PRODUCTCACHE_TEST_DATABASE="+database,
	)
	out, err := cmd.CombinedOutput()
	t.Logf("%s\n%s", cmd, out)
	if err != nil {
		t.Fatal(err)
	}
}
