<?php

declare(strict_types=1);

namespace Productcache\Adapter;

use Psr\Cache\CacheItemInterface;

/** What CachePool knows of a key. A value that is set, and a time, stay in the item: the pool saves none. */
final class CacheItem implements CacheItemInterface
{
    /** @internal CachePool makes items */
    public function __construct(
        private readonly string $key,
        private mixed $value,
        private readonly bool $hit,
    ) {
    }

    public function getKey(): string
    {
        return $this->key;
    }

    /** The product's fields, or the list of a listing's rows; null if it is no hit, until a value is set. */
    public function get(): mixed
    {
        return $this->value;
    }

    public function isHit(): bool
    {
        return $this->hit;
    }

    /** @param mixed $value */
    public function set($value): static
    {
        $this->value = $value;
        return $this;
    }

    /** @param ?\DateTimeInterface $expiration */
    public function expiresAt($expiration): static
    {
        return $this;
    }

    /** @param null|int|\DateInterval $time */
    public function expiresAfter($time): static
    {
        return $this;
    }
}
