<?php

declare(strict_types=1);

// The storefront's one entry: every address that is no file leads here.

use Storefront\App;
use Storefront\Settings;

if (PHP_SAPI === 'cli-server' && in_array($_SERVER['SCRIPT_NAME'], ['/shop.css', '/icon.svg'], true)) {
    return false; // PHP's own server serves these files itself
}

ini_set('display_errors', '0');
require __DIR__ . '/../../autoload.php';
require __DIR__ . '/../src/autoload.php';

App::start(Settings::fromEnvironment())->answer($_SERVER, $_GET, $_POST, $_COOKIE)->send();
