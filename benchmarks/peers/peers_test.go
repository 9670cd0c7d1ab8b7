package main

import (
	"bufio"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"productcache/benchmarks/peers/load"
)

func TestSizesAreThoseOfShops(t *testing.T) {
	r := rand.New(rand.NewPCG(seed, 0))
	sizes := make([]int, products)
	for i := range sizes {
		sizes[i] = drawSize(r)
	}
	slices.Sort(sizes)
	for _, c := range []struct {
		what          string
		got, from, to int
	}{
		{"least", sizes[0], smallest, smallest},
		{"median", sizes[products/2], 950, 1100},
		{"90 %", sizes[products*9/10], 2500, 3200},
		{"most", sizes[products-1], largest, largest},
	} {
		if c.got < c.from || c.got > c.to {
			t.Errorf("%s: %d bytes, want %d to %d", c.what, c.got, c.from, c.to)
		}
	}
}

func TestProductHasItsSize(t *testing.T) {
	r := rand.New(rand.NewPCG(seed, 0))
	for _, size := range []int{smallest, 1000, largest} {
		p := newProduct(r, 7, size)
		if len(p.Body()) != size {
			t.Errorf("a product of %d bytes has %d: %s", size, len(p.Body()), p.Body())
		}
		again := newProduct(rand.New(rand.NewPCG(1, 1)), 7, size)
		if same := newProduct(rand.New(rand.NewPCG(1, 1)), 7, size); again.ETag() != same.ETag() {
			t.Errorf("two products of the same seed differ: %s, %s", again.Body(), same.Body())
		}
	}
	if p := newProduct(r, 7, 4000); len(p.Gzip()) < 1000 || len(p.Gzip()) > 2500 {
		t.Errorf("4000 bytes are packed to %d, want about a half", len(p.Gzip()))
	}
}

func TestKeysAreSkewedAndPagesHaveNoDoubles(t *testing.T) {
	k := newKeys()
	counts := map[int]int{}
	for _, key := range k.single {
		counts[key]++
	}
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	if most < singles/20 || len(counts) < 2000 {
		t.Errorf("%d different keys, the most popular %d times of %d", len(counts), most, singles)
	}
	for _, page := range k.page {
		slices.Sort(page)
		if len(slices.Compact(page)) != pageSize {
			t.Fatalf("a page with doubles: %v", page)
		}
	}
}

