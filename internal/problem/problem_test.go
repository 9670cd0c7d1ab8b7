package problem_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"productcache/internal/problem"
)

func ExampleProblem() {
	w := httptest.NewRecorder()
	problem.New(http.StatusNotFound, "unknown-lookup", "There is no such lookup", `"shoes" is not served here.`).Write(w)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 404 application/problem+json
	// {"type":"/problems/unknown-lookup","title":"There is no such lookup","status":404,"detail":"\"shoes\" is not served here."}
}

func TestWriteKeepsOtherHeaders(t *testing.T) {
	w := httptest.NewRecorder()
	for name, value := range map[string]string{"Retry-After": "1", "ETag": `"x"`, "Content-Encoding": "gzip", "Content-Length": "7"} {
		w.Header().Set(name, value)
	}
	problem.New(http.StatusServiceUnavailable, "busy", "Busy", "\xff\x00").Write(w)
	want := map[string]string{"Retry-After": "1", "Etag": "", "Content-Encoding": "", "X-Content-Type-Options": "nosniff",
		"Content-Length": fmt.Sprint(w.Body.Len())}
	for name, value := range want {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
}
