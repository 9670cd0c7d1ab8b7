package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"productcache/internal/mysqltest"
)

// TestPrometheus runs a real one on the files of deploy/prometheus beside a
// service under load: it loads all alerts, none is raised, and every query of the
// dashboard finds something to show.
func TestPrometheus(t *testing.T) {
	r := startMonitored(t)
	p := startPrometheus(t, r)
	defer keepAsking(r)()
	p.await("a target that is up", func() bool { return p.query(`up{job="productcache"} == 1`) > 0 })
	p.await("all alerts evaluated", func() bool {
		good, bad := p.rules()
		if len(bad) > 0 {
			t.Fatalf("alerts with errors, or raised: %v", bad)
		}
		return good == len(alertRules(t))
	})
	_, panels := dashboard(t)
	values := strings.NewReplacer("$__rate_interval", "10s", "$instance", ".*", "$lookup", ".*")
	for _, panel := range panels {
		for _, target := range panel.Targets {
			p.await(fmt.Sprintf("something to show in %q: %s", panel.Title, target.Expr), func() bool {
				return p.query(values.Replace(target.Expr)) > 0
			})
		}
	}
}

// TestPrometheusRaisesAlerts when MySQL is gone: that it is, that an old value is
// served, and that a key has no answer.
func TestPrometheusRaisesAlerts(t *testing.T) {
	s := mysqltest.MariaDB(t, mysqltest.Private())
	_, flags := shop(t, s)
	r := start(t, append(flags, "-table", "products", "-ttl", "1ms", "-stale-while-revalidate", "0")...)
	r.await("ready", r.isReady)
	r.expect("/v1/products/1", 200, "productcache; fwd=miss; stored")
	p := startPrometheus(t, r, "for: 1m", "for: 1s", "for: 2m", "for: 1s")
	p.await("a target that is up", func() bool { return p.query(`up{job="productcache"} == 1`) > 0 })
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	p.await("alerts", func() bool {
		r.get("/v1/products/1")
		r.get("/v1/products/2")
		_, raised := p.rules()
		return strings.Join(raised, ",") == "ProductcacheFailing firing,ProductcacheServingStale firing,ProductcacheMySQLDown firing"
	})
}

// prometheus is a Prometheus under test.
type prometheus struct {
	*running // the service that it watches
	address  string
}

// startPrometheus starts one that looks often, until the test ends. In its files
// words are replaced, given as an old and a new one in turn.
func startPrometheus(t *testing.T, r *running, replaced ...string) *prometheus {
	t.Helper()
	folder := t.TempDir()
	settings := strings.NewReplacer(append(replaced, "127.0.0.1:8081", r.adminAddrs[0].String(), ": 15s", ": 250ms")...)
	for _, name := range []string{"prometheus.yml", "alerts.yml"} {
		text, err := os.ReadFile(filepath.Join(root, "deploy/prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(settings.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &prometheus{running: r, address: freeAddress(t)}
	command := exec.Command(prometheusProgram(t, "prometheus"), "--config.file="+filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+p.address)
	log := new(buffer)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
		if t.Failed() {
			t.Logf("Prometheus: %s", log)
		}
	})
	p.await("Prometheus ready", func() bool {
		response, err := r.client.Get("http://" + p.address + "/-/ready")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// keepAsking asks for products until it is stopped.
func keepAsking(r *running) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-pace.C:
			}
			response, err := http.Get(fmt.Sprintf("%s/v1/products/%d", r.public, n%20))
			if err == nil {
				_ = response.Body.Close()
			}
		}
	}()
	return func() { close(done); <-ended }
}

// await is patient: several rounds of looking and evaluating must pass.
func (p *prometheus) await(what string, yes func() bool) {
	p.t.Helper()
	p.awaitWithin(time.Minute, what, yes)
}

// get asks Prometheus' API.
func (p *prometheus) get(path string, into any) {
	p.t.Helper()
	a := p.do(http.MethodGet, "http://"+p.address+"/api/v1/"+path, "")
	if a.status != http.StatusOK {
		p.t.Fatalf("%s = %d %s", path, a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
}

// query returns how many series answer a query.
func (p *prometheus) query(expr string) int {
	p.t.Helper()
	var answer struct{ Data struct{ Result []any } }
	p.get("query?query="+url.QueryEscape(expr), &answer)
	return len(answer.Data.Result)
}

// rules returns how many alerts have been evaluated and are not raised, and the
// names of those that cannot be or are.
func (p *prometheus) rules() (good int, bad []string) {
	p.t.Helper()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Type, Health, State, LastError string }
			}
		}
	}
	p.get("rules?type=alert", &answer)
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			switch {
			case rule.Health == "err" || rule.State == "firing":
				bad = append(bad, strings.TrimSpace(rule.Name+" "+rule.State+" "+rule.LastError))
			case rule.Health == "ok":
				good++
			}
		}
	}
	return good, bad
}
