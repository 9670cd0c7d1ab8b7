<?php

declare(strict_types=1);

namespace Productcache\Adapter;

use Productcache\Client;
use Psr\Cache\CacheItemInterface;
use Psr\Cache\CacheItemPoolInterface;

/**
 * One lookup as a cache pool of PSR-6, for code that takes such a pool to read from.
 *
 *     $products = new Productcache\Adapter\CachePool($shop, 'products');
 *     $item = $products->getItem('42');
 *
 * It is to PSR-6 what SimpleCache is to PSR-16: getItem, getItems and hasItem read; save and saveDeferred store nothing
 * and return false; deleteItem and deleteItems purge keys, and clear purges the lookup. A service that is away has no hits,
 * and throws nothing. Keys must have none of {}()/\@:.
 */
final class CachePool implements CacheItemPoolInterface
{
    private readonly Lookup $lookup;

    /** @param string $lookup the name of the lookup in the service's catalog */
    public function __construct(Client $client, string $lookup)
    {
        $this->lookup = new Lookup($client, $lookup, InvalidCachePoolKey::class);
    }

    /**
     * @param string $key
     * @throws InvalidCachePoolKey also for what the service refuses: a key that is no number where it must be one, an unknown lookup
     */
    public function getItem($key): CacheItemInterface
    {
        $key = $this->lookup->key($key);
        return self::item($key, $this->lookup->get($key));
    }

    /**
     * @param list<string> $keys
     * @return array<array-key, CacheItemInterface> by key, in the order of $keys; PHP makes the integer 42 of the array key '42'
     * @throws InvalidCachePoolKey
     */
    public function getItems(array $keys = []): iterable
    {
        $keys = $this->lookup->keys($keys);
        $found = $this->lookup->many($keys);
        $items = [];
        foreach ($keys as $key) {
            $items[$key] = self::item($key, $found[$key] ?? null);
        }
        return $items;
    }

    /**
     * @param string $key
     * @throws InvalidCachePoolKey
     */
    public function hasItem($key): bool
    {
        return $this->lookup->get($this->lookup->key($key)) !== null;
    }

    /**
     * Purges a key.
     *
     * @param string $key
     * @return bool whether all nodes have confirmed it
     * @throws InvalidCachePoolKey
     */
    public function deleteItem($key): bool
    {
        return $this->lookup->purge([$this->lookup->key($key)]);
    }

    /**
     * Purges keys.
     *
     * @param list<string> $keys
     * @return bool whether all nodes have confirmed it
     * @throws InvalidCachePoolKey
     */
    public function deleteItems(array $keys): bool
    {
        return $this->lookup->purge($this->lookup->keys($keys));
    }

    /** Purges the whole lookup; returns whether all nodes have confirmed it. */
    public function clear(): bool
    {
        return $this->lookup->purgeAll();
    }

    /** Stores nothing, and returns false. */
    public function save(CacheItemInterface $item): bool
    {
        return false;
    }

    /** Stores nothing, and returns false. */
    public function saveDeferred(CacheItemInterface $item): bool
    {
        return false;
    }

    /** There is never anything to commit: returns true. */
    public function commit(): bool
    {
        return true;
    }

    private static function item(string $key, ?array $value): CacheItem
    {
        return new CacheItem($key, $value, $value !== null);
    }
}
