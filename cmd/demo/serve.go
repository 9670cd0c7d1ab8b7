package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// stopLimit is longer than the service's own -shutdown-timeout.
const stopLimit = 15 * time.Second

// serve runs the service until ctx is done or it ends by itself, and says what
// to try once it is ready.
func serve(ctx context.Context, o options, s *shop, stdout, stderr io.Writer) error {
	service := exec.CommandContext(ctx, o.program, "-listen", o.listen, "-admin-listen", o.adminListen, "-catalog", s.catalog, "-follow-binlog")
	service.Env = append(foreign(os.Environ()), "PRODUCTCACHE_MYSQL_DSN="+s.server.DSN(database), "PRODUCTCACHE_LOG_LEVEL=warn")
	service.Stdout, service.Stderr = stdout, stderr
	service.Cancel = func() error { return service.Process.Signal(syscall.SIGTERM) }
	service.WaitDelay = stopLimit
	if err := service.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }() // serve returns after it
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for !ready(ctx, o.adminListen) {
		select {
		case err := <-ended:
			return named(err)
		case <-pause.C:
		}
	}
	front, err := openStorefront(ctx, o, s, stderr)
	if err != nil {
		_ = service.Process.Signal(syscall.SIGTERM) // it may have ended
		return errors.Join(err, named(<-ended))
	}
	announce(o, s, front.url(), stdout)
	select {
	case err = <-ended:
		return errors.Join(named(err), front.close())
	case <-front.ended():
		err = errors.Join(errors.New("the storefront has ended"), front.close())
		_ = service.Process.Signal(syscall.SIGTERM)
		return errors.Join(err, named(<-ended))
	}
}

// foreign returns the variables that are not the service's: a setting of the
// user's own service, such as -table, does not suit the demo.
func foreign(environment []string) []string {
	return slices.DeleteFunc(environment, func(v string) bool { return strings.HasPrefix(v, "PRODUCTCACHE_") })
}

// named says whose end it was.
func named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("productcache has ended: %w", err)
}

func ready(ctx context.Context, admin string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close() // nothing is read
	return response.StatusCode == http.StatusOK
}

func announce(o options, s *shop, storefront string, stdout io.Writer) {
	if storefront != "" {
		fmt.Fprintf(stdout, "\nThe shop is open: %s/\n", storefront)
	}
	fmt.Fprintf(stdout, `
Serving on http://%[1]s. Try:

  curl -i http://%[1]s/v1/products/42
  curl -i 'http://%[1]s/v1/products?keys=42,43,99999'
  curl -i 'http://%[1]s/v1/category/33?page=2&per_page=5'

A change in MySQL shows in the next answer:

  mariadb --socket=%[3]s --user=root %[4]s -e 'UPDATE products SET price = 1.23 WHERE product_id = 42'

A second process on the same shop; without "check", and with other addresses, it serves:

  %[5]s check -mysql-dsn 'root@unix(%[3]s)/%[4]s' -catalog %[6]s

Console: http://%[2]s/
Metrics: http://%[2]s/metrics
Ctrl-C ends the demo and leaves nothing behind.

`, o.listen, o.adminListen, s.server.Socket(), database, o.program, s.catalog)
}
