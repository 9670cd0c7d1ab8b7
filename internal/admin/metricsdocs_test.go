package admin_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMetricsAreDocumented compares docs/metrics.md with the metrics: it has a
// row for each, with its kind, labels and help, and no other rows.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `productcache_") {
			documented[strings.TrimSpace(line)] = true
		}
	}
	rows := metricRows(scrape(t))
	for _, row := range rows {
		if !documented[row] {
			t.Errorf("docs/metrics.md has no row\n%s", row)
		}
		delete(documented, row)
	}
	for row := range documented {
		t.Errorf("docs/metrics.md has a row of no metric\n%s", row)
	}
}

// metricRows returns the row of each metric of ours, in the order of their names.
func metricRows(body string) (rows []string) {
	kinds := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (productcache_\S+) (\S+)$`).FindAllStringSubmatch(body, -1) {
		kinds[m[1]] = m[2]
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		help := regexp.MustCompile(`(?m)^# HELP ` + name + ` (.*)$`).FindStringSubmatch(body)[1]
		sample := regexp.MustCompile(`(?m)^` + name + `(?:_bucket)?(?:{(.*)})? `).FindStringSubmatch(body)
		var labels []string
		for _, m := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(sample[1], -1) {
			if m[1] != "le" {
				labels = append(labels, m[1])
			}
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", name, kinds[name], strings.Join(labels, ", "), help))
	}
	return rows
}
