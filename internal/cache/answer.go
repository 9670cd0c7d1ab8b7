package cache

import (
	"errors"
	"time"
)

// Errors of Get, GetMany and Reload. Errors of the load function come back as
// they were returned, and a caller's own context error as context gives it.
var (
	// ErrOverloaded says that more keys are waited for, or loaded, than
	// Options.MaxWaiting allows. Asking again a moment later is safe.
	ErrOverloaded = errors.New("cache: too many callers are waiting")

	// ErrLoadTimeout says that a load did not end within Options.LoadTimeout,
	// queueing for a slot included.
	ErrLoadTimeout = errors.New("cache: load timed out")

	// ErrClosed says that Close was called.
	ErrClosed = errors.New("cache: closed")
)

// Outcome says how a lookup was answered.
type Outcome uint8

// The outcomes of a lookup.
const (
	Hit        Outcome = iota // a fresh value from memory
	Stale                     // an expired value from memory, a refresh is under way
	StaleError                // an expired or invalidated value, since loading fails
	Negative                  // a remembered absence
	Miss                      // this caller's load
	Collapsed                 // another caller's load, joined
	outcomes                  // their number
)

var outcomeNames = [outcomes]string{"hit", "stale", "stale-error", "negative", "miss", "collapsed"}

// String returns the outcome's name as metrics carry it, such as "stale-error".
func (o Outcome) String() string { return outcomeNames[o] }

// An Answer is what the cache knows of a key. A value is shared with all other
// callers and must not be modified.
type Answer[V any] struct {
	Value   V
	Found   bool          // false: the key is known to have no value
	Outcome Outcome       // where the answer comes from
	Stored  bool          // Miss, Collapsed: the answer is in the cache now
	Forced  bool          // loaded because of Reload
	Copied  bool          // Miss, Collapsed: somebody else's load, see Loaded
	Age     time.Duration // since the load of this answer began
	TTL     time.Duration // lifetime that is left; negative once it is stale
}

// A Result is the answer for one key of several, or the reason why there is none.
type Result[V any] struct {
	Answer[V]
	Err error
}
