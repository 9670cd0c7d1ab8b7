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

// scripts are those of an epoch, which stands in their text: a server that has taken another one's place, and may have missed invalidations,
// does not know them (https://redis.io/docs/latest/develop/programmability/eval-intro: since Redis 7 replicas are not told of scripts), and
// says so before anything of it is believed.
type scripts struct {
	ask     script // returns what stands under a name and how long yet, or leaves a lease there and returns nothing
	store   script // puts a value in the place of the lease that it was loaded under
	release script // gives a lease back
	drop    script // takes away what stands under a name, a value or a lease
	forget  script // takes a field of a hash away, if it is still the same
}

func newScripts(epoch string) *scripts {
	of := func(text string) script { return newScript("-- " + epoch + "\n" + text) }
	return &scripts{ask: of(askText), store: of(storeText), release: of(releaseText), drop: of(dropText), forget: of(forgetText)}
}

const (
	// A lease is left where nothing stands, and where what does is older than it may be for this node, as a value (the third argument) or an absence.
	askText = `local v = redis.call('GET', KEYS[1])
if v then
  local left = redis.call('PTTL', KEYS[1])
  local age, life = tonumber(string.sub(v, 2, 14)), tonumber(string.sub(v, 15, 27))
  local most = tonumber(ARGV[3])
  if string.sub(v, 1, 1) == 'N' then most = tonumber(ARGV[4]) end
  if string.sub(v, 1, 1) == 'L' or not age or not life or age + 1 + math.max(0, life - left) < most then return {v, left} end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`

	storeText = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

	releaseText = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

	dropText = `return redis.call('DEL', KEYS[1])`

	forgetText = `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`
)

// load makes them known to servers. It fails where that fails with all.
func (s *scripts) load(ctx context.Context, servers []server) (err error) {
	loaded := false
	for _, on := range servers {
		ctx, cancel := context.WithTimeout(ctx, serverPatience)
		e := on.load(ctx, s)
		cancel()
		if e != nil {
			err = e
		}
		loaded = loaded || e == nil
	}
	if loaded {
		return nil
	}
	return err
}

func (on server) load(ctx context.Context, s *scripts) error {
	for _, one := range []script{s.ask, s.store, s.release, s.drop, s.forget} {
		if err := on.client.Do(ctx, on.client.B().ScriptLoad().Script(one.text).Build()).Error(); err != nil {
			return fmt.Errorf("tier: %s: %w", on.address, err)
		}
	}
	return nil
}
