package main

import (
	"fmt"
	"strconv"

	"productcache/benchmarks/peers/load"
)

// productPath is where products are served, by all that speak HTTP.
const productPath = "/v1/products/"

// protocol says how products are asked for.
type protocol interface {
	// single asks for a product; with ends after the request line's fields.
	single(id int, with string) []byte
	// many asks for several at once, or is nil where there is no such request.
	many(ids []int) []byte
	// answer ends an answer to single (keys 0) or to many.
	answer(keys, status int) load.Answer
}

// Fields of requests by HTTP.
const (
	host       = "shop"
	common     = "Host: " + host + "\r\nUser-Agent: PHP\r\nAccept: application/json\r\n"
	acceptGzip = "Accept-Encoding: gzip\r\n"
)

// plainHTTP is any server of products by HTTP.
type plainHTTP struct{}

func (plainHTTP) single(id int, with string) []byte {
	return fmt.Appendf(nil, "GET %s%d HTTP/1.1\r\n%s%s\r\n", productPath, id, common, with)
}

func (plainHTTP) many([]int) []byte { return nil }

func (plainHTTP) answer(_, status int) load.Answer { return load.HTTP(status) }

// serviceHTTP is the service, which has multi-gets.
type serviceHTTP struct{ plainHTTP }

func (serviceHTTP) many(ids []int) []byte {
	request := []byte("GET /v1/products?keys=")
	for i, id := range ids {
		if i > 0 {
			request = append(request, ',')
		}
		request = strconv.AppendInt(request, int64(id), 10)
	}
	return fmt.Appendf(request, " HTTP/1.1\r\n%s\r\n", common)
}

// memcachedText is its text protocol, without fields.
type memcachedText struct{}

func (memcachedText) single(id int, _ string) []byte { return fmt.Appendf(nil, "get p%d\r\n", id) }

func (memcachedText) many(ids []int) []byte {
	request := []byte("get")
	for _, id := range ids {
		request = fmt.Appendf(request, " p%d", id)
	}
	return append(request, "\r\n"...)
}

func (memcachedText) answer(keys, _ int) load.Answer { return load.Memcached(max(keys, 1)) }

// redisRESP is RESP, as clients send it.
type redisRESP struct{}

func (redisRESP) single(id int, _ string) []byte {
	return appendArgument([]byte("*2\r\n$3\r\nGET\r\n"), redisKey(id))
}

func (redisRESP) many(ids []int) []byte {
	request := fmt.Appendf(nil, "*%d\r\n$4\r\nMGET\r\n", 1+len(ids))
	for _, id := range ids {
		request = appendArgument(request, redisKey(id))
	}
	return request
}

func (redisRESP) answer(keys, _ int) load.Answer { return load.Redis(keys) }

func redisKey(id int) string { return "p" + strconv.Itoa(id) }

func appendArgument(b []byte, text string) []byte {
	return fmt.Appendf(b, "$%d\r\n%s\r\n", len(text), text)
}
