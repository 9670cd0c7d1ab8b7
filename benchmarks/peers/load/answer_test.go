package load_test

import (
	"strings"
	"testing"

	"productcache/benchmarks/peers/load"
)

// TestAnswers gives each parser a whole answer with more behind it, and every part of it.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer load.Answer
		whole  string
	}{
		{"length", load.HTTP(200), "HTTP/1.1 200 OK\r\nX: y\r\ncontent-length:  3\r\n\r\nabc"},
		{"no body", load.HTTP(200), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"chunks", load.HTTP(200), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n"},
		{"not modified", load.HTTP(304), "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"},
		{"memcached", load.Memcached(1), "VALUE 1 0 5\r\nEND\r\n\r\nEND\r\n"},
		{"memcached, two", load.Memcached(2), "VALUE 1 0 1\r\na\r\nVALUE 2 0 0\r\n\r\nEND\r\n"},
		{"redis", load.Redis(0), "$4\r\n\r\n\r\n\r\n"},
		{"redis, two", load.Redis(2), "*2\r\n$1\r\na\r\n$0\r\n\r\n"},
	} {
		if n, err := c.answer([]byte(c.whole + c.whole)); n != len(c.whole) || err != nil {
			t.Errorf("%s: length %d, %v; want %d", c.name, n, err, len(c.whole))
		}
		for i := range len(c.whole) {
			if n, err := c.answer([]byte(c.whole[:i])); n != 0 || err != nil {
				t.Errorf("%s: the first %d bytes: length %d, %v; want that more is to come", c.name, i, n, err)
			}
		}
	}
}

func TestAnswersRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer load.Answer
		whole  string
	}{
		{"status", load.HTTP(304), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"no length", load.HTTP(200), "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"},
		{"bad length", load.HTTP(200), "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
		{"bad chunk", load.HTTP(200), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n"},
		{"memcached misses", load.Memcached(1), "END\r\n"},
		{"memcached misses one", load.Memcached(2), "VALUE 1 0 1\r\na\r\nEND\r\n"},
		{"memcached without an end", load.Memcached(1), "VALUE 1 0 1\r\na\r\nERROR\r\n"},
		{"redis misses", load.Redis(0), "$-1\r\n"},
		{"redis misses one", load.Redis(2), "*2\r\n$1\r\na\r\n$-1\r\n"},
		{"redis fails", load.Redis(0), "-ERR\r\n"},
		{"redis, another number", load.Redis(2), "*1\r\n$1\r\na\r\n"},
	} {
		if n, err := c.answer([]byte(c.whole)); err == nil {
			t.Errorf("%s: taken as an answer of %d bytes", c.name, n)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Add("VALUE 1 0 1\r\na\r\nEND\r\n")
	f.Add("*2\r\n$1\r\na\r\n$0\r\n\r\n")
	f.Add("\r\n")
	all := []load.Answer{load.HTTP(200), load.HTTP(304), load.Memcached(1), load.Redis(0), load.Redis(2)}
	f.Fuzz(func(t *testing.T, text string) {
		for i, answer := range all {
			n, err := answer([]byte(text))
			if n < 0 || n > len(text) || err != nil && n != 0 {
				t.Errorf("parser %d of %.60q: %d, %v", i, text, n, err)
			}
			if n > 0 {
				if again, err := answer([]byte(text[:n] + strings.Repeat("x", 10))); again != n || err != nil {
					t.Errorf("parser %d of %.60q: %d, %v with other bytes behind", i, text, again, err)
				}
			}
		}
	})
}
