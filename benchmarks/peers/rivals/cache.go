package main

import (
	"fmt"
	"io"
	"net/http"

	lru "github.com/hashicorp/golang-lru/v2"
)

// entry is one document with its gzip form, ready to be sent.
type entry struct {
	body, gzip         []byte // gzip is nil where it is not worth it
	etag, gzipETag     string
	length, gzipLength string
}

// cache fetches what it does not have; it is safe for concurrent use. Callers that miss the same key
// at the same time each fetch it: only hits are measured.
type cache struct {
	entries *lru.Cache[string, *entry]
	origin  string
}

func newCache(origin string, size int) (*cache, error) {
	entries, err := lru.New[string, *entry](size)
	return &cache{entries: entries, origin: origin}, err
}

// load fetches both forms of a path and stores them.
func (c *cache) load(path string) (*entry, error) {
	e := &entry{}
	var err error
	if e.body, e.etag, err = c.fetch(path, "identity"); err != nil {
		return nil, err
	}
	if e.gzip, e.gzipETag, err = c.fetch(path, "gzip"); err != nil {
		return nil, err
	}
	if e.gzipETag == e.etag {
		e.gzip = nil
	}
	e.length, e.gzipLength = fmt.Sprint(len(e.body)), fmt.Sprint(len(e.gzip))
	c.entries.Add(path, e)
	return e, nil
}

func (c *cache) fetch(path, encoding string) (body []byte, etag string, err error) {
	r, err := http.NewRequest(http.MethodGet, c.origin+path, nil)
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Accept-Encoding", encoding)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("origin: %s", answer.Status)
	}
	body = make([]byte, answer.ContentLength)
	_, err = io.ReadFull(answer.Body, body)
	return body, answer.Header.Get("ETag"), err
}
