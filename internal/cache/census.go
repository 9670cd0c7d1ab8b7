package cache

// maxCount bounds the uses that are counted of an entry.
const maxCount = 15

// census remembers, in a few bytes an entry, how often keys were used that are
// not held, and which were evicted out of the window last. It may take one key
// for another: then a wrong entry is evicted, nothing worse.
type census struct {
	counts  []uint64 // count-min sketch, four rows in one: eight counts a word
	graves  []uint64 // hashes, graveWays to a bucket, the latest first; 0: free
	uses    int      // in this era
	members int      // entries that there is room for
	era     uint8    // at its end all counts are halved
}

const (
	usesPerMember = 8 // an era's length
	graveWays     = 4
	leastMembers  = 16
)

func newCensus() *census {
	c := &census{}
	c.fit(1)
	return c
}

// fit makes room for n entries.
func (c *census) fit(n int) {
	if n <= c.members {
		return
	}
	members := max(leastMembers, 2*c.members)
	for members < n {
		members *= 2
	}
	c.grow(members)
}

// grow keeps what is known: a longer index ends in the shorter one.
func (c *census) grow(members int) {
	counts, graves := make([]uint64, members/2), make([]uint64, members/2)
	for at := 0; len(c.counts) > 0 && at < len(counts); at += len(c.counts) {
		copy(counts[at:], c.counts)
	}
	old := c.graves
	c.counts, c.graves, c.members = counts, graves, members
	for i := len(old) - 1; i >= 0; i-- {
		if old[i] != 0 {
			c.dig(old[i])
		}
	}
}

// tick counts a use, and ends the era when it is over.
func (c *census) tick() {
	if c.uses++; c.uses < usesPerMember*c.members {
		return
	}
	c.uses = 0
	c.era++
	for i, word := range c.counts {
		c.counts[i] = word >> 1 & 0x7f7f7f7f7f7f7f7f
	}
}

// read returns an entry's count as it is in this era.
func (c *census) read(r *rank) uint8 {
	if behind := c.era - r.era; behind > 0 {
		r.count >>= min(behind, 8)
		r.era = c.era
	}
	return r.count
}

// cell returns where the i-th count of a hash is: a word, and a shift in it.
func (c *census) cell(hash uint64, i int) (word *uint64, shift uint) {
	hash = scatter(hash + uint64(i))
	return &c.counts[hash%uint64(len(c.counts))], uint(hash>>58) & 7 * 8
}

// scatter is the finalizer of SplitMix64.
func scatter(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (c *census) estimate(hash uint64) uint8 {
	least := uint8(maxCount)
	for i := range 4 {
		word, shift := c.cell(hash, i)
		least = min(least, uint8(*word>>shift))
	}
	return least
}

// bury remembers the count of an entry that is evicted, and with recall that it
// may come back soon.
func (c *census) bury(hash uint64, count uint8, recall bool) {
	for i := range 4 {
		word, shift := c.cell(hash, i)
		if uint8(*word>>shift) < count {
			*word = *word&^(0xff<<shift) | uint64(count)<<shift
		}
	}
	if recall {
		c.dig(hash)
	}
}

func (c *census) bucket(hash uint64) []uint64 {
	at := scatter(hash) % uint64(len(c.graves)/graveWays) * graveWays
	return c.graves[at : at+graveWays]
}

func (c *census) dig(hash uint64) {
	b := c.bucket(hash)
	copy(b[1:], b)
	b[0] = hash
}

// forgive reports whether the entry was evicted out of the window not long ago,
// and forgets it.
func (c *census) forgive(hash uint64) bool {
	for b := c.bucket(hash); len(b) > 0; b = b[1:] {
		if b[0] == hash {
			copy(b, b[1:])
			b[len(b)-1] = 0
			return true
		}
	}
	return false
}
