<?php

declare(strict_types=1);

namespace Productcache\Adapter;

use Productcache\Client;
use Productcache\PurgeFailed;
use Productcache\Refused;
use Productcache\Unavailable;

/**
 * One lookup as both adapters see it: a service that is away has nothing, and never throws.
 *
 * @internal
 */
final class Lookup
{
    private const RESERVED = '{}()/\\@:';

    /** @param class-string<\InvalidArgumentException> $invalid thrown for keys that are not legal */
    public function __construct(
        private readonly Client $client,
        private readonly string $name,
        private readonly string $invalid,
    ) {
    }

    /**
     * Checks a key and returns it.
     *
     * @param mixed $key a string of at least one character without any of {}()/\@:, or an integer, since PHP makes one of
     *     '42' wherever it is the key of an array
     */
    public function key($key): string
    {
        if (!is_string($key) && !is_int($key)) {
            throw new $this->invalid('productcache: a key must be a string, not ' . get_debug_type($key));
        }
        $key = (string) $key;
        if ($key === '' || strpbrk($key, self::RESERVED) !== false) {
            throw new $this->invalid("productcache: '$key' is no key here: it must have at least one character, and none of "
                . self::RESERVED . ', which PSR-6 and PSR-16 reserve. Productcache\\Client takes such keys.');
        }
        return $key;
    }

    /**
     * @param mixed $keys
     * @return list<string>
     */
    public function keys($keys): array
    {
        if (!is_iterable($keys)) {
            throw new $this->invalid('productcache: keys must be an array or a Traversable, not ' . get_debug_type($keys));
        }
        $checked = [];
        foreach ($keys as $key) {
            $checked[] = $this->key($key);
        }
        return $checked;
    }

    /** @return ?array<array-key, mixed> null: there is nothing with this key, or nobody knows */
    public function get(string $key): ?array
    {
        try {
            return $this->client->get($this->name, $key);
        } catch (Unavailable) {
            return null;
        } catch (Refused $e) {
            throw new $this->invalid($e->getMessage(), 0, $e);
        }
    }

    /**
     * @param list<string> $keys
     * @return array<array-key, array<array-key, mixed>> what was found
     */
    public function many(array $keys): array
    {
        try {
            return $this->client->getMany($this->name, $keys)['found'];
        } catch (Unavailable) {
            return [];
        } catch (Refused $e) {
            throw new $this->invalid($e->getMessage(), 0, $e);
        }
    }

    /**
     * @param list<string> $keys
     * @return bool whether all nodes have confirmed it
     */
    public function purge(array $keys): bool
    {
        try {
            $this->client->purge($this->name, $keys);
            return true;
        } catch (PurgeFailed) {
            return false;
        }
    }

    /** @return bool whether all nodes have confirmed it */
    public function purgeAll(): bool
    {
        try {
            $this->client->purgeAll($this->name);
            return true;
        } catch (PurgeFailed) {
            return false;
        }
    }
}
