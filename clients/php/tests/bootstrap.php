<?php

declare(strict_types=1);

require __DIR__ . '/../autoload.php';
foreach (['Log', 'SimpleCache', 'Cache'] as $package) {
    require "/usr/share/php/Psr/$package/autoload.php";
}
spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Productcache\\Tests\\')) {
        require __DIR__ . '/' . strtr(substr($class, 19), '\\', '/') . '.php';
    }
});
