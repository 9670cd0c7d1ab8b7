package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reliability.md")
	if err := os.WriteFile(file, []byte("before\n"+beginMark+"earlier tables\n"+endMark+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	slow := FaultRow{Name: "fire", Text: "it burns", Hits: counts{7, 6, 5, 4}, Before: time.Millisecond, During: 2 * time.Millisecond, Queries: 3, AtOnce: 2, Peak: 9 << 20}
	slow.miss("smoke\nwith its text")
	r := &Report{Database: []FaultRow{slow}, Skipped: []string{"flood: no water"}}
	for range 2 { // what was written is replaced
		if err := r.Write(file, "On a rock."); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if !strings.HasPrefix(text, "before\n") || !strings.HasSuffix(text, "after\n") || strings.Contains(text, "earlier tables") || strings.Count(text, "On a rock.") != 1 {
		t.Errorf("around the tables: %s", text)
	}
	for _, want := range []string{
		"| **fire**: it burns | 7, 6, 5, 4 | 0, 0, 0, 0 | 1.00 ms, 2.00 ms | 2.00: **missed** | 3, 2 | 9 MiB | 0.0 s |\n",
		"- fire: smoke\n", "- not run: flood: no water\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in %s", want, text)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r.Write(file, "") == nil {
		t.Error("Write into a file without markers: nil, want an error")
	}
	if err := r.err(); err == nil || !strings.Contains(err.Error(), "fire: smoke") {
		t.Errorf("err() = %v, want the finding", err)
	}
}
