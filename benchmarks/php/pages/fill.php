<?php

declare(strict_types=1);

// Stores the products' JSON in memcached and Redis: php fill.php CONFIG PRODUCTS

require __DIR__ . '/stores.php';

$config = require $argv[1];
$products = json_decode((string) file_get_contents($argv[2]), true);
foreach (['tcp', 'unix'] as $network) {
    foreach (['' => 'd', 'best' => 'b'] as $how => $prefix) {
        $cache = memcached($network, $how, $config);
        foreach ($products as $id => $json) {
            $cache->set($prefix . $id, $json) || throw new RuntimeException('memcached: ' . $cache->getResultMessage());
        }
    }
}
$redis = redis('tcp', $config);
foreach ($products as $id => $json) {
    $redis->set("p$id", $json);
}
