package httpapi

import (
	"strconv"
	"time"

	"productcache/internal/cache"
	"productcache/internal/document"
)

type (
	answer = cache.Answer[*document.Document]
	result = cache.Result[*document.Document]
)

// appendStatus appends the Cache-Status of a single answer (RFC 9211).
func appendStatus(dst []byte, a *answer) []byte {
	switch a.Outcome {
	case cache.Hit:
		return appendTTL(append(dst, "productcache; hit"...), a.TTL)
	case cache.Stale:
		return append(appendTTL(append(dst, "productcache; hit"...), a.TTL), "; detail=stale"...)
	case cache.StaleError:
		return append(appendTTL(append(dst, "productcache; hit"...), a.TTL), "; detail=stale-error"...)
	case cache.Negative:
		return append(dst, "productcache; hit; detail=negative"...)
	}
	dst = appendForward(dst, a.Forced)
	if a.Outcome == cache.Collapsed {
		dst = append(dst, "; collapsed"...)
	}
	switch {
	case a.Stored && a.Copied:
		return append(dst, "; stored; detail=second-tier"...)
	case a.Stored:
		return append(dst, "; stored"...)
	}
	return append(dst, "; detail=not-stored"...)
}

func appendForward(dst []byte, forced bool) []byte {
	if forced {
		return append(dst, "productcache; fwd=request"...)
	}
	return append(dst, "productcache; fwd=miss"...)
}

// appendTTL rounds down: what is stale never has a ttl of 0.
func appendTTL(dst []byte, ttl time.Duration) []byte {
	seconds := int64(ttl / time.Second)
	if ttl%time.Second < 0 {
		seconds--
	}
	return strconv.AppendInt(append(dst, "; ttl="...), seconds, 10)
}

// tally counts the answers of a multi-get.
type tally struct {
	outcomes  [len(costs)]int // by cache.Outcome
	failed    int             // keys without an answer
	forced    bool            // one was loaded because the request said so
	notStored bool            // one was loaded and is not in the cache now
}

// costs are the outcomes in the order of what they cost; the last one that
// occurs stands for the whole request in its Observation.
var costs = [...]cache.Outcome{cache.Hit, cache.Negative, cache.Stale, cache.StaleError, cache.Collapsed, cache.Miss}

func (t *tally) count(r *result) {
	if r.Err != nil {
		t.failed++
		return
	}
	t.outcomes[r.Outcome]++
	t.forced = t.forced || r.Forced
	t.notStored = t.notStored || t.isLoad(r.Outcome) && !r.Stored
}

func (*tally) isLoad(o cache.Outcome) bool { return o == cache.Miss || o == cache.Collapsed }

func (t *tally) outcome() string {
	if t.failed > 0 {
		return OutcomeFailed
	}
	costliest := cache.Hit
	for _, o := range costs {
		if t.outcomes[o] > 0 {
			costliest = o
		}
	}
	return costliest.String()
}

// appendStatus appends the Cache-Status of a multi-get: a hit if all came from
// memory, else a miss, which is stored if all that was loaded is; and in detail,
// a string, how many keys had which outcome.
func (t *tally) appendStatus(dst []byte) []byte {
	loads := t.outcomes[cache.Miss] + t.outcomes[cache.Collapsed]
	switch {
	case loads+t.failed == 0:
		dst = append(dst, "productcache; hit"...)
	default:
		dst = appendForward(dst, t.forced)
		if loads > 0 && !t.notStored {
			dst = append(dst, "; stored"...)
		}
	}
	dst = append(dst, `; detail="`...)
	for _, o := range costs {
		dst = appendCount(dst, o.String(), t.outcomes[o])
	}
	dst = appendCount(dst, "unavailable", t.failed)
	dst[len(dst)-1] = '"' // for the last space: there is at least one key
	return dst
}

func appendCount(dst []byte, name string, n int) []byte {
	if n == 0 {
		return dst
	}
	dst = append(append(dst, name...), '=')
	return append(strconv.AppendInt(dst, int64(n), 10), ' ')
}
