package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"productcache/internal/chromium"
	"productcache/internal/demoshop"
	"productcache/internal/mysqltest"
)

var (
	desktop = chromium.View{Width: 1280, Height: 900}
	phone   = chromium.View{Width: 360, Height: 740}
)

// watched is a service with a shop of 100 products, and its console in a browser.
type watched struct {
	*running
	*chromium.Page
	browser *chromium.Browser
	server  *mysqltest.Server
}

// watch starts both.
func watch(t *testing.T, s *mysqltest.Server, v chromium.View, args ...string) *watched {
	t.Helper()
	browser := chromium.Open(t)
	database := s.Database(t)
	if err := demoshop.Load(t.Context(), s.Open(t, database), 100); err != nil {
		t.Fatal(err)
	}
	r := start(t, append(append(catalogFile(t, string(demoshop.Catalog())), "-mysql-dsn", s.DSN(database)), args...)...)
	r.await("ready", r.isReady)
	p := browser.Page(t, r.admin+"/", v)
	p.Await(`document.querySelector('#state-service').textContent === 'Service: ready'`)
	return &watched{r, p, browser, s}
}

// shows waits until an element's text contains a part.
func (w *watched) shows(selector, part string) {
	w.t.Helper()
	w.Await(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", selector, part))
}

// lookUp asks the console for a key.
func (w *watched) lookUp(key string) {
	w.t.Helper()
	w.Click("#look-key")
	w.Type(key)
	w.Click("#look-form button")
	w.shows("#entry-title", "products/"+key)
}

// content fails the test if the page, or the browser about it, has complained,
// or if it asked anybody but the service.
func (w *watched) content() {
	w.t.Helper()
	for _, c := range w.Complaints() {
		w.t.Errorf("the page complains: %s", c)
	}
	for _, address := range w.Requests() {
		if !strings.HasPrefix(address, w.admin+"/") && address != "about:blank" {
			w.t.Errorf("the page asks for %s, which is not of the service", address)
		}
	}
}

// TestConsoleShowsLoad: the numbers move with the requests.
func TestConsoleShowsLoad(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop, "-audit-rate", "0") // audits are queries too
	if got := w.Text("#hottest-none"); got != "No requests for keys yet." {
		t.Errorf("before any request the page says %q of the hottest keys", got)
	}
	var title string
	if w.Eval("document.title", &title); title != "Productcache" {
		t.Errorf("the title is %q", title)
	}
	for range 200 {
		w.get("/v1/products/7")
	}
	for i := range 50 {
		w.get(fmt.Sprint("/v1/products/", i+1))
	}
	w.shows("#requests-total", "250 since the start")
	// Of 250 requests for products, of four queries each, 50 went to MySQL.
	w.shows("#saved", "MySQL would have had 1,000 queries, it had 200.")
	w.shows("#hit-ratio-total", "80.0 %")
	w.shows("#hottest", "products/7")
	w.shows("#lookups", "products")
	w.shows("#memory-note", "of 256 MiB, 50 entries")
	w.Await("document.querySelectorAll('.plot canvas').length === 4") // the first point comes after five seconds
	w.Await("document.querySelector('.plot .canvas').getAttribute('aria-label').startsWith('Hit ratio, the last hour. Hit ratio: now')")
	w.Click(".plot summary")
	w.Await("document.querySelectorAll('.plot[class] details[open] tbody tr').length > 0")
	for range 200 {
		w.get("/v1/products/8")
	}
	w.shows("#requests-total", "450 since the start")
	w.content()
}

// TestConsoleLooksUpAndPurges a key.
func TestConsoleLooksUpAndPurges(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop)
	w.lookUp("7")
	w.shows("#entry-says", "Not in memory.")
	w.expect("/v1/products/7", 200, "productcache; fwd=miss; stored")
	w.lookUp("7")
	w.shows("#entry-title", "fresh")
	w.shows("#entry-events", "Loaded from MySQL")
	w.Click("#purge-stale")
	w.shows("#look-message", "Purged: the next request loads it.")
	w.shows("#entry-title", "invalidated")
	w.shows("#entry-events", "Told to be stale by a purge")
	w.expect("/v1/products/7", 200, "productcache; fwd=miss; stored")
	w.Click("#purge-remove")
	w.shows("#look-message", "Removed.")
	w.shows("#entry-title", "not cached")
	w.Click("#look-key")
	w.Type("seven")
	w.Press("Enter")
	w.shows("#look-message", `Key "seven"`)
	w.Await("document.querySelector('#entry').hidden")
	w.get("/v1/products/8")
	w.shows("#hottest", "products/8")
	w.Eval("[...document.querySelectorAll('#hottest .link')].find((b) => b.textContent === 'products/8').click()", nil)
	w.shows("#entry-title", "products/8")
	var complaints []string
	for _, c := range w.Complaints() { // the browser reports the 400 for the malformed key
		if !strings.Contains(c, "/api/cache/products/seven") {
			complaints = append(complaints, c)
		}
	}
	if len(complaints) > 0 {
		t.Errorf("the page complains: %q", complaints)
	}
}

