package chromium

// FaintText lists texts whose contrast is below what WCAG 2.2, level AA, asks
// for, and their contrasts.
func (p *Page) FaintText() (faint []string) {
	p.t.Helper()
	p.Eval(faintText, &faint)
	return faint
}

const faintText = `(() => {
	const parse = (c) => { const [r, g, b, a = 1] = c.match(/[\d.]+/g).map(Number); return {r, g, b, a}; };
	const luminance = ({r, g, b}) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (e) => {
		for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a === 1) return c; }
		return {r: 255, g: 255, b: 255};
	};
	const faint = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
		if (!text || e.closest('[hidden], :disabled, noscript, script') || e.getClientRects().length === 0) continue;
		const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))].sort((a, b) => b - a);
		if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(text + ' ' + ((a + 0.05) / (b + 0.05)).toFixed(2));
	}
	return faint;
})()`
