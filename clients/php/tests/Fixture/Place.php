<?php

declare(strict_types=1);

namespace Productcache\Tests\Fixture;

/** Where the tests run. */
final class Place
{
    public static function variable(string $name): string
    {
        $value = getenv($name);
        if ($value === false) {
            throw new \RuntimeException("$name is not set: `go test ./clients/php` runs these tests");
        }
        return $value;
    }

    /** A new folder, short enough a path for a socket's. */
    public static function folder(): string
    {
        $folder = sys_get_temp_dir() . '/pc-' . bin2hex(random_bytes(6));
        mkdir($folder, 0700);
        return $folder;
    }

    public static function remove(string $folder): void
    {
        foreach (array_diff(scandir($folder), ['.', '..']) as $name) {
            is_dir("$folder/$name") ? self::remove("$folder/$name") : unlink("$folder/$name");
        }
        rmdir($folder);
    }

    /** Tries until it is so, for what other processes tell nobody. */
    public static function await(callable $is, string $what): void
    {
        for ($until = microtime(true) + 20; !$is();) {
            if (microtime(true) > $until) {
                throw new \RuntimeException("it never came about: $what");
            }
            usleep(1000);
        }
    }
}
