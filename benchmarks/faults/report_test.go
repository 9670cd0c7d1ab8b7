package faults

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reliability.md")
	if err := os.WriteFile(file, []byte("before\n"+beginMark+"earlier tables\n"+endMark+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	slow := FaultRow{Name: "fire", Text: "it burns", Hits: counts{7, 6, 5, 4}, Slowdown: Slowdown{time.Millisecond, 2 * time.Millisecond, 1.5, 2.5},
		Queries: 3, AtOnce: 2, Peak: 9 << 20}
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
		"| **fire**: it burns | 7, 6, 5, 4 | 0, 0, 0, 0 | 1.00 ms, 2.00 ms | 2.00 (1.50 to 2.50): **missed** | 3, 2 | 9 MiB | 0.0 s |\n",
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

// TestOverRounds: the ratio is the median, answers and findings are those of all rounds, and what should be small is the most that there was.
func TestOverRounds(t *testing.T) {
	round := func(during time.Duration, atOnce int64, finding string) FaultRow {
		row := FaultRow{Name: "fire", Hits: counts{1, 2}, Others: counts{3}, Slowdown: Slowdown{Before: time.Second, During: during}, Queries: atOnce, AtOnce: atOnce}
		if finding != "" {
			row.miss("%s", finding)
		}
		return row
	}
	got := overFaults([]FaultRow{round(9*time.Second, 1, "slow"), round(time.Second, 7, ""), round(2*time.Second, 3, "hot")})
	want := FaultRow{Name: "fire", Hits: counts{3, 6}, Others: counts{9}, Slowdown: Slowdown{time.Second, 2 * time.Second, 1, 9}, Queries: 3, AtOnce: 7,
		missed: missed{[]string{"slow", "hot"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("faults: %+v, want %+v", got, want)
	}
	front := overFront([]FrontRow{{Name: "flood", Hits: counts{1}, Slowdown: Slowdown{Before: time.Second, During: 3 * time.Second}, Peak: 5}})
	if want := (FrontRow{Name: "flood", Hits: counts{1}, Slowdown: Slowdown{time.Second, 3 * time.Second, 3, 3}, Peak: 5}); !reflect.DeepEqual(front, want) {
		t.Errorf("overloads: %+v, want %+v", front, want)
	}
}
