package chromium_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"productcache/internal/chromium"
)

const page = `<!doctype html><html lang="en"><title>a page</title><link rel="icon" href="data:,">
<label>Name <input id="name"></label><button id="greet" onclick="says.textContent='hello '+document.querySelector('#name').value">Greet</button>
<p id="says"></p><p style="background:#fff;color:#999">grey</p><script>if (location.hash) console.error('wrong'); else console.log('fine')</script>`

func TestPage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, page) }))
	t.Cleanup(server.Close)
	b := chromium.Open(t)
	p := b.Page(t, server.URL, chromium.View{Width: 500, Height: 300, Dark: true})
	p.Press("Tab")
	p.Type("you")
	p.Click("#greet")
	p.Await("document.querySelector('#says').textContent === 'hello you'")
	if got := p.Text("#says"); got != "hello you" {
		t.Errorf("the page says %q, want hello you", got)
	}
	var dark []bool
	if p.Eval("[matchMedia('(prefers-color-scheme: dark)').matches, innerWidth === 500]", &dark); fmt.Sprint(dark) != "[true true]" {
		t.Errorf("dark, width: %v, want true, true", dark)
	}
	if nodes := fmt.Sprint(p.Accessible()); !strings.Contains(nodes, "{textbox Name}") || !strings.Contains(nodes, "{button Greet}") {
		t.Errorf("a screen reader is told %s, want a textbox Name and a button Greet", nodes)
	}
	if faint := fmt.Sprint(p.FaintText()); faint != "[grey 2.85]" {
		t.Errorf("faint texts: %s, want [grey 2.85]", faint)
	}
	if png := p.Screenshot(true); !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("a screenshot of %d bytes is no PNG", len(png))
	}
	if got := p.Complaints(); len(got) != 0 {
		t.Errorf("complaints: %q, want none", got)
	}
	if got := p.Requests(); len(got) == 0 || got[0] != server.URL+"/" {
		t.Errorf("requests: %q, want %s first", got, server.URL)
	}
	wrong := b.Page(t, server.URL+"/#wrong", chromium.View{Width: 500, Height: 300})
	if got := wrong.Complaints(); len(got) != 1 || !strings.Contains(got[0], "wrong") {
		t.Errorf("complaints: %q, want one", got)
	}
}
