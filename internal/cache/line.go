package cache

// line is where the flights of a lookup wait for a slot. Keys that have a value, though an old one, and keys
// that have none take turns: a crowd that asks for ever new keys does not keep what everybody asks for from being
// refreshed, until it may be served no more.
type line[V any] struct{ valued, bare []*flight[V] }

func (q *line[V]) len() int { return len(q.valued) + len(q.bare) }

func (q *line[V]) add(led []*flight[V]) {
	for _, fl := range led {
		if fl.valued {
			q.valued = append(q.valued, fl)
		} else {
			q.bare = append(q.bare, fl)
		}
	}
}

// take takes up to so many flights, but for those that have left: of either kind half, where there are so many.
func (q *line[V]) take(most int) []*flight[V] {
	flights := takeFirst(&q.valued, max(most-len(q.bare), (most+1)/2), nil)
	flights = takeFirst(&q.bare, most-len(flights), flights)
	return takeFirst(&q.valued, most-len(flights), flights)
}

// takeFirst appends the first flights of a queue that have not left, up to so many.
func takeFirst[V any](queue *[]*flight[V], most int, flights []*flight[V]) []*flight[V] {
	taken := 0
	for _, fl := range *queue {
		if most <= 0 {
			break
		}
		taken++
		if !fl.gone.Load() {
			flights = append(flights, fl)
			most--
		}
	}
	*queue = (*queue)[taken:]
	if len(*queue) == 0 {
		*queue = nil // lets go of the flights that have left
	}
	return flights
}
