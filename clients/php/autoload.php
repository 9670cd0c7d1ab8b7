<?php

declare(strict_types=1);

// Loads the client where there is no Composer: require this file.
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Productcache\\')) {
        $file = __DIR__ . '/src/' . strtr(substr($class, 13), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