// TestConsoleToken: without the token, and with a wrong one, nothing is purged.
func TestConsoleToken(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := watch(t, mysqltest.MariaDB(t), desktop, "-admin-token-file", token)
	w.get("/v1/products/7")
	w.lookUp("7")
	w.Await("!document.querySelector('#access').hidden")
	for _, step := range []struct{ give, says, state string }{
		{"", "This needs the admin token", "fresh"},
		{"wrong", "The token is wrong.", "fresh"},
		{"s3cret", "Purged", "invalidated"},
	} {
		if step.give != "" {
			w.Click("#token")
			w.Type(step.give)
			w.Press("Enter")
		}
		w.Click("#purge-stale")
		w.shows("#look-message", step.says)
		w.lookUp("7")
		w.shows("#entry-title", step.state)
	}
	var kept []any
	w.Eval(`[sessionStorage.length, sessionStorage.getItem('productcache.token'), localStorage.length, document.cookie, location.search, document.querySelector('#token').value]`, &kept)
	if got := fmt.Sprintf("%q", kept); got != `['\x01' "s3cret" '\x00' "" "" ""]` && fmt.Sprint(kept) != "[1 s3cret 0   ]" {
		t.Errorf("the token is kept as %s, want it in sessionStorage alone", got)
	}
	w.Click("#token-forget")
	w.Await("sessionStorage.length === 0")
	if strings.Contains(w.log.String(), "s3cret") {
		t.Error("the token is in the log")
	}
}

// TestConsoleByKeyboard looks a key up and purges it without a mouse.
func TestConsoleByKeyboard(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop)
	w.get("/v1/products/7")
	w.shows("#hottest", "products/7")
	tabTo := func(selector string) {
		t.Helper()
		for range 40 {
			var there bool
			if w.Eval(fmt.Sprintf("document.activeElement.matches(%q)", selector), &there); there {
				return
			}
			w.Press("Tab")
		}
		t.Fatalf("40 times Tab do not lead to %s", selector)
	}
	w.Press("Tab")
	tabTo(".skip")
	w.Press("Enter")
	w.Await("document.activeElement.id === 'main'")
	tabTo("#hottest .link")
	w.Press("Enter")
	w.shows("#entry-title", "products/7")
	w.Await("document.activeElement.id === 'look-key'")
	tabTo("#purge-stale")
	w.Press("Space")
	w.shows("#look-message", "Purged")
	w.content()
}

// TestConsoleTunes changes -ttl and -cache-bytes.
func TestConsoleTunes(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop, "-ttl-jitter", "0")
	w.Await("!document.querySelector('#settings').hidden")
	w.get("/v1/products/7")
	w.lookUp("7")
	w.Await("/(5|4) min/.test(document.querySelector('#entry-facts').innerText)")
	w.Click("#set-ttl")
	w.Type("20m")
	w.Eval("document.querySelector('[aria-label=\"-cache-bytes, slider\"]').focus()", nil)
	w.Press("ArrowRight")
	w.Await("document.querySelector('#set-cache-bytes').value === '384MiB'")
	w.Click("#tune-apply")
	w.shows("#tune-message", "Changed: ")
	w.shows("#memory-note", "of 384 MiB")
	w.lookUp("7")
	w.Await("/(20|19) min/.test(document.querySelector('#entry-facts').innerText)")
	w.Click("#set-ttl")
	w.Type("soon")
	w.Click("#tune-apply")
	w.shows("#tune-message", "Nothing was changed.")
	w.Click("#tune-reset")
	w.Await("document.querySelector('#set-ttl').value === '20m'")
}

// TestConsoleShowsSizing where the service knows what other sizes would do.
func TestConsoleShowsSizing(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop)
	w.Eval(`(() => {
		const real = window.fetch;
		window.fetch = async (path, options) => {
			const answer = await real(path, options);
			if (path === '/api/config') return Response.json({settings: []});
			if (path !== '/api/stats') return answer;
			return Response.json({...await answer.json(), sizing: {half: 0.71, now: 0.83, double: 0.88}});
		};
		document.querySelector('#settings').hidden = false;
	})()`, nil)
	w.shows("#sizing", "With half of -cache-bytes the hit ratio would be 71.0 %, as it is 83.0 %, with double 88.0 %.")
	w.Await("document.querySelectorAll('#sizing circle').length === 3")
}

// TestConsoleSaysWhatIsWrong: MySQL away, and then the service.
func TestConsoleSaysWhatIsWrong(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t, mysqltest.Private()), desktop)
	w.Await("document.querySelector('#banner').hidden")
	if err := w.server.Stop(); err != nil {
		t.Fatal(err)
	}
	w.get("/v1/products/7") // which notices it
	w.shows("#state-mysql", "MySQL: down")
	w.shows("#banner", "MySQL cannot be reached.")
	if err := w.server.Restart(); err != nil {
		t.Fatal(err)
	}
	w.await("MySQL back", func() bool { return w.get("/v1/products/7").status == 200 })
	w.shows("#state-mysql", "MySQL: up")
	w.Await("document.querySelector('#banner').hidden")
	w.end()
	w.shows("#state-service", "Service: not reached")
	w.shows("#banner", "The service does not answer. The numbers below are of ")
	w.Click("#look-key")
	w.Type("7")
	w.Press("Enter")
	w.shows("#look-message", "The service does not answer.")
}

