<?php

declare(strict_types=1);

namespace Productcache\Breaker;

/** Where it is remembered which endpoints are dead. Times are milliseconds since 1970. What fails is as if nothing were known. */
interface Memory
{
    /** Until when an endpoint is to be left alone; 0 if it is not known to be dead. */
    public function downUntil(string $id): int;

    public function down(string $id, int $until): void;

    /**
     * Puts the time off, unless another process has done so since it was read.
     *
     * @return bool whether it was this call that did
     */
    public function claim(string $id, int $read, int $until): bool;

    public function up(string $id): void;
}
