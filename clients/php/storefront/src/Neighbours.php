<?php

declare(strict_types=1);

namespace Storefront;

/** Which products of a listing are shown as similar to one: those of one of its first pages, by the id. */
final class Neighbours
{
    private const PAGES = 3;

    public static function page(int $id): int
    {
        return 1 + $id % self::PAGES;
    }

    /**
     * @param list<int> $ids
     * @return list<int> at most so many of them, without one
     */
    public static function without(int $id, array $ids, int $most): array
    {
        return array_slice(array_values(array_diff($ids, [$id])), 0, $most);
    }
}
