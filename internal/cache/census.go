package cache

// maxCount bounds the uses that are counted of an entry.
const maxCount = 15

// census remembers, in a few bytes an entry, how often keys were used that are
// not held, and which were evicted out of the window last. It may take one key
// for another: then a wrong entry is evicted, nothing worse.
type census struct {
	counts  table[uint64]            // count-min sketch, four rows in one: 15 counts a word, and the era of all of them
	graves  table[[graveWays]uint32] // ends of hashes, the latest first; 0: free
	uses    int                      // in this era
	members int                      // entries that there is room for
	era     uint8                    // at its end all counts are halved
}

const (
	usesPerMember = 8 // an era's length
	countRows     = 4
	countBits     = 4
	countsPerWord = 64/countBits - 1
	graveWays     = 4
	leastMembers  = 16
)

func newCensus() *census {
	c := &census{}
	c.fit(1)
	return c
}

// fit makes room for n entries: it doubles, or where that is not enough, does so
// again when the next ones come.
func (c *census) fit(n int) {
	if n <= c.members {
		return
	}
	c.members = max(leastMembers, 2*c.members)
	c.counts.grow(c.members / 2)
	c.graves.grow(c.members / graveWays)
}

// tick counts a use, and ends the era when it is over.
func (c *census) tick() {
	c.counts.step()
	c.graves.step()
	if c.uses++; c.uses >= usesPerMember*c.members {
		c.uses = 0
		c.era++
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

// cell returns where the i-th count of a hash is: a word, its counts brought to
// this era, and a shift in it.
func (c *census) cell(hash uint64, i int) (word *uint64, shift uint) {
	hash = scatter(hash + uint64(i))
	word = c.counts.at(hash)
	const eraMask = 1<<countBits - 1
	if behind := (uint64(c.era) - *word) & eraMask; behind > 0 {
		*word = halved(*word, min(behind, countBits)) | uint64(c.era)&eraMask
	}
	return word, uint(hash>>32*countsPerWord>>32+1) * countBits
}

// halved returns the counts of a word, so many times halved, without its era.
func halved(word, times uint64) uint64 {
	kept := uint64(maxCount) >> times * 0x1111111111111110
	return word >> times & kept
}

// scatter is the finalizer of SplitMix64.
func scatter(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (c *census) estimate(hash uint64) uint8 {
	least := uint8(maxCount)
	for i := range countRows {
		word, shift := c.cell(hash, i)
		least = min(least, uint8(*word>>shift)&maxCount)
	}
	return least
}

// bury remembers the count of an entry that is evicted, and with recall that it
// may come back soon.
func (c *census) bury(hash uint64, count uint8, recall bool) {
	for i := range countRows {
		word, shift := c.cell(hash, i)
		if uint8(*word>>shift)&maxCount < count {
			*word = *word&^(maxCount<<shift) | uint64(count)<<shift
		}
	}
	if recall {
		c.dig(hash)
	}
}

// grave returns where a hash is buried, and as what.
func (c *census) grave(hash uint64) (bucket *[graveWays]uint32, name uint32) {
	hash = scatter(hash)
	return c.graves.at(hash), uint32(hash>>32) | 1
}

func (c *census) dig(hash uint64) {
	b, name := c.grave(hash)
	copy(b[1:], b[:])
	b[0] = name
}

// forgive reports whether the entry was evicted out of the window not long ago,
// and forgets it.
func (c *census) forgive(hash uint64) bool {
	b, name := c.grave(hash)
	for i := range b {
		if b[i] == name {
			copy(b[i:], b[i+1:])
			b[graveWays-1] = 0
			return true
		}
	}
	return false
}
