package tier

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"time"
)

// hotTimeout is of what nobody waits for but a node that starts.
const hotTimeout = 5 * time.Second

// mostHotBytes bounds a list that is read.
const mostHotBytes = 64 << 20

// ShareHot puts the list of hot keys, by lookup, where a node that starts finds it, unless another node did so less than a while ago.
func (t *Tier[V]) ShareHot(ctx context.Context, every time.Duration, list func() map[string][]string) {
	c, _, ok := t.touch.in()
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, hotTimeout)
	defer cancel()
	err := c.Do(ctx, c.B().Set().Key(t.shared("hot-turn")).Value(t.id).Nx().PxMilliseconds(every.Milliseconds()).Build()).Error()
	if err != nil {
		return // somebody else's turn, or it is away
	}
	keys := list()
	if len(keys) == 0 {
		return
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_ = json.NewEncoder(z).Encode(keys) // a buffer takes every write
	_ = z.Close()
	_ = t.touch.judge(c.Do(ctx, c.B().Set().Key(t.shared("hot")).Value(b.String()).Build()).Error())
}

// Hot returns the list, nil if there is none.
func (t *Tier[V]) Hot(ctx context.Context) (keys map[string][]string) {
	c, _, ok := t.touch.in()
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hotTimeout)
	defer cancel()
	text, err := c.Do(ctx, c.B().Get().Key(t.shared("hot")).Build()).AsBytes()
	if err != nil {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil || json.NewDecoder(io.LimitReader(z, mostHotBytes)).Decode(&keys) != nil {
		t.options.Logger.Warn("the list of hot keys is not understood")
		return nil
	}
	return keys
}
