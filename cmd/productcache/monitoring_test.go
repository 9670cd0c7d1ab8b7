package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"productcache/internal/mysqltest"
	"productcache/internal/redistest"
)

// prometheusVariable names the environment variable with the folder where
// scripts/install-prometheus.sh unpacks promtool and prometheus.
const prometheusVariable = "PRODUCTCACHE_TEST_PROMETHEUS"

// prometheusProgram finds promtool or prometheus.
func prometheusProgram(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv(prometheusVariable)
	if folder == "" {
		caches, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.Join(caches, "productcache-test", "prometheus")
	}
	program, err := exec.LookPath(filepath.Join(folder, name))
	if err != nil {
		t.Fatalf("%v: `make deps-promtool` unpacks it", err)
	}
	return program
}

// startMonitored starts a service that has something to say under each metric.
func startMonitored(t *testing.T) *running {
	t.Helper()
	s := mysqltest.MariaDB(t, mysqltest.Binlog())
	r, database := startFollowing(t, s, "-l2", redistest.Start(t).URL(), "-cache-entries", "1000", "-snapshot", filepath.Join(t.TempDir(), "snapshot"))
	r.await("following", r.isFollowing)
	for _, target := range []string{"/v1/products/1", "/v1/products/1", "/v1/products/4711", "/v1/category/7", "/v1/untold/1", "/v1/nothing/1"} {
		r.get(target)
	}
	s.Exec(t, database, "UPDATE products SET price = 77 WHERE id = 1")
	r.await("the change", func() bool {
		return strings.Contains(r.metrics(), `productcache_binlog_rows_total{table="`+database+`.products"} 1`)
	})
	return r
}

func (r *running) metrics() string {
	r.t.Helper()
	return r.do("GET", r.admin+"/metrics", "").body
}

// TestPromtoolChecksMetrics of a service that runs.
func TestPromtoolChecksMetrics(t *testing.T) {
	check := exec.CommandContext(t.Context(), prometheusProgram(t, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(startMonitored(t).metrics())
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// TestMonitoringNamesMetrics looks for each metric that alerts and dashboard
// name among those of a service that runs.
func TestMonitoringNamesMetrics(t *testing.T) {
	known := words(map[string]string{"": startMonitored(t).metrics()}, `(?m)^([a-z_]+)[ {]`)
	backup := read(t, func(p string) bool { return p == "docs/backup.md" }) // it lists the backup's
	maps.Copy(known, words(backup, "\\| `(shop_backup_[a-z_]+)`"))
	for _, path := range []string{"deploy/prometheus/alerts.yml", "deploy/prometheus/alerts_test.yml", "deploy/grafana/dashboards/productcache.json"} {
		text := read(t, func(p string) bool { return p == path })
		named := words(text, `\b((?:productcache|process|go|shop_backup)_[a-z_]+[a-z])\b[^:]`)
		if len(named) < 15 {
			t.Errorf("%s names %d metrics: is the pattern wrong?", path, len(named))
		}
		for name := range named {
			if !known[name] {
				t.Errorf("%s names metric %s, which there is not", path, name)
			}
		}
	}
}

// TestClientsMakeNoSeries asks for what there is not.
func TestClientsMakeNoSeries(t *testing.T) {
	r := startMonitored(t)
	count := func() int { return strings.Count(r.metrics(), "\nproductcache_http_") }
	r.do("BREW", r.public+"/v1/nothing/1", "")
	before := count()
	for _, target := range []string{"/v1/anything/1", "/v1/any/thing", "/random?x=1", "/v1/nothing/2"} {
		r.get(target)
		r.do("BREW", r.public+target, "")
		r.do("STEEP", r.public+target, "")
	}
	if got := count(); got != before {
		t.Errorf("%d series of requests after strange ones, %d before", got, before)
	}
}

// alertRule is a rule of alerts.yml.
type alertRule struct {
	Alert, Record, Expr, For string
	Labels, Annotations      map[string]string
}

func alertRules(t *testing.T) (rules []alertRule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alertRule } }
	text, err := os.ReadFile(root + "/deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if rule.Alert != "" {
				rules = append(rules, rule)
			}
		}
	}
	if len(rules) < 17 {
		t.Fatalf("%d alerts, want 17 at least", len(rules))
	}
	return rules
}

