<?php

declare(strict_types=1);

namespace Storefront;

use Productcache\Client;
use Productcache\Options;
use Productcache\Page;

/** The same shop by the cache. When the service is away, the client asks the shop's own queries. */
final class Cached implements Goods
{
    public function __construct(private readonly Client $shop)
    {
    }

    public static function connect(Settings $settings, Queries $queries, Meter $meter): self
    {
        $direct = new Direct($queries);
        $one = static fn (string $lookup, int|string $key): ?array => match ($lookup) {
            'products' => $queries->product((int) $key),
            'categories' => $queries->category((int) $key),
            'menu' => $queries->menu((int) $key),
            'sku' => $queries->sku((string) $key),
        };
        return new self(new Client($settings->services, new Options(
            fallback: static function (string $lookup, array $keys) use ($one): array {
                $found = [];
                foreach ($keys as $key) {
                    $found[$key] = $one($lookup, $key);
                }
                return array_filter($found, static fn (?array $row): bool => $row !== null);
            },
            pageFallback: static function (string $lookup, int|string $key, int $page, int $perPage) use ($direct): array {
                $cards = $direct->page((int) $key, $page, $perPage);
                return ['items' => $cards->items, 'total' => $cards->total];
            },
            localTtl: $settings->localTtl,
            observer: $meter->call(...),
        )));
    }

    public function menus(array $parents): array
    {
        return $this->found('menu', $parents) + array_fill_keys($parents, []);
    }

    public function category(int $id): ?array
    {
        return $this->shop->get('categories', $id);
    }

    public function page(int $category, int $page, int $perPage): Page
    {
        return $this->shop->page('category', $category, $page, $perPage);
    }

    public function product(int $id): ?array
    {
        return $this->shop->get('products', $id);
    }

    public function similar(int $id, int $category, int $most): array
    {
        foreach (array_unique([Neighbours::page($id), 1]) as $page) {
            $cards = $this->shop->page('category', $category, $page, $most + 1);
            $ids = Neighbours::without($id, array_column($cards->items, 'product_id'), $most);
            if ($ids !== []) {
                return $this->products($ids);
            }
        }
        return [];
    }

    public function bySku(array $skus): array
    {
        $found = $this->found('sku', $skus);
        return $this->products(array_values(array_unique(array_column($found, 'product_id'))));
    }

    /**
     * @param list<int> $ids
     * @return list<array<string, mixed>> those that there are, in order
     */
    private function products(array $ids): array
    {
        $found = $ids === [] ? [] : $this->found('products', $ids);
        return array_values(array_filter(array_map(static fn (int $id): ?array => $found[$id] ?? null, $ids)));
    }

    /**
     * @param list<int|string> $keys
     * @return array<int|string, array> what was found, by key
     * @throws Away if none was found, and some may be there all the same
     */
    private function found(string $lookup, array $keys): array
    {
        $answer = $this->shop->getMany($lookup, $keys);
        if ($answer['found'] === [] && $answer['unavailable'] !== []) {
            throw new Away("neither the service nor MySQL answers for $lookup");
        }
        return $answer['found'];
    }
}
