<?php

declare(strict_types=1);

namespace Productcache\Adapter;

use Productcache\Client;
use Psr\SimpleCache\CacheInterface;

/**
 * One lookup as a cache of PSR-16, for code that takes such a cache to read from.
 *
 *     $products = new Productcache\Adapter\SimpleCache($shop, 'products');
 *     $product = $products->get('42', $default);
 *
 * The service reads through: what it answers comes from MySQL, and there is nothing to set. So get, getMultiple and has
 * read; set and setMultiple store nothing and return false; delete and deleteMultiple purge keys, and clear purges the
 * lookup: the next get reads MySQL again.
 *
 * A service that is away, or that has no answer, is an empty cache: get returns the default, has returns false, delete
 * returns false, and nothing is thrown. With Options::$fallback the client asks the shop's own SQL before that.
 *
 * PSR-16 reserves the characters {}()/\@: in keys. A lookup's key that has one, an e-mail address or a path, cannot be asked
 * for here, but by the client itself. The length of keys is limited by the service only: 1024 bytes.
 */
final class SimpleCache implements CacheInterface
{
    private readonly Lookup $lookup;

    /** @param string $lookup the name of the lookup in the service's catalog */
    public function __construct(Client $client, string $lookup)
    {
        $this->lookup = new Lookup($client, $lookup, InvalidSimpleCacheKey::class);
    }

    /**
     * @param string $key
     * @param mixed $default
     * @return mixed the product's fields, or the list of a listing's rows; $default if there is nothing with this key, or if nobody knows
     * @throws InvalidSimpleCacheKey also for what the service refuses: a key that is no number where it must be one, an unknown lookup
     */
    public function get($key, $default = null): mixed
    {
        return $this->lookup->get($this->lookup->key($key)) ?? $default;
    }

    /**
     * @param iterable<string> $keys
     * @param mixed $default
     * @return array<array-key, mixed> by key, in the order of $keys; PHP makes the integer 42 of the array key '42'
     * @throws InvalidSimpleCacheKey
     */
    public function getMultiple($keys, $default = null): iterable
    {
        $keys = $this->lookup->keys($keys);
        return array_replace(array_fill_keys($keys, $default), $this->lookup->many($keys));
    }

    /**
     * @param string $key
     * @throws InvalidSimpleCacheKey
     */
    public function has($key): bool
    {
        return $this->lookup->get($this->lookup->key($key)) !== null;
    }

    /**
     * Stores nothing.
     *
     * @param string $key
     * @param mixed $value
     * @param null|int|\DateInterval $ttl
     * @return bool false
     * @throws InvalidSimpleCacheKey
     */
    public function set($key, $value, $ttl = null): bool
    {
        $this->lookup->key($key);
        return false;
    }

    /**
     * Stores nothing.
     *
     * @param iterable<string, mixed> $values
     * @param null|int|\DateInterval $ttl
     * @return bool false
     * @throws InvalidSimpleCacheKey
     */
    public function setMultiple($values, $ttl = null): bool
    {
        $this->lookup->keys(is_iterable($values) ? self::keysOf($values) : $values);
        return false;
    }

    /**
     * Purges a key.
     *
     * @param string $key
     * @return bool whether all nodes have confirmed it
     * @throws InvalidSimpleCacheKey
     */
    public function delete($key): bool
    {
        return $this->lookup->purge([$this->lookup->key($key)]);
    }

    /**
     * Purges keys.
     *
     * @param iterable<string> $keys
     * @return bool whether all nodes have confirmed it
     * @throws InvalidSimpleCacheKey
     */
    public function deleteMultiple($keys): bool
    {
        return $this->lookup->purge($this->lookup->keys($keys));
    }

    /** Purges the whole lookup; returns whether all nodes have confirmed it. */
    public function clear(): bool
    {
        return $this->lookup->purgeAll();
    }

    private static function keysOf(iterable $values): \Generator
    {
        foreach ($values as $key => $ignored) {
            yield $key;
        }
    }
}
