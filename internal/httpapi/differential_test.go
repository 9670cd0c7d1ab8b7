package httpapi_test

import (
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"productcache/internal/httpapi"
)

// what the clock may change in an answer.
var clockwork = regexp.MustCompile(`(?m)^(Date: .*|Age: \d+)\r$|ttl=-?\d+`)

// conversation is what a client sends: bytes in two pieces, and where warm is set a plain
// request before, whose answer it awaits.
type conversation struct {
	data  string
	split int
	warm  bool
}

// patience is for how long a server is quiet until a patient client takes it that there is no more to come. It is longer than a load
// takes on a busy machine.
const patience = 200 * time.Millisecond

// transcript returns all that a server sends until it closes. It is told that nothing
// more will come: at once, or if the client is patient when it has been quiet.
func (c conversation) transcript(t *testing.T, address net.Addr, patient bool) string {
	t.Helper()
	conn, err := net.Dial(address.Network(), address.String())
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if c.warm {
		replies(t, send(t, conn, seven), 1)
	}
	end := func() { _ = conn.(interface{ CloseWrite() error }).CloseWrite() }
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.WriteString(conn, c.data[:c.split]) // fails where the server has closed
		if c.split < len(c.data) {
			time.Sleep(50 * time.Microsecond) // so that it is often two reads
			_, _ = io.WriteString(conn, c.data[c.split:])
		}
		if !patient {
			end()
		}
	}()
	var all strings.Builder
	part := make([]byte, 64<<10)
	for quiet := !patient; ; {
		if !quiet {
			_ = conn.SetReadDeadline(time.Now().Add(patience))
		}
		n, err := conn.Read(part)
		all.Write(part[:n])
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && !quiet:
			<-written
			quiet = true
			end()
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		case errors.Is(err, os.ErrDeadlineExceeded):
			t.Errorf("%q: the server does not close", c.data)
			return all.String()
		default:
			return clockwork.ReplaceAllString(all.String(), "")
		}
	}
}

// differs reports whether two servers do not send the same.
func (c conversation) differs(t *testing.T, with, without net.Addr, patient bool) (got, want string, differs bool) {
	t.Helper()
	var both sync.WaitGroup
	both.Go(func() { got = c.transcript(t, with, patient) })
	both.Go(func() { want = c.transcript(t, without, patient) })
	both.Wait()
	return got, want, got != want
}

// twoServers serve alike shops, the one with and the other without the plain path.
func twoServers(t testing.TB, network string, change ...func(*settings)) (with, without net.Addr) {
	var at [2]net.Addr
	for i := range at {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = t.TempDir() + "/socket"
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, append(change, func(set *settings) { set.api.Observe = nil })...)
		at[i] = l.Addr()
		if i == 0 {
			l = httpapi.NewListener(l, limits(s.API))
		}
		serveOn(t, s.API, l)
	}
	return at[0], at[1]
}

const host = " HTTP/1.1\r\nHost: shop\r\n"

