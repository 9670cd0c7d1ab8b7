package admin_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"productcache/internal/admin"
)

// board is settings under test. It records what was to be changed.
type board struct{ asked []string }

func (b *board) Settings() []admin.Setting {
	return []admin.Setting{
		{Name: "cache-bytes", Value: "512MiB", Default: "256MiB", Source: "admin", Runtime: true, Help: "bound"},
		{Name: "catalog", Value: "/etc/shop's catalog.yaml", Source: "environment", Help: "file"},
		{Name: "mysql-dsn", Value: "shop:***@tcp(db)/shop", Source: "flag", Secret: true},
		{Name: "ttl", Value: "5m0s", Default: "5m0s", Source: "default", Runtime: true},
	}
}

func (b *board) Change(values map[string]string) ([]admin.Change, error) {
	b.asked = append(b.asked, fmt.Sprint(values))
	if values["ttl"] == "-1s" {
		return nil, errors.Join(errors.New("-ttl must not be negative"), errors.New("another rule"))
	}
	return []admin.Change{{Name: "ttl", Old: "5m0s", New: values["ttl"]}}, nil
}

func TestSettings(t *testing.T) {
	d := newDesk(t, "")
	w := d.do(request("GET", "/api/config", "", loopback))
	want := `{"settings":[{"name":"cache-bytes","value":"512MiB","default":"256MiB","source":"admin","runtime":true,"help":"bound"},`
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), want) || strings.Contains(w.Body.String(), "ecret") {
		t.Errorf("GET /api/config = %d %s; want %s…", w.Code, w.Body, want)
	}
	w = d.do(request("GET", "/api/config?format=xml", "", loopback))
	if w.Code != 400 || !strings.Contains(w.Body.String(), `not \"xml\"`) {
		t.Errorf("?format=xml = %d %s, want 400", w.Code, w.Body)
	}
	if w = d.do(request("HEAD", "/api/config", "", loopback)); w.Code != 200 {
		t.Errorf("HEAD /api/config = %d", w.Code)
	}
}

// TestSettingsAsFlags: a shell reads them as they are.
func TestSettingsAsFlags(t *testing.T) {
	w := newDesk(t, "").do(request("GET", "/api/config?format=flags", "", loopback))
	want := "-cache-bytes=512MiB\n-catalog='/etc/shop'\\''s catalog.yaml'\n"
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("?format=flags = %d %q, want %q", w.Code, w.Body, want)
	}
	out, err := exec.Command("sh", "-c", `printf '[%s]' `+strings.ReplaceAll(w.Body.String(), "\n", " ")).Output()
	if want := "[-cache-bytes=512MiB][-catalog=/etc/shop's catalog.yaml]"; err != nil || string(out) != want {
		t.Errorf("a shell reads %s, %v; want %s", out, err, want)
	}
}

func TestChangeSettings(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		answer     string // a part of the body
		asked      string
	}{
		{"one", `{"ttl":"10m"}`, 200, `{"changed":[{"name":"ttl","old":"5m0s","new":"10m"}]}`, "[map[ttl:10m]]"},
		{"a number", `{"cache-entries":100000000}`, 200, `"changed"`, "[map[cache-entries:100000000]]"},
		{"two broken rules", `{"ttl":"-1s"}`, 422, `"detail":"-ttl must not be negative\nanother rule"`, "[map[ttl:-1s]]"},
		{"nothing", `{}`, 400, `The object names no setting.`, "[]"},
		{"null", `null`, 400, `The object names no setting.`, "[]"},
		{"no object", `["ttl"]`, 400, `the body is not an object.`, "[]"},
		{"no JSON", `ttl=10m`, 400, `the body is not JSON.`, "[]"},
		{"an object as value", `{"ttl":{}}`, 400, `\"ttl\" must be a string or a number.`, "[]"},
		{"two objects", `{"ttl":"1s"}{}`, 400, `behind the JSON`, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, "")
			w := d.do(request("PATCH", "/api/config", tt.body, loopback, asJSON))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.answer) {
				t.Errorf("%d %s; want %d and %q", w.Code, w.Body, tt.status, tt.answer)
			}
			if got := fmt.Sprint(d.asked); got != tt.asked {
				t.Errorf("asked for %s, want %s", got, tt.asked)
			}
		})
	}
}

func TestWhoMayChangeSettings(t *testing.T) {
	for _, tt := range []struct {
		token   string
		headers []string
		status  int
	}{
		{"s3cret", []string{asJSON, "Authorization: Bearer s3cret"}, 200},
		{"s3cret", []string{asJSON}, 401},
		{"", []string{asJSON, "Sec-Fetch-Site: cross-site"}, 403},
		{"", []string{"Content-Type: text/plain"}, 415},
	} {
		d := newDesk(t, tt.token)
		w := d.do(request("PATCH", "/api/config", `{"ttl":"10m"}`, loopback, tt.headers...))
		if w.Code != tt.status || (len(d.asked) > 0) != (tt.status == 200) {
			t.Errorf("token %q, %q: %d, asked for %v; want %d", tt.token, tt.headers, w.Code, d.asked, tt.status)
		}
	}
	if w := newDesk(t, "").do(request("PUT", "/api/config", "", loopback)); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD, PATCH" {
		t.Errorf("PUT = %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}
