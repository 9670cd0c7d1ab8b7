package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestStrangers(t *testing.T) {
	environ := []string{"PATH=/bin", "PRODUCTCACHE_TTL=5m", "PRODUCTCACHE_TLL=5m", "PRODUCTCACHE_CACHE_BYTE=", "PRODUCTCACHE=x", "PRODUCTCACHE_SERVICE_HOST=10.0.0.1", "PRODUCTCACHE_SERVICE_PORT_HTTP=80",
		"PRODUCTCACHE_PORT=tcp://10.0.0.1:80", "PRODUCTCACHE_ADMIN_PORT_80_TCP_ADDR=10.0.0.1", "productcache_ttl=x", "XPRODUCTCACHE_A=x"}
	if got := strangers(environ); !slices.Equal(got, []string{"PRODUCTCACHE_CACHE_BYTE", "PRODUCTCACHE_TLL"}) {
		t.Errorf("strangers(%q) = %q", environ, got)
	}
}

// TestUnknownVariablesAreToldOf: a variable that was misspelt was ignored in silence.
func TestUnknownVariablesAreToldOf(t *testing.T) {
	t.Setenv("PRODUCTCACHE_MYSQL_DSM", "canary")
	for _, command := range []string{"serve", "check", "init"} {
		var out bytes.Buffer
		run(t.Context(), []string{command, "-mysql-dsn", "malformed", "-table", "t"}, noEnvironment, &out, &out)
		warned := strings.Count(out.String(), "level=WARN") == 1 && strings.Contains(out.String(), "PRODUCTCACHE_MYSQL_DSM")
		if !warned || strings.Contains(out.String(), "canary") {
			t.Errorf("%s says\n%s", command, &out)
		}
	}
	var out bytes.Buffer
	run(t.Context(), []string{"health", "-admin-listen", "127.0.0.1:1"}, noEnvironment, &out, &out)
	if strings.Contains(out.String(), "PRODUCTCACHE_MYSQL_DSM") {
		t.Errorf("health, which is run again and again, says\n%s", &out)
	}
}
