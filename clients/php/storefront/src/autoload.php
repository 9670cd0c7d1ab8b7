<?php

declare(strict_types=1);

require __DIR__ . '/functions.php';

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Storefront\\')) {
        $file = __DIR__ . '/' . strtr(substr($class, 11), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
