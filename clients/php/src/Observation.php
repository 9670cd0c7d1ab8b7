<?php

declare(strict_types=1);

namespace Productcache;

/** What a call cost, and where its answer came from: see Options::$observer. */
final class Observation
{
    /** The answer came from the service. */
    public const SERVICE = 'service';
    /** The answer came from this machine's APCu, perhaps after the service had said that it still holds. */
    public const LOCAL = 'local';
    /** The answer, or a part of it, came from the shop's own fallback. */
    public const FALLBACK = 'fallback';
    /** There was no answer: the call has thrown, or left keys unavailable. */
    public const NONE = 'none';

    /**
     * @param string $lookup the lookup that was asked
     * @param int $keys how many keys were asked for
     * @param string $source one of the constants
     * @param ?string $cacheStatus the service's Cache-Status (RFC 9211), of the last of several requests;
     *     null if the service gave none
     * @param float $milliseconds the duration of the call, the fallback's included
     */
    public function __construct(
        public readonly string $lookup,
        public readonly int $keys,
        public readonly string $source,
        public readonly ?string $cacheStatus,
        public readonly float $milliseconds,
    ) {
    }
}
