<?php

declare(strict_types=1);

// A page of the demo's shop: ?store=NAME&ids=1,2,3. Begins with "ok" when all products are there.

$config = require $_SERVER['BENCH_CONFIG'];
require $config['client'];
require __DIR__ . '/stores.php';

$ids = array_map(intval(...), explode(',', $_GET['ids']));
if ($_GET['store'] === 'fallback') {
    $sql = mysqlStore('', $config);
    $client = new Productcache\Client($config[$_GET['service']], new Productcache\Options(
        fallback: static fn (string $lookup, array $keys): array => $sql($keys),
        retryAfter: (int) $_GET['retry'],
        transport: $_GET['transport'],
    ));
    $get = clientProducts($client);
} else {
    $get = store($_GET['store'], $config);
}
$products = $get($ids);
echo count($products) === count($ids) ? "ok\n" : "incomplete\n";
foreach ($products as $id => $product) {
    echo '<li id="', $id, '"><b>', htmlspecialchars($product['name']), '</b> ', $product['price'], "</li>\n";
}
