<?php

declare(strict_types=1);

// OpenCart's product page: ?how=HOW&id=42. HOW is 'direct' or 'kept' for MySQL, over a connection of the page's own or
// a persistent one, or 'client-NETWORK' with '-apcu' for a level in APCu and '-connected' for a shop that connects to MySQL
// all the same. The page is the same whichever way.

$config = require $_SERVER['BENCH_CONFIG'];
[$how, $network, $more] = explode('-', $_GET['how']) + ['', '', ''];
$id = (int) $_GET['id'];
require __DIR__ . '/opencartsql.php';
if ($how === 'client') {
    require $config['client'];
    if ($more === 'connected') {
        $db = openCartDatabase($config, false);
    }
    $client = new Productcache\Client(
        $config["opencart_$network"],
        new Productcache\Options(localTtl: $more === 'apcu' ? 3600 : 0),
    );
    $page = $client->get('products', $id);
    $ids = array_column($page['related'] ?? [], 'related_id');
    if ($ids !== []) {
        $page['related'] = array_values($client->getMany('products', $ids)['found']);
    }
} else {
    $page = openCartPage(openCartDatabase($config, $how === 'kept'), $id);
}

$price = static fn (?string $amount): string => number_format((float) $amount, 2);
echo $page === null ? "missing\n" : "ok\n<h1>", $page['name'], '</h1>', $page['manufacturer'], ' ', $page['model'], ' ', $page['stock_status'];
echo "\n", $price($page['price']), ' ', $price($page['special']), ' ', $page['reviews'], "\n", html_entity_decode($page['description']);
foreach ($page['images'] as $image) {
    echo "\n<img src=\"", $image['image'], '">';
}
foreach ($page['discounts'] as $discount) {
    echo "\n", $discount['quantity'], ': ', $price($discount['price']);
}
foreach ($page['options'] as $option) {
    echo "\n<h2>", $option['name'], ' ', $option['type'], '</h2>';
    foreach ($option['values'] as $value) {
        echo "\n", $value['name'], ' ', $value['price_prefix'], $price($value['price']);
    }
}
foreach ($page['attribute_groups'] as $group) {
    echo "\n<h2>", $group['name'], '</h2>';
    foreach ($group['attributes'] as $attribute) {
        echo "\n", $attribute['name'], ': ', $attribute['text'];
    }
}
foreach ($page['related'] as $other) {
    echo "\n<a>", $other['name'], ' ', $price($other['price']), '</a>';
}
echo "\n";
