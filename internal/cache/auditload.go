package cache

import "context"

// audit loads a key in a slot that is idle while no key waits for one. It
// returns nil if there is none, or the load of another audit is running.
func (b *batcher[V]) audit(l *Lookup[V], key string) (<-chan landing[V], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cache.closing.Err() != nil {
		return nil, ErrClosed
	}
	if b.idle == 0 || len(b.queue) > 0 || b.auditing {
		return nil, nil
	}
	b.idle--
	b.auditing = true
	arrival := make(chan landing[V], 1)
	b.landed.Go(func() { b.runAudit(l, key, arrival) })
	return arrival, nil
}

// runAudit leaves the slot to the keys that have come meanwhile, if any have.
func (b *batcher[V]) runAudit(l *Lookup[V], key string, arrival chan<- landing[V]) {
	var r landing[V]
	loaded, err := b.call(l, []string{key}, true)
	l.noteHealth(loaded, err)
	if r.err = err; err == nil {
		r.Loaded = loaded[0]
		r.err = r.Err
	}
	b.mu.Lock()
	b.auditing = false
	wanted := len(b.queue) > 0
	if !wanted {
		b.idle++
	}
	b.mu.Unlock()
	arrival <- r
	if wanted {
		b.run()
	}
}

// awaitAudit lets go of a load function that does not heed its context.
func (c *Cache[V]) awaitAudit(ctx context.Context, arrival <-chan landing[V]) (none Loaded[V], err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.LoadTimeout, ErrLoadTimeout)
	defer cancel()
	select {
	case r := <-arrival:
		return r.Loaded, r.err
	case <-c.closing.Done():
		return none, ErrClosed
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}
