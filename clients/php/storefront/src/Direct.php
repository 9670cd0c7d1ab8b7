<?php

declare(strict_types=1);

namespace Storefront;

use Productcache\Page;

/** The shop as it was: every page asks MySQL. */
final class Direct implements Goods
{
    public function __construct(private readonly Queries $queries)
    {
    }

    public function menus(array $parents): array
    {
        return array_combine($parents, array_map($this->queries->menu(...), $parents));
    }

    public function category(int $id): ?array
    {
        return $this->queries->category($id);
    }

    public function page(int $category, int $page, int $perPage): Page
    {
        $total = $this->queries->countOf($category);
        return new Page($this->cards($this->queries->idsOf($category, $page, $perPage)), $total, $page, $perPage);
    }

    public function product(int $id): ?array
    {
        return $this->queries->product($id);
    }

    public function similar(int $id, int $category, int $most): array
    {
        foreach (array_unique([Neighbours::page($id), 1]) as $page) {
            $ids = Neighbours::without($id, $this->queries->idsOf($category, $page, $most + 1), $most);
            if ($ids !== []) {
                return $this->cards($ids);
            }
        }
        return [];
    }

    public function bySku(array $skus): array
    {
        $found = array_filter(array_map($this->queries->sku(...), $skus));
        $ids = array_values(array_unique(array_column($found, 'product_id')));
        return array_values(array_filter(array_map($this->queries->product(...), $ids)));
    }

    /**
     * @param list<int> $ids
     * @return list<array<string, mixed>>
     */
    private function cards(array $ids): array
    {
        return array_values(array_filter(array_map($this->queries->card(...), $ids)));
    }
}
