// Package tier is the second tier of the cache: a Redis or Valkey, single, replicated or Cluster, that the nodes of a
// fleet share. It stands between a node's memory and MySQL, and also carries purges from node to node. It is the only
// importer of the Redis library.
//
// It promises that
//
//   - a key that nobody has is loaded by one node, which holds a lease for it, while the others wait for the value, as
//     long as the lease lasts at most;
//   - nothing that was read before an invalidation is there after it: only who still holds its lease may store, and an
//     invalidation takes value and lease away in one step. Whatever Redis forgets, by eviction, restart or
//     failover, takes leases along, so that the fence cannot be forgotten alone;
//   - who asks Redis waits for it as long as Options.Timeout at most. Where it fails, a node works as if there were no
//     second tier, and trusts it again only when it has told it of all that was invalidated meanwhile.
//
// A value's path: Load asks for all keys in one exchange (script ask), which for each either returns the value, or gives
// this node the lease, or says that another one has it. What is leased is read from MySQL (origin) and stored
// (script store); what others have leased is waited for (waiters): Redis pushes when it changes.
//
// Names of values contain epochs, of all and of each lookup: a new epoch is a purge of everything before it. A new one of
// all begins whenever a server answers that was not known as a master before, since what it holds may have missed an invalidation.
// The scripts, by which alone values are read, stored and dropped, belong to an epoch too, and are loaded on known masters only: who
// asks a server that has taken another's place is told NOSCRIPT.
//
// Nodes tell one another of purges by a stream. Each numbers its messages and says in each up to which the others must have heard
// it; who has missed one makes everything in memory stale. Nodes confirm by these numbers.
//
// The keeper is the only one to connect. It makes a connection usable once it knows the servers, the epochs and the other
// nodes, and has delivered what is pending; it beats, so that others know of this node.
//
// Goroutines: the keeper, the listener for purges, and one for each load that is being stored; Close waits for all.
package tier

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// Options of a tier. All are required but those that say what they are else.
type Options[V any] struct {
	Servers     Servers
	Prefix      string                                      // of all names in Redis
	Node        string                                      // what this node is called in logs, and by other nodes
	Timeout     time.Duration                               // of an exchange that a request waits for
	Lease       time.Duration                               // how long others wait for a load of this node
	Confirm     time.Duration                               // how long a purge waits for the other nodes
	Slots       int                                         // loads from the origin at the same time
	BatchKeys   int                                         // keys in one of them
	LoadTimeout time.Duration                               // of one of them
	MaxBytes    int                                         // of a value; a larger one is not stored
	Splittable  func(error) bool                            // as cache.Options has it
	Append      func(dst []byte, v V) []byte                // encodes a value
	Decode      func([]byte) (V, error)                     // copies what it keeps
	Since       func(context.Context) time.Time             // up to when purges were done to what is in memory at the begin; zero: there is nothing. It returns when this node knows that, and what it serves
	Position    func() string                               // where this node is in the binlog; nil: it does not follow it
	Followed    func() string                               // up to where in the binlog this node has invalidated everything, as a text that grows; "": it does not follow now. nil: it never does
	Versions    func() map[string]Version                   // those of all lookups on this node, by name
	Spelling    func(lookup string, keys []string) []string // as this node spells keys that another one names; nil: optional, they are spelt alike
	Purged      func(Purge)                                 // does what another node was told; when it returns, nothing from before is served
	Distrust    func()                                      // purges may have been missed: everything is to be made stale
	Logger      *slog.Logger                                // nil: nobody
}

// Loaded is what became of one key.
type Loaded[V any] struct {
	Value  V
	Found  bool
	Copied bool          // from the tier, or loaded by another node
	Age    time.Duration // since its load began, where it is copied
	Err    error
}

// Version is a lookup's, as nodes are to know of it.
type Version struct {
	Version string
	Life    time.Duration // of values, at most
}

// A Lookup is one kind of values.
type Lookup[V any] struct {
	Name    string
	Version string                                // of what is loaded: nodes share values of one version. It is one of Options.Versions
	Ages    func() (value, absence time.Duration) // up to which they are taken from the tier; 0: not at all
	Load    func(ctx context.Context, keys []string) ([]Loaded[V], error)
}

// Tier is the connection to the second tier. Its methods are safe for concurrent use.
type Tier[V any] struct {
	options Options[V]
	id      string    // of this process
	born    time.Time // when it began
	origin  *origin[V]
	leases  atomic.Uint64
	touch   touch
	waiters waiters
	epochs  atomic.Pointer[epochs]
	reading sync.Mutex // held while the epochs are read and adopted
	outbox  outbox
	members members
	counts  counts
	abreast atomic.Bool // what Options.Followed says holds for the tier, too

	work    sync.WaitGroup
	storing chan struct{} // has room for each load that is being stored
	closing context.Context
	close   context.CancelFunc
}

// mostStoring are loads that are being stored at once. What comes beyond that is not stored.
const mostStoring = 64

// New begins to connect. It fails for what waiting does not mend only.
func New[V any](o Options[V]) (*Tier[V], error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	servers, err := o.Servers.option()
	if err != nil {
		return nil, err
	}
	t := &Tier[V]{options: o, id: newToken(), born: time.Now(), storing: make(chan struct{}, mostStoring)}
	t.closing, t.close = context.WithCancel(context.Background())
	t.origin = newOrigin(o, t.closing)
	t.epochs.Store(&epochs{})
	t.members.seen = make(map[string]*member)
	t.waiters.of = make(map[string]map[*waiter]bool)
	t.touch.joined, t.touch.trouble = make(chan struct{}), make(chan struct{}, 1)
	servers.OnInvalidations = func(names []rueidis.RedisMessage) { t.waiters.changed(names) }
	t.work.Go(func() { t.keep(servers) })
	return t, nil
}

// Close takes this node off the others' list, and waits for all goroutines until ctx is done.
func (t *Tier[V]) Close(ctx context.Context) error {
	t.leave(ctx)
	t.close()
	done := make(chan struct{})
	go func() {
		t.work.Wait()
		t.origin.landed.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newToken returns what nobody else has, in any of the fleet.
func newToken() string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}
