<?php

declare(strict_types=1);

namespace Productcache\Breaker;

/**
 * Remembers in small files: for all processes of a user, without APCu. Two of them may both claim; that costs one
 * probe more.
 */
final class FileMemory implements Memory
{
    private readonly ?string $folder;

    /** @param ?string $folder it is made if need be, and used only if nobody else can have put anything there */
    public function __construct(?string $folder = null)
    {
        $user = function_exists('posix_geteuid') ? posix_geteuid() : getmyuid();
        $folder ??= sys_get_temp_dir() . "/productcache-client-$user";
        if (!is_dir($folder)) {
            @mkdir($folder, 0700);
        }
        $stat = @lstat($folder);
        $own = $stat !== false && ($stat['mode'] & 0170022) === 0040000
            && (!function_exists('posix_geteuid') || $stat['uid'] === $user);
        $this->folder = $own ? $folder : null;
    }

    public function downUntil(string $id): int
    {
        $file = "$this->folder/$id";
        return $this->folder !== null && is_file($file) ? (int) @file_get_contents($file) : 0;
    }

    public function down(string $id, int $until): void
    {
        if ($this->folder !== null) {
            $whole = "$this->folder/$id." . getmypid(); // nobody reads half a number
            if (@file_put_contents($whole, (string) $until) !== false) {
                @rename($whole, "$this->folder/$id");
            }
        }
    }

    public function claim(string $id, int $read, int $until): bool
    {
        if ($this->downUntil($id) !== $read) {
            return false;
        }
        $this->down($id, $until);
        return true;
    }

    public function up(string $id): void
    {
        if ($this->folder !== null) {
            @unlink("$this->folder/$id");
        }
    }
}