func TestProtocols(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{string(plainHTTP{}.single(7, acceptGzip)), "GET /v1/products/7 HTTP/1.1\r\n" + common + "Accept-Encoding: gzip\r\n\r\n"},
		{string(serviceHTTP{}.many([]int{7, 42})), "GET /v1/products?keys=7,42 HTTP/1.1\r\n" + common + "\r\n"},
		{string(memcachedText{}.many([]int{7, 42})), "get p7 p42\r\n"},
		{string(redisRESP{}.single(42, "")), "*2\r\n$3\r\nGET\r\n$3\r\np42\r\n"},
		{string(redisRESP{}.many([]int{7, 42})), "*3\r\n$4\r\nMGET\r\n$2\r\np7\r\n$3\r\np42\r\n"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestParsers(t *testing.T) {
	if pid, parent, err := parseStat("42 (a) b) S 7 42 42 0"); pid != 42 || parent != 7 || err != nil {
		t.Errorf("parseStat = %d, %d, %v", pid, parent, err)
	}
	if _, _, err := parseStat("42"); err == nil {
		t.Error("parseStat of a part: no error")
	}
	if n, err := parsePss([]byte("55 ---p [rollup]\nRss:   900 kB\nPss:         371 kB\nPss_Anon: 1 kB\n")); n != 371<<10 || err != nil {
		t.Errorf("parsePss = %d, %v", n, err)
	}
	if _, err := parsePss([]byte("Rss: 1 kB\n")); err == nil {
		t.Error("parsePss without Pss: no error")
	}
	n, elapsed, err := parseWrk("Running\n\nanswers=100 microseconds=1500000 errors=0\n")
	if n != 100 || elapsed != 1500*time.Millisecond || err != nil {
		t.Errorf("parseWrk = %d, %v, %v", n, elapsed, err)
	}
	for _, out := range []string{"", "answers=0 microseconds=1 errors=0\n", "answers=10 microseconds=1 errors=1\n"} {
		if _, _, err := parseWrk(out); err == nil {
			t.Errorf("parseWrk(%q): no error", out)
		}
	}
	blocks := "0x1: products (shctx:0x2, available blocks:9)\n0x3 hash:1 vary:0x0 size:816 (1 blocks), refcount:0, expire:9\n" +
		"0x4 hash:2 vary:0x0 size:3000 (3 blocks), refcount:0, expire:9\n\nrest"
	if used, err := parseShowCache(bufio.NewScanner(strings.NewReader(blocks))); used != 4<<10 || err != nil {
		t.Errorf("parseShowCache = %d, %v", used, err)
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	pids, err := tree(os.Getpid())
	if err != nil || pids[0] != os.Getpid() {
		t.Fatalf("tree = %v, %v", pids, err)
	}
	before, err := cpu(pids[:1])
	if err != nil {
		t.Fatal(err)
	}
	const work = 50 * time.Millisecond
	for after := before; after-before < work; {
		if after, err = cpu(pids[:1]); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := resident(pids[:1]); err != nil || n < 1<<20 {
		t.Errorf("resident = %d, %v", n, err)
	}
}

func TestOptions(t *testing.T) {
	read := func(set map[string]string) (*options, error) {
		return parseOptions(func(name string) (string, bool) { s, ok := set[name]; return s, ok })
	}
	o, err := read(map[string]string{"PEERS_ROUNDS": "1", "PEERS_SECONDS": "2", "PEERS_ONLY": "nginx,a", "PEERS_CASES": "hit 304",
		"PEERS_SERVICES": "a; b -fast-path=false -x; c /old/program"})
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 1 || o.duration != 2*time.Second || !o.wants("nginx") || o.wants("haproxy") || !o.wantsCase("304") || o.wantsCase("gzip") {
		t.Errorf("options = %+v", o)
	}
	if len(o.services) != 3 || !slices.Equal(o.services[1].flags, []string{"-fast-path=false", "-x"}) || o.services[2].program != "/old/program" ||
		o.services[0].program != "bin/productcache" {
		t.Errorf("services = %+v", o.services)
	}
	for name, value := range map[string]string{"PEERS_ROUNDS": "0", "PEERS_SECONDS": "0.5", "PEERS_RATE": "much", "PEERS_CASES": "hit,nothing"} {
		if _, err := read(map[string]string{name: value}); err == nil {
			t.Errorf("%s=%s: no error", name, value)
		}
	}
}

func TestMedianAndRatio(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 9, 2}, 3}} {
		if got := median(c.of); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.of, got, c.want)
		}
	}
	hit := &kind{name: "hit"}
	r := &report{measured: []*measured{
		{server: "ours", kind: hit, peakCPU: 10}, {server: "theirs", kind: hit, peakCPU: 20}, {server: "ours", kind: hit, peakCPU: 30},
		{server: "theirs", kind: hit, peakCPU: 40}, {server: "ours", kind: &kind{name: "304"}, peakCPU: 99},
	}}
	rows := r.rows(hit)
	if len(rows) != 2 || rows[0].name != "ours" || len(rows[0].rounds) != 2 {
		t.Fatalf("rows = %+v", rows)
	}
	if got := ratio(rows, []service{{name: "ours"}}, rows[1]); got != "0.62" {
		t.Errorf("ratio = %s, want the median of 0.5 and 0.75", got)
	}
}

// TestOriginCounts holds what the check of hits rests on, with the generator in front of it.
func TestOriginCounts(t *testing.T) {
	o, err := startOrigin([]*product{newProduct(rand.New(rand.NewPCG(1, 1)), 1, 1000)})
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	w := []load.Work{{Steps: [][]byte{plainHTTP{}.single(1, ""), plainHTTP{}.single(1, acceptGzip)}, Answers: 1}}
	r, err := load.Run(t.Context(), load.Options{Network: "tcp", Address: o.address, Connections: 2, Work: w, Answer: load.HTTP(200),
		Duration: 50 * time.Millisecond, Rate: 1000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := o.requests.Load(); got != int64(2*r.Done) || got == 0 {
		t.Errorf("the origin counted %d requests, %d were sent", got, 2*r.Done)
	}
}
