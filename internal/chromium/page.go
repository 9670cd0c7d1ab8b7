package chromium

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A Page is a tab. Its methods fail the test on any error.
type Page struct {
	browser *Browser
	session string
	t       testing.TB

	// Guarded by browser.mu.
	complaints []string
	requests   []string
}

// A View is what a page is shown on.
type View struct {
	Width, Height int  // CSS pixels
	Dark          bool // prefers-color-scheme
}

// Page opens an address in a new tab, with a storage of its own, and waits
// until it is loaded.
func (b *Browser) Page(t testing.TB, address string, v View) *Page {
	t.Helper()
	var context struct {
		ID string `json:"browserContextId"`
	}
	var target struct {
		ID string `json:"targetId"`
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	must(t, b.call("", "Target.createBrowserContext", nil, &context))
	must(t, b.call("", "Target.createTarget", params{"url": "about:blank", "browserContextId": context.ID}, &target))
	must(t, b.call("", "Target.attachToTarget", params{"targetId": target.ID, "flatten": true}, &session))
	p := &Page{browser: b, session: session.ID, t: t}
	b.mu.Lock()
	b.sessions[session.ID] = p
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Accessibility"} {
		p.call(domain+".enable", nil, nil)
	}
	p.Show(v)
	p.Go(address)
	return p
}

type params map[string]any

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *Page) call(method string, params, result any) {
	p.t.Helper()
	must(p.t, p.browser.call(p.session, method, params, result))
}

// Show changes what the page is shown on.
func (p *Page) Show(v View) {
	p.t.Helper()
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	p.call("Emulation.setDeviceMetricsOverride", params{"width": v.Width, "height": v.Height, "deviceScaleFactor": 1, "mobile": false}, nil)
	p.call("Emulation.setEmulatedMedia", params{"features": []params{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Go loads an address.
func (p *Page) Go(address string) {
	p.t.Helper()
	var gone struct {
		ErrorText string `json:"errorText"`
	}
	p.call("Page.navigate", params{"url": address}, &gone)
	if gone.ErrorText != "" {
		p.t.Fatalf("%s: %s", address, gone.ErrorText)
	}
	p.Await("document.readyState === 'complete'")
}

// Eval evaluates an expression of JavaScript, and waits for it if it is a
// promise. Its value goes into out, unless that is nil.
func (p *Page) Eval(expression string, out any) {
	p.t.Helper()
	must(p.t, p.eval(expression, out))
}

func (p *Page) eval(expression string, out any) error {
	var evaluated struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err := p.browser.call(p.session, "Runtime.evaluate", params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &evaluated)
	if e := evaluated.Exception; err == nil && e != nil {
		err = fmt.Errorf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(evaluated.Result.Value, out)
}

// Await waits until an expression is true.
func (p *Page) Await(expression string) {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		var is bool
		if err := p.eval("Boolean("+expression+")", &is); err == nil && is {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			p.t.Fatalf("not within %v: %s\npage: %s\ncomplaints: %s", patience, expression, p.Text("body"), p.Complaints())
		}
	}
}

// Text is what the first element of a selector shows.
func (p *Page) Text(selector string) (text string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf("document.querySelector(%q).innerText", selector), &text)
	return text
}

// Screenshot returns the whole page as a PNG, or the first screen of it.
func (p *Page) Screenshot(whole bool) []byte {
	p.t.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	p.call("Page.captureScreenshot", params{"format": "png", "captureBeyondViewport": whole}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	must(p.t, err)
	return png
}

// A Node is what a screen reader is told of an element.
type Node struct{ Role, Name string }

// Accessible returns what a screen reader is told of the page.
func (p *Page) Accessible() (nodes []Node) {
	p.t.Helper()
	type value struct {
		Value any `json:"value"`
	}
	var tree struct {
		Nodes []struct {
			Ignored bool  `json:"ignored"`
			Role    value `json:"role"`
			Name    value `json:"name"`
		} `json:"nodes"`
	}
	p.call("Accessibility.getFullAXTree", nil, &tree)
	for _, n := range tree.Nodes {
		if !n.Ignored {
			nodes = append(nodes, Node{fmt.Sprint(n.Role.Value), fmt.Sprint(n.Name.Value)})
		}
	}
	return nodes
}

// Complaints returns errors and warnings of the page: of its scripts, and of
// the browser about it.
func (p *Page) Complaints() []string { return p.noted(&p.complaints) }

// Requests returns the addresses that the page has asked for.
func (p *Page) Requests() []string { return p.noted(&p.requests) }

func (p *Page) noted(list *[]string) []string {
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	return append([]string{}, *list...)
}

// event notes what the browser tells about the page. The caller holds browser.mu.
func (p *Page) event(m message) {
	var e struct {
		Type    string `json:"type"`
		Entry   struct{ Level, Text, URL string }
		Request struct {
			URL string `json:"url"`
		} `json:"request"`
	}
	_ = json.Unmarshal(m.Params, &e) // what is not there says nothing
	switch m.Method {
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, e.Request.URL)
	case "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, string(m.Params))
	case "Runtime.consoleAPICalled":
		if e.Type == "error" || e.Type == "warning" {
			p.complaints = append(p.complaints, string(m.Params))
		}
	case "Log.entryAdded":
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.complaints = append(p.complaints, strings.Join([]string{e.Entry.Level, e.Entry.Text, e.Entry.URL}, " "))
		}
	}
}
