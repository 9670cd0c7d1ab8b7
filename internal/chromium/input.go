package chromium

import "fmt"

// Click clicks the middle of an element, by the mouse: what covers it gets it.
func (p *Page) Click(selector string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	p.Eval(fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView({block: 'center', behavior: 'instant'});
		const r = e.getBoundingClientRect();
		return {X: r.x + r.width / 2, Y: r.y + r.height / 2};
	})()`, selector), &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.call("Input.dispatchMouseEvent", params{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// Type selects what the element with the focus has, and types text instead.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.Eval("document.activeElement.select?.()", nil)
	p.call("Input.insertText", params{"text": text}, nil)
}

// Press presses a key: "Tab", "Enter", "Space", "ArrowRight" or "ArrowLeft".
func (p *Page) Press(key string) {
	p.t.Helper()
	of := map[string]params{
		"Tab":        {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
		"Enter":      {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
		"Space":      {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
		"ArrowRight": {"key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39},
		"ArrowLeft":  {"key": "ArrowLeft", "code": "ArrowLeft", "windowsVirtualKeyCode": 37},
	}[key]
	if of == nil {
		p.t.Fatalf("there is no key %s", key)
	}
	for _, kind := range []string{"keyDown", "keyUp"} {
		of["type"] = kind
		p.call("Input.dispatchKeyEvent", of, nil)
	}
}
