package systemd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"productcache/internal/mysqltest"
)

// Where test-package.sh has put what TestPackage needs.
const (
	debianVariable   = "PRODUCTCACHE_TEST_DEBIAN"   // folder of a Debian with systemd
	packagesVariable = "PRODUCTCACHE_TEST_PACKAGES" // folder of old.deb and new.deb
)

const (
	public   = "127.0.0.1:8080"
	admin    = "127.0.0.1:8081"
	unixPath = "/run/productcache/api.sock"
	units    = "productcache.service productcache.socket productcache-admin.socket"
)

// TestPackage is the life of the Debian package on a machine, from its installation to its purge.
func TestPackage(t *testing.T) {
	debian, packages := os.Getenv(debianVariable), os.Getenv(packagesVariable)
	if debian == "" || packages == "" {
		t.Skip("make test-package runs it: it needs root, and a Debian to boot")
	}
	s := mysqltest.MariaDB(t)
	dsn := strings.Replace(shopOverSocket(t, s), s.Socket(), "/srv/mysql.sock", 1)
	c := boot(t, debian, "--bind="+s.Socket()+":/srv/mysql.sock", "--bind-ro="+packages+":/packages")
	for _, step := range []struct {
		name string
		do   func(*container, string)
	}{
		{"without a database", installWithoutDatabase},
		{"install", install},
		{"exposure", exposure},
		{"restart under load", restartUnderLoad},
		{"upgrade under load", upgradeUnderLoad},
		{"hang", hang},
		{"slow stop", slowStop},
		{"database away", databaseAway},
		{"stop", stopAll},
		{"remove and purge", purge},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			inner := *c
			inner.t = t
			step.do(&inner, dsn)
		}) {
			return
		}
	}
}

func shopOverSocket(t *testing.T, s *mysqltest.Server) string {
	t.Helper()
	tcp := shop(t, s)
	return s.SocketDSN(tcp[strings.LastIndex(tcp, "/")+1:])
}

// state is what systemd says of the units.
const state = "systemctl is-active " + units + "; systemctl --failed --plain --no-legend"

// installWithoutDatabase: nothing starts, nothing fails, and a purge leaves nothing.
func installWithoutDatabase(c *container, _ string) {
	const all = `find /etc /usr /lib /var /run/productcache -xdev \( -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /etc/systemd/system.control \) -prune -o -print 2>/dev/null | sort`
	before := c.run(all)
	c.run("dpkg -i /packages/old.deb")
	c.expect(state, "inactive\ninactive\ninactive")
	c.expect("systemctl is-enabled "+units, "enabled\nenabled\nenabled")
	c.run("dpkg --purge productcache")
	if after := c.run(all); after != before {
		c.t.Errorf("after the purge there is\n%s\nbefore the installation there was\n%s", after, before)
	}
}

// install: with a database the service starts at once, and the secret is root's.
func install(c *container, dsn string) {
	c.write("/etc/productcache/dsn", dsn+"\n", 0o600)
	c.run("dpkg -i /packages/old.deb")
	c.expect(state, "active\nactive\nactive")
	c.await("ready", c.ready)
	if status, _, body := c.get(public, "/v1/products/42"); status != 200 || !strings.Contains(body, `"product 42"`) {
		c.t.Errorf("product 42 = %d %s", status, body)
	}
	c.expect("systemctl show -p StatusText --value productcache", "ready")
	c.expect("stat -c '%a %U %G' "+unixPath, "660 root www-data")
	c.expect("systemctl is-enabled productcache-backup.timer || true; test -x /usr/lib/productcache/productcache-backup && echo a backup", "disabled\na backup")
	c.expect("test $(ps -o uid= -C productcache) -ge 61184 && echo a dynamic user", "a dynamic user")
}

func (c *container) ready() bool {
	status, _, _ := c.get(admin, "/readyz")
	return status == 200
}

// exposure: systemd-analyze's measure, of the unit as it is loaded.
func exposure(c *container, _ string) {
	c.t.Log(c.run("systemd-analyze security --threshold=20 --no-pager productcache.service | tail -n 1"))
	c.run("systemd-analyze security --threshold=20 --no-pager productcache.service >/dev/null")
}

// loads are clients of both addresses.
func (c *container) loads() []*load {
	return []*load{drive(4, c.dial(public)), drive(4, c.dialUnix(unixPath))}
}

func restartUnderLoad(c *container, _ string) {
	loads := c.loads()
	for range restarts {
		for _, l := range loads {
			l.awaitMore(c.t, 300)
		}
		c.run("systemctl restart productcache")
	}
	for _, l := range loads {
		l.awaitMore(c.t, 300)
		l.end(c.t)
	}
	c.expect("systemctl show -p NRestarts --value productcache", "0")
}

// upgradeUnderLoad: no request is lost, nor what the administrator has written, nor the cache.
func upgradeUnderLoad(c *container, _ string) {
	c.run("echo '# ours' >>/etc/productcache/catalog.yaml; echo 'PRODUCTCACHE_TTL=1h' >>/etc/default/productcache; systemctl restart productcache")
	c.await("ready", c.ready)
	loads := c.loads()
	for _, l := range loads {
		l.awaitMore(c.t, 300)
	}
	c.run("dpkg -i --force-confold /packages/new.deb")
	for _, l := range loads {
		l.awaitMore(c.t, 300)
		l.end(c.t)
	}
	c.expect("tail -n 1 /etc/productcache/catalog.yaml; tail -n 1 /etc/default/productcache", "# ours\nPRODUCTCACHE_TTL=1h")
	c.expect("readlink /proc/$(systemctl show -p MainPID --value productcache)/exe; productcache -version", "/usr/bin/productcache\nproductcache 2.0.0")
	if _, _, body := c.get(admin, "/metrics"); !strings.Contains(body, `version="2.0.0"`) {
		c.t.Error("the old version still serves")
	}
	c.keepsTheCache()
}

