package php_test

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

// TestExamplePage visits the product page of clients/php/examples, with the service, without it, and without MySQL.
func TestExamplePage(t *testing.T) {
	server := mysqltest.MariaDB(t, mysqltest.Private())
	database := server.Database(t)
	if err := demoshop.Load(t.Context(), server.Open(t, database), 50); err != nil {
		t.Fatal(err)
	}
	w := newWorkplace(t)
	w.write("catalog.yaml", string(demoshop.Catalog()))
	w.env = append(w.env, "PRODUCTCACHE_MYSQL_DSN="+server.DSN(database))
	w.shell(block{page: "TestExamplePage", text: "bin/productcache -catalog catalog.yaml\n"})
	service := w.services[0]
	w.env = append(w.env, "PRODUCTCACHE_URL="+service.public, "SHOP_USER=root", "SHOP_PDO=mysql:unix_socket="+server.Socket()+";dbname="+database)
	page := w.phpServer(filepath.Join(w.root, "clients/php/examples/product.php"))

	// The service has had MySQL's answer before the page, whose client does not wait for long.
	await(t, "a cached product", func() bool { return strings.Contains(get(t, service.public+"/v1/products/42").status, "200") })
	await(t, "a page by the service", func() bool { return strings.Contains(get(t, page+"/?id=42").body, "<p>Colour: ") })
	served := get(t, page+"/?id=42")
	for _, want := range []string{"<h1>Sol Damask Tablecloth</h1>", "<p>Lindqvist Atelier: <strong>92.33</strong></p>", "the season&#039;s &quot;Nordic light&quot; palette"} {
		if !strings.Contains(served.body, want) {
			t.Errorf("with the service: %s\nwant %q in it", served.body, want)
		}
	}
	service.end()
	fallen := get(t, page+"/?id=42")
	if want := regexp.MustCompile(`<p>Colour: .*\n(<p>.*\n)*`).ReplaceAllString(served.body, ""); fallen.body != want {
		t.Errorf("without the service: %s\nwant %s", fallen.body, want)
	}
	if a := get(t, page+"/?id=4711"); !strings.HasPrefix(a.status, "404") {
		t.Errorf("unknown product: %+v, want 404", a)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if a := get(t, page+"/?id=42"); !strings.HasPrefix(a.status, "503") || strings.Contains(a.body, "PDO") {
		t.Errorf("without MySQL: %+v, want 503", a)
	}
}

// phpServer serves a page by PHP's own web server until the test ends, and returns its URL.
func (w *workplace) phpServer(file string) string {
	w.t.Helper()
	cmd := exec.Command("php", "-d", "error_reporting=-1", "-d", "display_errors=1", "-S", "127.0.0.1:0", file)
	var out buffer
	cmd.Dir, cmd.Env, cmd.Stderr = w.folder, w.env, &out
	w.must(cmd.Start())
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // killed
	})
	url := regexp.MustCompile(`\((http://127\.0\.0\.1:\d+)\) started`)
	await(w.t, "PHP's web server", func() bool { return url.MatchString(out.String()) })
	return url.FindStringSubmatch(out.String())[1]
}

// An answer is a response, read.
type answer struct{ status, cacheStatus, body string }

func get(t *testing.T, url string) answer {
	t.Helper()
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.Status, response.Header.Get("Cache-Status"), string(body)}
}
