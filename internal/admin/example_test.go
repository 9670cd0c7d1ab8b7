package admin_test

import (
	"fmt"
	"net/http"

	"productcache/internal/admin"
	"productcache/internal/cache"
)

func ExampleNew() {
	handler := admin.New(admin.Options{
		Lookup:  func(string) (admin.Lookup, bool) { return admin.Lookup{}, false },
		Ready:   func() []string { return nil },
		Metrics: admin.NewMetrics("1.0", func() cache.Stats { return cache.Stats{} }, func() admin.DatabaseStats { return admin.DatabaseStats{} }, nil),
	})
	server := &http.Server{Addr: "127.0.0.1:8081", Handler: handler}
	fmt.Println(server.Addr)
	// Output: 127.0.0.1:8081
}