// keepsTheCache: what was cached before a restart is a hit after it.
func (c *container) keepsTheCache() {
	if _, err := c.try("productcache -help 2>&1 | grep -q -e '^  -snapshot '"); err != nil {
		c.t.Log("there is no -snapshot: the cache starts empty")
		return
	}
	c.get(public, "/v1/products/7")
	c.run("systemctl restart productcache")
	if _, header, _ := c.get(public, "/v1/products/7"); !strings.Contains(header.Get("Cache-Status"), "; hit; ") {
		c.t.Errorf("after a restart a cached product is %q, want a hit\n%s", header.Get("Cache-Status"), c.journal())
	}
	c.expect("stat -c %a /var/lib/productcache/snapshot", "600")
}

// hang: systemd replaces a process that gives no sign of life.
func hang(c *container, _ string) {
	c.write("/run/systemd/system/productcache.service.d/test.conf", "[Service]\nWatchdogSec=2s\n", 0o644)
	c.run("systemctl daemon-reload && systemctl restart productcache")
	c.await("ready", c.ready)
	c.run("kill -STOP $(systemctl show -p MainPID --value productcache)")
	c.await("systemd starts another process", func() bool {
		return c.run("systemctl show -p NRestarts --value productcache") == "1"
	})
	if status, _, _ := c.get(public, "/v1/products/42"); status != 200 {
		c.t.Errorf("the next process answers %d, want 200", status)
	}
	if journal := c.run("journalctl -o cat -u productcache.service"); !strings.Contains(journal, "SIGABRT: abort") {
		c.t.Error("the journal does not say what the goroutines did")
	}
}

// slowStop: requests under way end though that takes longer than the watchdog waits.
func slowStop(c *container, _ string) {
	c.write("/etc/productcache/catalog.yaml", `lookups:
  products:
    key: id
    key_type: integer
    query: SELECT id, SLEEP(IF(id = 1, 4, 0)) AS slept FROM products WHERE id IN (:keys)
`, 0o644)
	c.write("/run/systemd/system/productcache.service.d/test.conf", "[Service]\nWatchdogSec=1s\nEnvironment=PRODUCTCACHE_MYSQL_QUERY_TIMEOUT=10s PRODUCTCACHE_REQUEST_TIMEOUT=10s\n", 0o644)
	c.run("systemctl daemon-reload && systemctl restart productcache")
	c.await("ready", c.ready)
	ended := make(chan int)
	go func() {
		status, _, _ := c.get(public, "/v1/products/1")
		ended <- status
	}()
	c.await("the request is under way", func() bool {
		_, _, body := c.get(admin, "/metrics")
		return strings.Contains(body, "productcache_load_slots_busy 1")
	})
	c.run("systemctl restart productcache")
	if status := <-ended; status != 200 {
		c.t.Errorf("the request under way = %d, want 200", status)
	}
	c.expect("systemctl show -p Result --value productcache; systemctl show -p NRestarts --value productcache", "success\n0")
	c.run("rm /run/systemd/system/productcache.service.d/test.conf && systemctl daemon-reload")
}

// databaseAway: at a boot without MySQL and without a snapshot the unit has started all the same, and says what is wrong.
func databaseAway(c *container, dsn string) {
	c.write("/etc/productcache/dsn", strings.Replace(dsn, "/srv/mysql.sock", "/srv/nothing.sock", 1), 0o600)
	c.run("systemctl stop productcache; rm /var/lib/private/productcache/snapshot; systemctl start productcache") // with it there is something to serve
	c.expect(state, "active\nactive\nactive")
	c.await("the status says why", func() bool {
		return c.run("systemctl show -p StatusText --value productcache") == "not ready: MySQL was not reached yet"
	})
	c.write("/etc/productcache/dsn", dsn, 0o600)
	c.run("systemctl restart productcache")
	c.await("ready", c.ready)
}

func stopAll(c *container, _ string) {
	c.run("systemctl stop productcache.socket productcache-admin.socket")
	c.expect(state, "inactive\ninactive\ninactive")
	c.run("systemctl start productcache")
	c.expect(state, "active\nactive\nactive")
}

func purge(c *container, _ string) {
	c.run("dpkg --remove productcache")
	c.expect(state, "inactive\ninactive\ninactive")
	c.expect("ls /etc/productcache", "catalog.yaml\ndsn")
	c.run("dpkg --purge productcache")
	c.expect("find / -xdev -iname '*productcache*' -not -path '/proc/*' -not -path '/packages/*' -not -path '/var/log/*' -not -path '/var/cache/*'", "")
	if entries, _ := filepath.Glob(filepath.Join(c.folder, "var/lib/private/*")); len(entries) > 0 {
		c.t.Errorf("the purge leaves %q", entries)
	}
}
