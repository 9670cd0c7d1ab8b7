package tier

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/rueidis"
)

const (
	beatPause   = time.Second
	joinTimeout = 5 * time.Second
	minRetry    = 50 * time.Millisecond
	maxRetry    = time.Second
)

// keep connects, and keeps the connection usable, until the tier is closed.
func (t *Tier[V]) keep(o rueidis.ClientOption) {
	ears := o
	t.touch.dialing(&o)
	c := t.connect(&o)
	if c == nil {
		return
	}
	defer c.Close()
	t.touch.client.Store(&c)
	ears.DisableCache, ears.OnInvalidations = true, nil
	t.work.Go(func() { t.hear(ears) })
	pause := minRetry
	for t.closing.Err() == nil {
		var err error
		if t.touch.usable.Load() {
			err = t.beat(c)
		} else {
			err = t.join(c)
		}
		wait := beatPause
		switch {
		case t.closing.Err() != nil:
			return
		case err != nil:
			t.complain(err)
			wait = pause/2 + rand.N(pause/2)
			pause = min(2*pause, maxRetry)
		default:
			pause = minRetry
		}
		t.rest(wait, err == nil)
	}
}

// rest waits until it is time, or trouble comes.
func (t *Tier[V]) rest(d time.Duration, heeds bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	trouble := t.touch.trouble
	if !heeds {
		trouble = nil // it is known
	}
	select {
	case <-timer.C:
	case <-trouble:
	case <-t.closing.Done():
	}
}

// connect tries until there is a client.
func (t *Tier[V]) connect(o *rueidis.ClientOption) rueidis.Client {
	t.touch.pushes.Store(!o.DisableCache)
	pause := minRetry
	for t.closing.Err() == nil {
		c, err := rueidis.NewClient(*o)
		switch {
		case err == nil:
			return c
		case errors.Is(err, rueidis.ErrNoCache):
			t.options.Logger.Warn("the second tier does not say when a key changes: it is asked again and again where another node loads")
			o.DisableCache = true
			t.touch.pushes.Store(false)
			continue
		}
		t.complain(err)
		t.rest(pause/2+rand.N(pause/2), false)
		pause = min(2*pause, maxRetry)
	}
	return nil
}

// complain logs what keeps Redis from being used, when it is something new.
func (t *Tier[V]) complain(err error) {
	text := err.Error()
	if errors.Is(err, errBeat) {
		t.outcomeIs(text)
		return
	}
	if before := t.touch.outcome.Swap(&text); before == nil || *before != text || t.touch.wasUsed {
		t.touch.wasUsed = false
		t.options.Logger.Warn("the second tier is away: working alone", "error", err)
	}
}

// join makes the connection usable: nothing can have changed unnoticed, and what this node has to say was said.
func (t *Tier[V]) join(c rueidis.Client) error {
	t.options.Since(t.closing) // returns when it is known what this node serves
	ctx, cancel := context.WithTimeout(t.closing, joinTimeout)
	defer cancel()
	for range 5 {
		dials := t.touch.dials.Load()
		select {
		case <-t.touch.trouble: // what follows has seen it
		default:
		}
		for _, step := range []func(context.Context, rueidis.Client) error{t.checkMasters, t.loadEpochs, t.register, t.takeOver, t.resend} {
			if err := step(ctx, c); err != nil {
				return err
			}
		}
		usable, err := t.deliver(ctx, c, dials)
		if err != nil {
			return err
		}
		if usable {
			if !t.touch.wasUsed {
				t.options.Logger.Info("the second tier is in use")
			}
			t.touch.wasUsed = true
			t.outcomeIs("")
			t.firstJoined()
			return t.present(ctx, c) // others may wait to hear how far it has followed
		}
	}
	return errUnsettled
}

// errUnsettled says that it is not known yet whether Redis can be used.
var errUnsettled = errors.New("tier: connections come and go")

func (t *Tier[V]) outcomeIs(text string) { t.touch.outcome.Store(&text) }

func (t *Tier[V]) firstJoined() {
	select {
	case <-t.touch.joined:
	default:
		close(t.touch.joined)
	}
}

// Joined is closed when Redis was usable for the first time.
func (t *Tier[V]) Joined() <-chan struct{} { return t.touch.joined }

// Usable reports whether Redis is in use now.
func (t *Tier[V]) Usable() bool { return t.touch.usable.Load() }

// beat tells the others that this node is there, and looks whether it has heard all.
func (t *Tier[V]) beat(c rueidis.Client) error {
	ctx, cancel := context.WithTimeout(t.closing, joinTimeout)
	defer cancel()
	var err error
	for _, step := range []func(context.Context, rueidis.Client) error{t.checkMasters, t.followEpochs, t.register} {
		if err = step(ctx, c); err != nil {
			break
		}
	}
	return t.touch.judge(err)
}
