<?php

declare(strict_types=1);

namespace Storefront;

use Productcache\Page;
use Productcache\ProductcacheException;

/** Where the pages get their data: from MySQL, or by the cache. */
interface Goods
{
    /**
     * @param list<int> $parents
     * @return array<int, list<array{category_id: int, name: string}>> the categories below each; 0 is above all
     * @throws Away|ProductcacheException
     */
    public function menus(array $parents): array;

    /**
     * @return ?array{category_id: int, parent_id: int, name: string}
     * @throws Away|ProductcacheException
     */
    public function category(int $id): ?array;

    /**
     * A page of cards of a category.
     *
     * @throws Away|ProductcacheException
     */
    public function page(int $category, int $page, int $perPage): Page;

    /**
     * @return ?array<string, mixed> all of a product
     * @throws Away|ProductcacheException
     */
    public function product(int $id): ?array;

    /**
     * At most so many other products of a category.
     *
     * @return list<array<string, mixed>> cards
     * @throws Away|ProductcacheException
     */
    public function similar(int $id, int $category, int $most): array;

    /**
     * @param list<string> $skus article numbers, in any case
     * @return list<array<string, mixed>> products, in the order of the numbers
     * @throws Away|ProductcacheException
     */
    public function bySku(array $skus): array;
}
