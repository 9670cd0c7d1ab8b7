package snapshot_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"productcache/internal/snapshot"
)

// A cache is written, a key is purged, and the process starts again.
func Example() {
	folder, err := os.MkdirTemp("", "snapshot")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	f, err := snapshot.Open(filepath.Join(folder, "snapshot"))
	if err != nil {
		panic(err)
	}
	now := time.Now()
	head := func() snapshot.Header {
		return snapshot.Header{Time: now, Lookups: []snapshot.Lookup{{Name: "products"}}}
	}
	info, err := f.Replace(head, func(w *snapshot.Writer) error {
		return errors.Join(
			w.Add(snapshot.Record{Key: "42", LoadedAt: now.Add(-time.Minute), Value: []byte(`{"id":42}`)}),
			w.Add(snapshot.Record{Key: "43", LoadedAt: now.Add(-time.Hour), Value: []byte(`{"id":43}`)}))
	})
	fmt.Println(info.Records, "records", err)
	fmt.Println("noted", f.Note(snapshot.Purge{Lookup: "products", Keys: []string{"43"}}))
	fmt.Println("closed", f.Close())

	f, err = snapshot.Open(filepath.Join(folder, "snapshot"))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	r, in, err := f.Read()
	if err != nil {
		panic(err)
	}
	defer in.Close()
	for {
		record, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %s %v old\n", r.Header().Lookups[record.Lookup].Name, record.Value, now.Sub(record.LoadedAt))
	}
	purges, err := r.Purges()
	fmt.Println(purges[0].Lookup, purges[0].Keys, err)
	// Output:
	// 2 records <nil>
	// noted <nil>
	// closed <nil>
	// products {"id":42} 1m0s old
	// products {"id":43} 1h0m0s old
	// products [43] <nil>
}