// oddities are what a client may send, decently or not.
var oddities = []string{
	"GET /v1/products/7" + host + "\r\n",
	"GET /v1/products/7" + host + "\r\nGET /v1/products/8" + host + "\r\nGET /v1/products/9" + host + "Connection: close\r\n\r\nGET /v1/products/1" + host + "\r\n",
	"GET /v1/products/7" + host + "\r\nHEAD /v1/products/8" + host + "\r\nGET /v1/products/9" + host + "\r\n",
	"GET /v1/products?keys=1,2,9999" + host + "Accept-Encoding: gzip\r\nIf-None-Match: W/\"a\", *\r\n\r\n",
	"GET /v1/products/42" + host + "accept-encoding:gzip;q=0.5 , br\r\nUser-Agent: PHP\r\n\r\n",
	"GET /v1/category/20?page=2&per_page=2" + host + "\r\nGET /v1/category/20?page=0" + host + "\r\n",
	"GET /v1/names/a%2Fb?x#y" + host + "\r\n", "GET /v1/names/a%2Fb" + host + "\r\n", "GET /v1/names/%zz" + host + "\r\n",
	"GET /v1/names/a%" + host + "\r\n", "GET /v1/names/%FF" + host + "\r\n", "GET /v1/names/.." + host + "\r\n", "GET /v1/names/a'b(c)!*" + host + "\r\n",
	"GET /v1/names?keys=%zz" + host + "\r\n", "GET /v1/n%61mes/mug" + host + "\r\n", "GET /v1/names/" + host + "\r\n", "GET /v1/names" + host + "\r\n",
	"GET /v1/products/x" + host + "\r\n", "GET /v1/orders/7" + host + "\r\n", "GET /v1/products/7/8" + host + "\r\n", "GET //v1/products/7" + host + "\r\n",
	"GET /v1/products/7 HTTP/1.0\r\nHost: shop\r\n\r\n", "GET /v1/products/7 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /v1/products/7 HTTP/2.0\r\nHost: a\r\n\r\n",
	"GET http://shop/v1/products/7" + host + "\r\n", "GET /v1/products/7 HTTP/1.1\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost:\r\n\r\n",
	"GET /v1/products/7" + host + "Host: shop\r\n\r\n", "GET /v1/products/7" + host + "host: other\r\n\r\n", "GET /v1/products/7 HTTP/1.1\r\nHost: a/b\r\n\r\n",
	"GET /v1/products/7" + host + "Content-Length: 0\r\n\r\nGET /v1/products/8" + host + "\r\n",
	"GET /v1/products/7" + host + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", "GET /v1/products/7" + host + "Content-Length: +0\r\n\r\n",
	"GET /v1/products/7" + host + "Content-Length: 36\r\n\r\nGET /v1/products/8 HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/products/7" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/products/8" + host + "\r\n",
	"GET /v1/products/7" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /v1/products/8" + host + "\r\n",
	"GET /v1/products/7" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "GET /v1/products/7" + host + "Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n",
	"GET /v1/products/7" + host + "X: a\r\n b\r\n\r\n", "GET /v1/products/7" + host + " X: a\r\n\r\n", "GET /v1/products/7" + host + "X : a\r\n\r\n",
	"GET /v1/products/7" + host + "X: a\x00b\r\n\r\n", "GET /v1/products/7" + host + "X\x00: b\r\n\r\n", "GET /v1/products/\x00" + host + "\r\n", "GET /v1/products/7" + host + "X: \xff\r\n\r\n",
	"GET /v1/products/7" + host + "X: a\rb\r\n\r\n", "GET /v1/products/7 HTTP/1.1\nHost: shop\n\n", "GET /v1/products/7" + host + "X: a\n\r\n", "GET /v1/products/7" + host + "\nGET /v1",
	"GET  /v1/products/7" + host + "\r\n", "GET /v1/products/7  HTTP/1.1\r\nHost: shop\r\n\r\n", "GET /v1/products/ 7" + host + "\r\n", "GET\t/v1/products/7" + host + "\r\n", "get /v1/products/7" + host + "\r\n",
	"\r\nGET /v1/products/7" + host + "\r\n", "GET /v1/products/7" + host + "\r\n\r\nGET /v1/products/8" + host + "\r\n",
	"GET /v1/products/7" + host + "Expect: 100-continue\r\n\r\n", "GET /v1/products/7" + host + "Expect: x\r\n\r\n", "GET /v1/products/7" + host + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
	"GET /v1/products/7" + host + "Connection: close, keep-alive\r\n\r\n", "GET /v1/products/7" + host + "Connection: CLOSE\r\n\r\n", "GET /v1/products/7" + host + "Connection: x\r\nConnection: close\r\n\r\n",
	"GET /v1/products/7" + host + "X: " + many("x", 7000) + "\r\n\r\nGET /v1/products/8" + host + "\r\n", "GET /v1/products/7" + host + "X: " + many("x", 9000) + "\r\n\r\n", "GET /v1/products/7" + host + "X: " + many("x", 40_000) + "\r\n\r\n",
	"GET /v1/products?keys=" + numbers(1, 100) + host + "\r\n", "GET /v1/products?keys=" + numbers(1, 101) + host + "\r\n",
	"G", "GET /v1/products/7", "GET /v1/products/7" + host, "GARBAGE\r\n", "GET /v1/products/7" + host + "Bad\r\n", "POST /v1/products/7" + host + "Content-Length: 2\r\n\r\nhiGET /v1/products/8" + host + "\r\n",
	"GET /v1/products/7" + host + "\r\nG", "GET /v1/products/7" + host + "\r\nGET /v", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /v1/products/7" + host + "Cache-Control: no-cache\r\n\r\n", "GET /v1/products/7" + host + "Trailer: X\r\n\r\n",
	many("GET /v1/products/42"+host+"\r\n", 200), "GET /v1/products/7" + host + many("If-None-Match: \"a\"\r\n", 6) + "\r\n", "GET /v1/products/7" + host + ": x\r\n\r\n",
}

// attempts is how often two servers may differ by chance: a client that ends its side while a
// request waits for a load has left or not, and a connection that is closed with bytes unread takes
// answers under way with it. The last ones are patient: the first of them waits for the loads that others have left behind, and
// which one server may have ended and the other not.
const attempts, patientFrom = 4, 3

// FuzzBothPaths sends the same bytes to a service with the plain path and to one
// without it: the answers must be the same.
func FuzzBothPaths(f *testing.F) {
	if overListener {
		f.Skip("both paths are in it")
	}
	for i, o := range oddities {
		for _, split := range []int{len(o), len(o) / 2} {
			f.Add([]byte(o), uint16(split), i%2 == 0, false)
			f.Add([]byte(o), uint16(split), i%2 == 0, true)
		}
	}
	var at [2][2]net.Addr
	at[0][0], at[0][1] = twoServers(f, "tcp")
	at[1][0], at[1][1] = twoServers(f, "unix", func(set *settings) { set.api.HonorNoCache = true })
	f.Fuzz(func(t *testing.T, data []byte, split uint16, honor, warm bool) {
		c := conversation{string(data), min(int(split), len(data)), warm}
		pair := at[0]
		if honor {
			pair = at[1]
		}
		for attempt := 1; ; attempt++ {
			got, want, differs := c.differs(t, pair[0], pair[1], attempt >= patientFrom)
			switch {
			case !differs:
				return
			case attempt < attempts:
			case strings.Contains(got+want, "HTTP/1.1 499"):
				return
			default:
				t.Fatalf("%q, split at %d, warm %v:\n%.3000s\n\nwant, as without the plain path:\n%.3000s", data, c.split, warm, got, want)
			}
		}
	})
}
