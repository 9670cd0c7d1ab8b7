<?php

declare(strict_types=1);

namespace Productcache;

/**
 * A page of a listing.
 *
 * @implements \IteratorAggregate<int, array<string, mixed>>
 */
final class Page implements \Countable, \IteratorAggregate
{
    /**
     * @param list<array<string, mixed>> $items the page's rows; none beyond the last page
     * @param int $total the number of rows of the whole listing
     * @param int $page this page's number; the first is 1
     * @param int $perPage the most rows of a page
     */
    public function __construct(
        public readonly array $items,
        public readonly int $total,
        public readonly int $page,
        public readonly int $perPage,
    ) {
    }

    /** The number of pages; 1 for an empty listing. */
    public function pages(): int
    {
        return max(1, intdiv($this->total + $this->perPage - 1, $this->perPage));
    }

    /** The number of rows of this page. */
    public function count(): int
    {
        return count($this->items);
    }

    public function getIterator(): \ArrayIterator
    {
        return new \ArrayIterator($this->items);
    }
}
