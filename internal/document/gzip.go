package document

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
)

const (
	// smallestGzip is the length of a body below which gzip's own frame and
	// the client's work outweigh the gain.
	smallestGzip = 200

	// largestKept is the output that a compressor may keep between documents.
	largestKept = 1 << 20
)

// compressor is a writer with its output, kept between documents: the writer's
// tables are far larger than a document.
type compressor struct {
	writer *gzip.Writer
	out    bytes.Buffer
}

var compressors = sync.Pool{New: func() any { return &compressor{writer: gzip.NewWriter(nil)} }}

// compress returns body in gzip form, until the compressor is given back, or nil
// when that saves less than an eighth.
func (c *compressor) compress(body []byte) []byte {
	if len(body) < smallestGzip {
		return nil
	}
	c.out.Reset()
	c.writer.Reset(&c.out)
	// A bytes.Buffer takes every write, so neither call can fail.
	_, _ = c.writer.Write(body)
	_ = c.writer.Close()
	if c.out.Len() > len(body)-len(body)/8 {
		return nil
	}
	return c.out.Bytes()
}

func (c *compressor) giveBack() {
	if c.out.Cap() <= largestKept {
		compressors.Put(c)
	}
}
