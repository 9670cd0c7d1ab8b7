<?php

// A product page without a framework. With `make demo` running:
//
//     php -S 127.0.0.1:8000 clients/php/examples/product.php     and then http://127.0.0.1:8000/?id=42
//
// When the service is away the page reads MySQL itself, from SHOP_PDO (mysql:host=127.0.0.1;dbname=shop), SHOP_USER and SHOP_PASSWORD.

declare(strict_types=1);

require __DIR__ . '/../autoload.php';

$fallback = static function (string $lookup, array $keys): array {
    $db = new PDO(getenv('SHOP_PDO') ?: 'mysql:host=127.0.0.1;dbname=shop', getenv('SHOP_USER') ?: 'shop', getenv('SHOP_PASSWORD') ?: '');
    $query = $db->prepare('SELECT d.name, d.description, p.price, s.price AS special, m.name AS manufacturer FROM products p
        JOIN product_descriptions d ON d.product_id = p.product_id JOIN manufacturers m ON m.manufacturer_id = p.manufacturer_id
        LEFT JOIN product_specials s ON s.product_id = p.product_id WHERE p.product_id = ? AND p.status = 1');
    $query->execute($keys);
    $product = $query->fetch(PDO::FETCH_ASSOC);
    return $product === false ? [] : [$keys[0] => $product + ['attributes' => []]];
};
$url = getenv('PRODUCTCACHE_URL') ?: 'http://127.0.0.1:8080';
$shop = new Productcache\Client($url, new Productcache\Options(fallback: $fallback));
try {
    $product = $shop->get('products', (int) ($_GET['id'] ?? 0));
} catch (PDOException) { // neither the service nor MySQL
    http_response_code(503);
    header('Retry-After: 5');
    exit('Please try again in a moment.');
}
if ($product === null) {
    http_response_code(404);
    exit('There is no such product.');
}
$h = static fn (mixed $text): string => htmlspecialchars((string) $text);
?>
<!doctype html>
<html lang="en">
<title><?= $h($product['name']) ?></title>
<h1><?= $h($product['name']) ?></h1>
<p><?= $h($product['manufacturer']) ?>: <strong><?= number_format((float) ($product['special'] ?? $product['price']), 2) ?></strong></p>
<p><?= $h(strip_tags($product['description'])) ?></p>
<?php foreach ($product['attributes'] as $attribute) : ?>
<p><?= $h("$attribute[name]: $attribute[value]") ?></p>
<?php endforeach ?>
</html>
