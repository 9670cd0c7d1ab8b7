package tier

import (
	"context"
	"sync"
	"sync/atomic"
)

// origin is where values come from that the tier has not got: the load functions of the lookups, in Options.Slots slots. While
// all are busy keys gather, and leave together.
type origin[V any] struct {
	slots      int
	batchKeys  int
	splittable func(error) bool
	timeout    func(context.Context) (context.Context, context.CancelFunc)
	closing    context.Context
	landed     sync.WaitGroup // counts the slots' goroutines

	mu      sync.Mutex // guards all below
	idle    int
	queue   []*Lookup[V] // those with wishes, each once
	waiting map[*Lookup[V]][]*wish[V]
}

// wish is one key of one load.
type wish[V any] struct {
	key    string
	of     *wishes[V]
	at     int
	nobody atomic.Bool // waits for it any more
}

// wishes are the keys of one load.
type wishes[V any] struct {
	mu     sync.Mutex // guards all below
	open   int
	loaded []Loaded[V]
	done   chan struct{} // closed when none is open
}

func newOrigin[V any](o Options[V], closing context.Context) *origin[V] {
	return &origin[V]{slots: o.Slots, batchKeys: o.BatchKeys, splittable: o.Splittable, closing: closing, idle: o.Slots,
		waiting: make(map[*Lookup[V]][]*wish[V]),
		timeout: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, o.LoadTimeout)
		}}
}

// load reads keys. What ctx ends before has its error.
func (o *origin[V]) load(ctx context.Context, l *Lookup[V], keys []string) []Loaded[V] {
	all := &wishes[V]{open: len(keys), loaded: make([]Loaded[V], len(keys)), done: make(chan struct{})}
	mine := make([]*wish[V], len(keys))
	for i, key := range keys {
		mine[i] = &wish[V]{key: key, of: all, at: i}
		all.loaded[i].Err = context.Canceled
	}
	o.enqueue(l, mine)
	select {
	case <-all.done:
	case <-ctx.Done():
		for _, w := range mine {
			w.nobody.Store(true)
		}
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	loaded := make([]Loaded[V], len(keys))
	copy(loaded, all.loaded)
	if all.open > 0 {
		for i := range loaded {
			if loaded[i].Err == context.Canceled {
				loaded[i].Err = context.Cause(ctx)
			}
		}
	}
	return loaded
}

func (o *origin[V]) enqueue(l *Lookup[V], wishes []*wish[V]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting[l]) == 0 {
		o.queue = append(o.queue, l)
	}
	o.waiting[l] = append(o.waiting[l], wishes...)
	for range min(o.idle, (len(wishes)+o.batchKeys-1)/o.batchKeys) {
		o.idle--
		o.landed.Go(o.run)
	}
}

func (o *origin[V]) run() {
	for {
		l, batch := o.next()
		if l == nil {
			return
		}
		if len(batch) > 0 {
			o.read(l, batch)
		}
	}
}

// next takes the wishes of a batch, or gives the slot back.
func (o *origin[V]) next() (*Lookup[V], []*wish[V]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		o.idle++
		return nil, nil
	}
	l := o.queue[0]
	o.queue = o.queue[1:]
	var batch []*wish[V]
	rest := o.waiting[l]
	for len(rest) > 0 && len(batch) < o.batchKeys {
		if !rest[0].nobody.Load() {
			batch = append(batch, rest[0])
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		o.waiting[l] = rest
		o.queue = append(o.queue, l)
	} else {
		delete(o.waiting, l)
	}
	return l, batch
}

// read loads a batch, and where it fails for a reason that can lie in one key, its halves.
func (o *origin[V]) read(l *Lookup[V], batch []*wish[V]) {
	var keys []string
	at := make(map[string]int, len(batch))
	for _, w := range batch {
		if _, there := at[w.key]; !there {
			at[w.key] = len(keys)
			keys = append(keys, w.key)
		}
	}
	ctx, cancel := o.timeout(o.closing)
	loaded, err := l.Load(ctx, keys)
	cancel()
	if err != nil && len(keys) > 1 && o.splittable(err) && o.closing.Err() == nil {
		half := len(batch) / 2
		o.read(l, batch[:half])
		o.read(l, batch[half:])
		return
	}
	for _, w := range batch {
		if err != nil {
			w.fulfil(Loaded[V]{Err: err})
		} else {
			w.fulfil(loaded[at[w.key]])
		}
	}
}

func (w *wish[V]) fulfil(r Loaded[V]) {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	w.of.loaded[w.at] = r
	if w.of.open--; w.of.open == 0 {
		close(w.of.done)
	}
}
