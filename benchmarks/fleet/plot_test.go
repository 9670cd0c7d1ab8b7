package fleet_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// plot draws what the model says of 1 to 1,000 nodes, both axes logarithmic, as SVG.
func plot() []byte {
	const width, height, left, bottom = 640, 400, 70, 50
	x := func(nodes float64) float64 { return left + math.Log10(nodes)/3*(width-left-20) }
	y := func(rate float64) float64 { return height - bottom - (math.Log10(rate)-1)/6*(height-bottom-30) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for exponent := 1; exponent <= 7; exponent++ {
		at := y(math.Pow(10, float64(exponent)))
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">10%s</text>`+"\n", left, at, width-20, left-6, at+4, superscript(exponent))
	}
	for _, n := range []int{1, 10, 100, 1000} {
		fmt.Fprintf(&b, `<path d="M%.1f %dV30" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(float64(n)), height-bottom, x(float64(n)), height-bottom+18, n)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">nodes</text><text x="12" y="18">keys a second</text>`+"\n", (width+left)/2, height-10)
	for _, line := range []struct {
		name, colour string
		label        float64 // how far below the end of the line
		value        func(without, with float64, tier float64) float64
	}{
		{"MySQL, without a second tier", "#c0392b", 20, func(a, _, _ float64) float64 { return a }},
		{"second tier", "#2471a3", -8, func(_, _, c float64) float64 { return c }},
		{"MySQL, with it", "#1e8449", -8, func(_, b, _ float64) float64 { return b }},
	} {
		var points []string
		last := 0.0
		for i, n := range fleets {
			without, with := both()[i][0], both()[i][1]
			last = line.value(without.MySQL, with.MySQL, with.Tier)
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(float64(n)), y(last)))
		}
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/><text x="%d" y="%.1f" text-anchor="end" fill="%s">%s</text>`+"\n",
			line.colour, strings.Join(points, " "), width-24, y(last)+line.label, line.colour, line.name)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func superscript(n int) string { return string([]rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[n]) }

// TestPlotIsWhole: it draws within its frame.
func TestPlotIsWhole(t *testing.T) {
	got := string(plot())
	if strings.Contains(got, "NaN") || strings.Contains(got, "Inf") || strings.Count(got, "<polyline") != 3 {
		t.Errorf("got %s", got)
	}
}
