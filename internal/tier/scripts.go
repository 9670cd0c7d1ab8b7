package tier

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// script is in Lua, since it looks and writes in one step. Each uses one key, which a Cluster wants.
type script struct{ text, sha string }

func newScript(text string) script {
	sum := sha1.Sum([]byte(text)) // as EVALSHA names it
	return script{text, hex.EncodeToString(sum[:])}
}

// call is the command that runs it. A server that does not know it says NOSCRIPT: the keeper has it loaded.
func (s script) call(c rueidis.Client, key string, args ...string) rueidis.Completed {
	return c.B().Evalsha().Sha1(s.sha).Numkeys(1).Key(key).Arg(args...).Build()
}

func millis(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }

var (
	// ask returns what stands under a name and how long yet, or leaves a lease there and returns nothing: where nothing stands, and where
	// what does is older than it may be for this node, as a value (the third argument) or an absence.
	ask = newScript(`local v = redis.call('GET', KEYS[1])
if v then
  local left = redis.call('PTTL', KEYS[1])
  local age, life = tonumber(string.sub(v, 2, 14)), tonumber(string.sub(v, 15, 27))
  local most = tonumber(ARGV[3])
  if string.sub(v, 1, 1) == 'N' then most = tonumber(ARGV[4]) end
  if string.sub(v, 1, 1) == 'L' or not age or not life or age + 1 + math.max(0, life - left) < most then return {v, left} end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`)

	// store puts a value in the place of the lease that it was loaded under.
	store = newScript(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

	// release gives a lease back.
	release = newScript(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

	scripts = []script{ask, store, release}
)

// loadScripts makes them known to all servers.
func loadScripts(ctx context.Context, c rueidis.Client) error {
	return eachServer(ctx, c, func(ctx context.Context, node rueidis.Client) error {
		for _, s := range scripts {
			if err := node.Do(ctx, node.B().ScriptLoad().Script(s.text).Build()).Error(); err != nil {
				return err
			}
		}
		return nil
	})
}

// serverPatience is how long one server of several may take.
const serverPatience = time.Second

// eachServer does something with each server, and fails where that fails with all: of a Cluster, one that is dead is still known
// when another one has taken its place.
func eachServer(ctx context.Context, c rueidis.Client, do func(context.Context, rueidis.Client) error) (err error) {
	reached := false
	for address, node := range c.Nodes() {
		ctx, cancel := context.WithTimeout(ctx, serverPatience)
		e := do(ctx, node)
		cancel()
		if e != nil {
			err = fmt.Errorf("tier: %s: %w", address, e)
		}
		reached = reached || e == nil
	}
	if reached {
		return nil
	}
	return err
}