// TestAlertsAreDocumented: each has its section of docs/alerts.md, which has no
// others, and names it.
func TestAlertsAreDocumented(t *testing.T) {
	sections := map[string]string{}
	for _, section := range strings.Split(pages(t)["docs/alerts.md"], "\n## ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		sections[name] = text
	}
	for _, rule := range alertRules(t) {
		for _, part := range []string{"\n**Meaning.** ", "\n**Look.** ", "\n**Do.** "} {
			if !strings.Contains(sections[rule.Alert], part) {
				t.Errorf("docs/alerts.md has no %sof %s", part, rule.Alert)
			}
		}
		delete(sections, rule.Alert)
		if want := "docs/alerts.md#" + strings.ToLower(rule.Alert); rule.Annotations["runbook_url"] != want {
			t.Errorf("runbook_url of %s = %q, want %q", rule.Alert, rule.Annotations["runbook_url"], want)
		}
		if s := rule.Labels["severity"]; s != "critical" && s != "warning" || rule.Annotations["summary"] == "" {
			t.Errorf("%s has severity %q and summary %q", rule.Alert, s, rule.Annotations["summary"])
		}
	}
	for name := range sections {
		t.Errorf("docs/alerts.md has a section of %s, which is no alert", name)
	}
}

// TestAlertsHaveTests: alerts_test.yml, which promtool runs, expects each alert
// once to be raised, and once not to be.
func TestAlertsHaveTests(t *testing.T) {
	tests := read(t, func(p string) bool { return p == "deploy/prometheus/alerts_test.yml" })
	silent := words(tests, `alertname: (\w+), exp_alerts: \[\]`)
	raised := words(tests, `alertname: (\w+)\n +exp_alerts:\n +- exp_labels`)
	for _, rule := range alertRules(t) {
		if !silent[rule.Alert] || !raised[rule.Alert] {
			t.Errorf("alerts_test.yml raises %s: %v; has it silent: %v", rule.Alert, raised[rule.Alert], silent[rule.Alert])
		}
	}
}

// panel is what is shown of a dashboard's.
type panel struct {
	ID          int
	Title, Type string
	Targets     []struct{ Expr string }
}

func dashboard(t *testing.T) (uid string, panels []panel) {
	t.Helper()
	var d struct {
		UID    string
		Panels []panel
	}
	text, err := os.ReadFile(root + "/deploy/grafana/dashboards/productcache.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d.UID, d.Panels
}

// TestComposeProvisionsTheDashboard holds what docker-compose.yml, Prometheus
// and Grafana must agree on.
func TestComposeProvisionsTheDashboard(t *testing.T) {
	files := read(t, func(p string) bool { return strings.HasSuffix(p, ".yml") })
	compose := files["docker-compose.yml"]
	uid, panels := dashboard(t)
	ids := map[int]bool{}
	for _, p := range panels {
		if ids[p.ID] || p.Title == "" || (len(p.Targets) == 0) != (p.Type == "row") {
			t.Errorf("panel %d %q of type %s has %d queries", p.ID, p.Title, p.Type, len(p.Targets))
		}
		ids[p.ID] = true
	}
	for what, holds := range map[string]bool{
		"the dashboard's address":          strings.Contains(compose, "http://127.0.0.1:3000/d/"+uid),
		"the folder of dashboards":         strings.Contains(compose, "./deploy/grafana/dashboards:/var/lib/grafana/dashboards:ro"),
		"where Grafana looks for it":       strings.Contains(files["deploy/grafana/provisioning/dashboards/productcache.yml"], "path: /var/lib/grafana/dashboards\n"),
		"Prometheus in the service's room": strings.Contains(compose, "network_mode: service:productcache"),
		"where Grafana finds Prometheus":   strings.Contains(files["deploy/grafana/provisioning/datasources/prometheus.yml"], "url: http://productcache:9090 "),
		"the job that alerts name":         strings.Contains(files["deploy/prometheus/prometheus.yml"], "job_name: productcache "),
	} {
		if !holds {
			t.Errorf("the files do not agree on %s", what)
		}
	}
	for _, image := range regexp.MustCompile(`image: (\S+)`).FindAllStringSubmatch(compose, -1) {
		if !regexp.MustCompile(`:v?\d+\.\d+`).MatchString(image[1]) {
			t.Errorf("image %s has no version", image[1])
		}
	}
}
