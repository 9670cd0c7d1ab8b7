<?php

declare(strict_types=1);

namespace Productcache\Breaker;

/** Remembers in APCu: for all workers of a web server. */
final class ApcuMemory implements Memory
{
    private const PREFIX = 'productcache:down:';
    private const SECONDS = 3600; // after which a forgotten endpoint is tried as if nothing had been

    public function downUntil(string $id): int
    {
        $until = apcu_fetch(self::PREFIX . $id);
        return is_int($until) ? $until : 0;
    }

    public function down(string $id, int $until): void
    {
        apcu_store(self::PREFIX . $id, $until, self::SECONDS);
    }

    public function claim(string $id, int $read, int $until): bool
    {
        return apcu_cas(self::PREFIX . $id, $read, $until);
    }

    public function up(string $id): void
    {
        apcu_delete(self::PREFIX . $id);
    }
}
