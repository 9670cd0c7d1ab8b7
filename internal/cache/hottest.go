package cache

// A HotKey is a key that is asked for often.
type HotKey struct {
	Lookup    string  // its name
	Key       string  //
	PerSecond float64 // requests for it, an estimate from a sample: of the last minutes, older ones fading
	Share     float64 // of the requests for any key, 0 to 1
}

// Hottest returns up to n keys that are asked for most often, the hottest
// first, whether they are cached or not. They come out of a sketch of fixed size:
// of two keys that are about equally hot, either may be missing.
func (c *Cache[V]) Hottest(n int) []HotKey {
	top, perSecond, total := c.sketch.top(n, c.now())
	hot := make([]HotKey, len(top))
	for i, t := range top {
		uses := t.weight - t.before
		hot[i] = HotKey{(*c.lookups.Load())[t.lookup].name, string(t.key), uses * perSecond, uses / total}
	}
	return hot
}
