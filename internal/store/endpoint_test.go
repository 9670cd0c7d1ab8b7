package store_test

import (
	"fmt"
	"strings"
	"testing"

	"productcache/internal/store"
)

func TestEndpoint(t *testing.T) {
	for dsn, want := range map[string]store.Endpoint{
		"shop:s3:cr@t/x@tcp(db:3307)/shop":        {Network: "tcp", Address: "db:3307", User: "shop", Password: "s3:cr@t/x", Schema: "shop"},
		"shop@tcp(db)/shop?tls=skip-verify":       {Network: "tcp", Address: "db:3306", User: "shop", Schema: "shop", TLS: "skip-verify"},
		"shop@/shop?tls=1":                        {Network: "tcp", Address: "127.0.0.1:3306", User: "shop", Schema: "shop", TLS: "true"},
		"shop@tcp(db)/shop?tls=False":             {Network: "tcp", Address: "db:3306", User: "shop", Schema: "shop", TLS: "false"},
		"shop@tcp([::1]:3306)/shop?tls=preferred": {Network: "tcp", Address: "[::1]:3306", User: "shop", Schema: "shop", TLS: "preferred"},
		"shop@unix(/run/mysqld.sock)/a%2Fb":       {Network: "unix", Address: "/run/mysqld.sock", User: "shop", Schema: "a/b"},
	} {
		if got := open(t, dsn).Endpoint(); got != want {
			t.Errorf("%s: Endpoint() = %+v, password %q, TLS %q; want %+v, %q, %q", dsn, got, got.Password, got.TLS, want, want.Password, want.TLS)
		}
	}
}

func TestEndpointHidesThePassword(t *testing.T) {
	e := open(t, "shop:secret@tcp(db)/shop").Endpoint()
	text := fmt.Sprintf("%v %+v %s %#v", e, e, e, e)
	if strings.Contains(text, "secret") || !strings.HasPrefix(text, "shop@tcp(db:3306)/shop ") {
		t.Errorf("the texts of an endpoint are %s", text)
	}
}