// TestConsoleNumbers: how numbers are written.
func TestConsoleNumbers(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop)
	for expression, want := range map[string]string{
		"count(84000)": "84,000", "count(null)": "–",
		"percent(0.29)": "29.0 %", "percent(0.99996)": "99.99 %", "percent(1)": "100.0 %", "percent(0)": "0.0 %", "percent(undefined)": "–",
		"rate(0)": "0/s", "rate(0.031)": "0.031/s", "rate(9.96)": "10/s", "rate(1234.5)": "1,235/s",
		"bytes(900)": "900 B", "bytes(256 * 1024 ** 2)": "256 MiB", "bytes(3.43 * 1024 ** 2)": "3.43 MiB", "bytes(1.5 * 1024 ** 3)": "1.50 GiB",
		"took(0)": "0", "took(0.0000074)": "7.4 µs", "took(0.0172)": "17.2 ms", "took(2)": "2 s", "took(null)": "–",
		"span(59.6)": "1 min", "span(-10)": "10 s", "span(3180)": "53 min", "span(90)": "1 min 30 s", "span(7260)": "2 h 1 min", "span(200000)": "2 d 7 h",
	} {
		var got string
		if w.Eval("import('/console/format.js').then((m) => m."+expression+")", &got); got != want {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

// TestConsoleShowsGaps: where the process stood still, a plot has no line.
func TestConsoleShowsGaps(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop)
	var got string
	w.Eval(`Promise.all([import('/console/plots.js'), import('/console/dom.js')]).then(([m, dom]) => {
		const p = new m.Plots(document.createElement('div'), dom.element);
		const points = {step_seconds: 5, at: [5000, 10000, 60000]};
		for (const name of ['hit_ratio', 'requests_per_second', 'failures_per_second', 'loads_per_second', 'queries_per_second', 'p50_seconds', 'p99_seconds']) {
			points[name] = [0.25, 0.5, 0.75];
		}
		p.add(points);
		p.add({...points, at: [65000, 70000, 75000]});
		return p.columns.at.map((at, i) => at / 1000 + ':' + p.columns.loads_per_second[i]).join(' ');
	})`, &got)
	if want := "5:0.25 10:0.5 15:null 60:0.75 65:0.25 70:0.5 75:0.75"; got != want {
		t.Errorf("points: %s, want %s", got, want)
	}
	w.content()
}

// TestConsoleIsAccessible looks at what a screen reader is told, at contrasts,
// and at the width of a phone. It leaves screenshots: go test -artifacts.
func TestConsoleIsAccessible(t *testing.T) {
	w := watch(t, mysqltest.MariaDB(t), desktop)
	var load sync.WaitGroup
	for i := range 60 {
		load.Go(func() { w.get(fmt.Sprint("/v1/products/", i*i%37+1)) })
	}
	load.Wait()
	w.lookUp("1")
	w.Await("document.querySelectorAll('.plot canvas').length === 4")
	roles := map[string]int{}
	for _, n := range w.Accessible() {
		roles[n.Role]++
		switch n.Role {
		case "button", "textbox", "slider", "combobox", "link", "image", "img", "figure", "table", "region", "navigation", "heading":
			if n.Name == "" && n.Role != "figure" && n.Role != "table" {
				t.Errorf("a screen reader is told of a %s without a name", n.Role)
			}
		}
	}
	for role, n := range map[string]int{"banner": 1, "main": 1, "contentinfo": 1, "navigation": 1, "region": 6, "combobox": 1, "textbox": 1} {
		if roles[role] < n {
			t.Errorf("a screen reader finds %d of role %s, want %d at least", roles[role], role, n)
		}
	}
	for _, screen := range []struct {
		name string
		chromium.View
	}{{"light", desktop}, {"dark", chromium.View{Width: 1280, Height: 900, Dark: true}}, {"phone", phone}, {"phone-dark", chromium.View{Width: 360, Height: 740, Dark: true}}} {
		w.Show(screen.View)
		w.Await(fmt.Sprint("innerWidth === ", screen.Width))
		if faint := w.FaintText(); len(faint) > 0 {
			t.Errorf("%s: contrast below 4.5: %q", screen.name, faint)
		}
		var width int
		if w.Eval("document.documentElement.scrollWidth", &width); width > screen.Width {
			t.Errorf("%s: the page is %d wide, and must be scrolled sideways on a screen of %d", screen.name, width, screen.Width)
		}
		if err := os.WriteFile(filepath.Join(t.ArtifactDir(), screen.name+".png"), w.Screenshot(true), 0o644); err != nil {
			t.Error(err)
		}
	}
	w.content()
}
