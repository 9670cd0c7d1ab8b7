package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOptions(t *testing.T) {
	read := func(set map[string]string) (*options, error) {
		return parseOptions(func(name string) (string, bool) { s, ok := set[name]; return s, ok })
	}
	o, err := read(map[string]string{"PHPBENCH_ROUNDS": "2", "PHPBENCH_SECONDS": "0.5", "PHPBENCH_PARTS": "calls,dead", "PHPBENCH_CALLS": "7", "PHPBENCH_PRODUCTS": "40"})
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 2 || o.duration != 500*time.Millisecond || o.calls != 7 || o.products != 40 || !o.wants("dead") || o.wants("pages") {
		t.Errorf("options = %+v", o)
	}
	for name, value := range map[string]string{"PHPBENCH_ROUNDS": "0", "PHPBENCH_SECONDS": "much", "PHPBENCH_PARTS": "calls,nothing", "PHPBENCH_CALLS": "-1"} {
		if _, err := read(map[string]string{name: value}); err == nil {
			t.Errorf("%s=%s: no error", name, value)
		}
	}
}

func TestNumbers(t *testing.T) {
	if got := ratio([]float64{10, 30, 8}, []float64{20, 40, 0}); got != 0.625 {
		t.Errorf("ratio = %v, want the median of 0.5 and 0.75", got)
	}
	if got := quantile([]float64{1, 2, 3, 4}, 0.5); got != 2 {
		t.Errorf("quantile(0.5) = %v, want 2", got)
	}
	if got := quantile([]float64{1, 2, 3, 4}, 0.99); got != 4 {
		t.Errorf("quantile(0.99) = %v, want 4", got)
	}
	if got := median(nil) + quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: %v, want 0", got)
	}
}

func TestFastCGIRequest(t *testing.T) {
	long := strings.Repeat("x", 200)
	got := fcgiRequest("/s.php", long, nil)
	want := "\x01\x01\x00\x01\x00\x08\x00\x00" + "\x00\x01\x01\x00\x00\x00\x00\x00" +
		"\x01\x04\x00\x01\x01\x03\x00\x00" + "\x0f\x06SCRIPT_FILENAME/s.php" + "\x0c\x80\x00\x00\xc8QUERY_STRING" + long + "\x0e\x03REQUEST_METHODGET" +
		"\x01\x04\x00\x01\x00\x00\x00\x00" + "\x01\x05\x00\x01\x00\x00\x00\x00"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFastCGIAnswer(t *testing.T) {
	end := fcgiRecord(nil, fcgiEnd, make([]byte, 8))
	page := func(texts ...string) (b []byte) {
		for _, text := range texts {
			b = fcgiRecord(b, fcgiStdout, []byte(text))
		}
		return append(b, end...)
	}
	whole := page("Content-type: text/html\r\n\r\nok\n", "more")
	for size := range len(whole) {
		if n, err := fcgiPage()(whole[:size]); n != 0 || err != nil {
			t.Fatalf("of %d bytes: %d, %v; want more to come", size, n, err)
		}
	}
	if n, err := fcgiPage()(append(bytes.Clone(whole), "next"...)); n != len(whole) || err != nil {
		t.Errorf("a whole answer: %d, %v; want %d", n, err, len(whole))
	}
	if got := string(fcgiBody(whole)); got != "ok\nmore" {
		t.Errorf("body = %q", got)
	}
	for what, b := range map[string][]byte{
		"an error's status": page("Status: 500 Internal Server Error\r\n\r\nok"),
		"another body":      page("Content-type: text/html\r\n\r\nincomplete"),
		"no page":           end,
		"an error's text":   append(fcgiRecord(nil, fcgiStderr, []byte("PHP Fatal error")), end...),
	} {
		if _, err := fcgiPage()(b); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestProcessorsAreGivenBack(t *testing.T) {
	before, err := affinity(0)
	if err != nil {
		t.Fatal(err)
	}
	back, err := pinProcess(before.list()[:1])
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := affinity(0)
	if err != nil || pinned != maskOf(before.list()[:1]) {
		t.Errorf("pinned to %v, %v; want %v", pinned.list(), err, before.list()[:1])
	}
	back()
	if after, err := affinity(0); err != nil || after != before {
		t.Errorf("afterwards %v, %v; want %v", after.list(), err, before.list())
	}
	if got := maskOf(processors{0, 65}).list(); len(got) != 2 || got[1] != 65 {
		t.Errorf("list of processors 0 and 65 = %v", got)
	}
}

func TestVerdicts(t *testing.T) {
	r := &report{}
	r.atMost("a", 2.5, 2, "%.1f")
	r.atLeast("b", 5, 5, "%.0f")
	if got, want := strings.Join(r.verdicts, ""), "| a | 2.5 | ≤ 2.0 | **missed** |\n| b | 5 | ≥ 5 | met |\n"; got != want {
		t.Errorf("verdicts:\n%s\nwant\n%s", got, want)
	}
}

func TestConfigIsPHP(t *testing.T) {
	path := t.TempDir() + "/config.php"
	if err := (config{"b": quoted(`it's \ here`), "a": hostPort("7")}).write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if want := "<?php\n\nreturn [\n    'a' => ['127.0.0.1', 7],\n    'b' => 'it\\'s \\\\ here',\n];\n"; err != nil || string(text) != want {
		t.Errorf("got %q, %v; want %q", text, err, want)
	}
}
