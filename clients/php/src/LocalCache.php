<?php

declare(strict_types=1);

namespace Productcache;

/**
 * Answers in APCu, by the request's target, with their ETags.
 *
 * A purge by this client makes all answers of a lookup on this machine unknown, by a number in their keys.
 */
final class LocalCache
{
    private const PREFIX = 'productcache:';

    /** @param string $space tells services apart */
    public function __construct(
        private readonly string $space,
        private readonly int|float $ttl,
        private readonly int $keep,
    ) {
    }

    /** @return ?array{mixed, ?string, float} value, ETag and time of the last confirmation; null if there is nothing */
    public function find(string $key): ?array
    {
        $entry = apcu_fetch($key);
        return is_array($entry) ? $entry : null;
    }

    /** @param array{mixed, ?string, float} $entry */
    public function isFresh(array $entry): bool
    {
        $age = microtime(true) - $entry[2];
        return $age >= 0 && $age < $this->ttl;
    }

    /**
     * @param ?string $etag null: it cannot be asked about, and is kept no longer than it is fresh
     * @param float $asked when the request was sent: what changed since may be missing
     */
    public function store(string $key, mixed $value, ?string $etag, float $asked): void
    {
        $seconds = $etag === null ? $this->ttl : max($this->ttl, $this->keep);
        apcu_store($key, [$value, $etag, $asked], max(1, (int) ceil($seconds)));
    }

    /** The key of an answer: to be made before the request is sent, so that a purge meanwhile is not missed. */
    public function key(string $lookup, string $target): string
    {
        $purges = apcu_fetch(self::PREFIX . "$this->space:purges:$lookup");
        return self::PREFIX . "$this->space:" . (int) $purges . ":$target";
    }

    /** Forgets all answers of a lookup. */
    public function forget(string $lookup): void
    {
        apcu_inc(self::PREFIX . "$this->space:purges:$lookup", 1, $done);
    }
}
