package cache

// slab holds the hashes of a shadow in arrays of a fixed size: what a shadow
// does costs little, and never allocates.
type slab struct {
	nodes  []slabNode
	chains []uint16 // by hash: the first node of those that share a place
	free   uint16   // the first of those that are, linked by next
}

// slabNode is a hash in one queue. The first queueCount nodes are the ends of
// the queues.
type slabNode struct {
	hash       uint64
	prev, next uint16 // in its queue: the next one is older
	chain      uint16 // the next one of its chain, 0: none
	rank       rank
}

// newSlab makes one with room for n hashes.
func newSlab(n int) *slab {
	chains := 1
	for chains < n {
		chains *= 2
	}
	s := &slab{nodes: make([]slabNode, queueCount+n), chains: make([]uint16, chains)}
	for i := range s.nodes {
		if i < queueCount {
			s.nodes[i].prev, s.nodes[i].next = uint16(i), uint16(i)
		} else {
			s.nodes[i].next = uint16(i + 1)
		}
	}
	s.free = queueCount
	return s
}

// slabList is one queue of a slab: a list as those of simplelru.
type slabList struct {
	*slab
	place uint16
	n     int
}

func (l *slabList) Len() int { return l.n }

// Peek returns the rank of a hash that stands in this queue.
func (l *slabList) Peek(hash uint64) (*rank, bool) {
	n, ok := l.find(hash)
	if !ok || l.nodes[n].rank.queue() != uint8(l.place) {
		return nil, false
	}
	return &l.nodes[n].rank, true
}

// Get is Peek, and makes the hash the youngest.
func (l *slabList) Get(hash uint64) (*rank, bool) {
	n, ok := l.find(hash)
	if !ok || l.nodes[n].rank.queue() != uint8(l.place) {
		return nil, false
	}
	l.unlink(n)
	l.link(n, l.place)
	return &l.nodes[n].rank, true
}

// GetOldest returns the hash whose turn it is.
func (l *slabList) GetOldest() (hash uint64, r *rank, ok bool) {
	n := l.nodes[l.place].prev
	return l.nodes[n].hash, &l.nodes[n].rank, n != l.place
}

// Add puts a hash in that is in no queue, with a copy of its rank. There is room.
func (l *slabList) Add(hash uint64, r *rank) bool {
	n := l.free
	at := &l.nodes[n]
	l.free = at.next
	head := l.head(hash)
	at.hash, at.chain, at.rank = hash, *head, *r
	*head = n
	l.link(n, l.place)
	l.n++
	return false
}

// Remove takes a hash out that stands in this queue.
func (l *slabList) Remove(hash uint64) bool {
	at := l.head(hash)
	for l.nodes[*at].hash != hash {
		at = &l.nodes[*at].chain
	}
	n := *at
	*at = l.nodes[n].chain
	l.unlink(n)
	l.nodes[n].next, l.free = l.free, n
	l.n--
	return true
}

func (s *slab) head(hash uint64) *uint16 { return &s.chains[hash&uint64(len(s.chains)-1)] }

func (s *slab) find(hash uint64) (n uint16, ok bool) {
	for n = *s.head(hash); n != 0; n = s.nodes[n].chain {
		if s.nodes[n].hash == hash {
			return n, true
		}
	}
	return 0, false
}

func (s *slab) link(n, after uint16) {
	at := &s.nodes[n]
	at.prev, at.next = after, s.nodes[after].next
	s.nodes[at.next].prev, s.nodes[after].next = n, n
}

func (s *slab) unlink(n uint16) {
	at := &s.nodes[n]
	s.nodes[at.prev].next, s.nodes[at.next].prev = at.next, at.prev
}
