package storefront_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"productcache/internal/chromium"
	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
	"productcache/internal/phpserver"
)

const (
	products = 1500
	patience = 30 * time.Second
)

var (
	desktop = chromium.View{Width: 1280, Height: 900}
	phone   = chromium.View{Width: 360, Height: 740}
)

// program is the service, built once.
var program = sync.OnceValues(func() (string, error) {
	file := filepath.Join(programFolder, "productcache")
	out, err := exec.Command("go", "build", "-o", file, "productcache/cmd/productcache").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, err
})

var programFolder string

func TestMain(m *testing.M) {
	var err error
	if programFolder, err = os.MkdirTemp("", "storefront-"); err != nil {
		panic(err)
	}
	code := mysqltest.Main(m)
	os.RemoveAll(programFolder)
	os.Exit(code)
}

// log is what the servers complain of.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rig is a shop: MariaDB, the service on Unix sockets, and the storefront.
type rig struct {
	t        *testing.T
	server   *mysqltest.Server
	database string
	dsn      string
	folder   string // of catalog and sockets
	service  *exec.Cmd
	url      string
	log      *log
}

// open starts all of it until the test ends.
func open(t *testing.T, kind phpserver.Kind, server *mysqltest.Server) *rig {
	t.Helper()
	r := &rig{t: t, server: server, database: server.Database(t), log: &log{}}
	r.dsn = server.DSN(r.database)
	r.fill()
	var err error
	if r.folder, err = os.MkdirTemp("", "shop-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(r.folder) })
	if err := os.WriteFile(r.path("catalog.yaml"), demoshop.Catalog(), 0o600); err != nil {
		t.Fatal(err)
	}
	r.startService()
	t.Cleanup(r.stopService)
	r.openStorefront(kind)
	return r
}

func (r *rig) path(name string) string { return filepath.Join(r.folder, name) }

// fill loads the demo's shop.
func (r *rig) fill() {
	r.t.Helper()
	db, err := sql.Open("mysql", r.server.SocketDSN(r.database))
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	if err := demoshop.Load(r.t.Context(), db, products); err != nil {
		r.t.Fatal(err)
	}
}

// openStorefront starts it, with more environment.
func (r *rig) openStorefront(kind phpserver.Kind, env ...string) {
	r.t.Helper()
	dsn, err := mysql.ParseDSN(r.dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(dsn.Addr)
	front, err := phpserver.Start(r.t.Context(), phpserver.Config{Kind: kind, Folder: "public", Log: r.log, Env: append(env,
		"STOREFRONT_SERVICE=unix:"+r.path("public.sock"),
		fmt.Sprintf("STOREFRONT_MYSQL=mysql:host=%s;port=%s;dbname=%s;charset=utf8mb4", host, port, r.database),
		"STOREFRONT_MYSQL_USER="+dsn.User,
		"STOREFRONT_MYSQL_PASSWORD="+dsn.Passwd,
	)})
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.log)
	}
	r.url = front.URL()
	r.t.Cleanup(func() {
		if err := front.Close(); err != nil {
			r.t.Error(err)
		}
		if said := r.log.String(); strings.Contains(said, "PHP ") || strings.Contains(said, "storefront: ") {
			r.t.Errorf("PHP complains:\n%s", said)
		}
	})
}

// startService returns when the service is ready.
func (r *rig) startService() {
	r.t.Helper()
	file, err := program()
	if err != nil {
		r.t.Fatal(err)
	}
	r.service = exec.Command(file, "-listen", "unix:"+r.path("public.sock"), "-admin-listen", "unix:"+r.path("admin.sock"),
		"-catalog", r.path("catalog.yaml"), "-follow-binlog", "-audit-rate", "0", "-log-level", "error")
	r.service.Env = append(os.Environ(), "PRODUCTCACHE_MYSQL_DSN="+r.dsn)
	r.service.Stderr = r.log
	if err := r.service.Start(); err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", r.path("admin.sock"))
	}}}
	r.await("the service is ready", func() bool {
		response, err := client.Get("http://service/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// stopService ends the service, if it runs, as an operator does.
func (r *rig) stopService() {
	r.t.Helper()
	if r.service.ProcessState != nil {
		return
	}
	if err := r.service.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Error(err)
	}
	if err := r.service.Wait(); err != nil {
		r.t.Errorf("productcache: %v\n%s", err, r.log)
	}
}

func (r *rig) exec(statement string) {
	r.t.Helper()
	r.server.Exec(r.t, r.database, statement)
}

// await repeats a question until the answer is yes.
func (r *rig) await(what string, yes func() bool) {
	r.t.Helper()
	for began := time.Now(); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > patience {
			r.t.Fatalf("not within %v: %s\n%s", patience, what, r.log)
		}
	}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

// get asks for a page; direct asks with the cookie for MySQL.
func (r *rig) get(path string, direct bool) answer {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if direct {
		request.AddCookie(&http.Cookie{Name: "source", Value: "direct"})
	}
	return r.do(request)
}

func (r *rig) do(request *http.Request) answer {
	r.t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.log)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// browsing is a rig with a browser at its home page.
type browsing struct {
	*rig
	*chromium.Page
}

func browse(t *testing.T, kind phpserver.Kind, server func() *mysqltest.Server) *browsing {
	t.Helper()
	browser := chromium.Open(t) // first: without it nothing else is started
	r := open(t, kind, server())
	return &browsing{r, browser.Page(t, r.url+"/", desktop)}
}

func (b *browsing) visit(path string) {
	b.t.Helper()
	b.Go(b.url + path)
}

// shows fails the test unless an element's text has the part.
func (b *browsing) shows(selector, part string) {
	b.t.Helper()
	if got := b.Text(selector); !strings.Contains(got, part) {
		b.t.Errorf("%s shows %q, want %q in it", selector, got, part)
	}
}

// follow clicks a link and waits for the page with this in its title.
func (b *browsing) follow(selector, title string) {
	b.t.Helper()
	b.Click(selector)
	b.Await(fmt.Sprintf("document.title.includes(%q) && document.readyState === 'complete'", title))
}

// content fails the test if a page, or the browser about it, has complained, or
// if it asked anybody but the shop.
func (b *browsing) content() {
	b.t.Helper()
	for _, c := range b.Complaints() {
		b.t.Errorf("the page complains: %s", c)
	}
	for _, address := range b.Requests() {
		if !strings.HasPrefix(address, b.url+"/") && address != "about:blank" {
			b.t.Errorf("the page asks for %s, which is not of the shop", address)
		}
	}
}
