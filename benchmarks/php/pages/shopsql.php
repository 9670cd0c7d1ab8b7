<?php

declare(strict_types=1);

// The demo's shop as a shop's own code would read it.

/** @return list<array<string, mixed>> */
function rows(\mysqli $db, string $query): array
{
    return $db->query($query)->fetch_all(MYSQLI_ASSOC);
}

/**
 * A product page, by a query for each kind of thing on it: 8 queries.
 *
 * @return ?array<string, mixed> what the service answers, as the demo's catalog has it
 */
function productPage(\mysqli $db, int $id): ?array
{
    $product = rows($db, "SELECT product_id, sku, manufacturer_id, price, quantity, version, date_modified
        FROM products WHERE product_id = $id AND status = 1")[0] ?? null;
    if ($product === null) {
        return null;
    }
    $product += rows($db, "SELECT name, description FROM product_descriptions WHERE product_id = $id")[0];
    $product['special'] = rows($db, "SELECT price FROM product_specials WHERE product_id = $id")[0]['price'] ?? null;
    $maker = (int) $product['manufacturer_id'];
    $product['manufacturer'] = rows($db, "SELECT name FROM manufacturers WHERE manufacturer_id = $maker")[0]['name'];
    $product['images'] = rows($db, "SELECT image FROM product_images WHERE product_id = $id ORDER BY sort_order");
    $product['attributes'] = rows($db, "SELECT name, value FROM product_attributes WHERE product_id = $id ORDER BY name");
    $categories = rows($db, "SELECT category_id FROM product_to_category WHERE product_id = $id ORDER BY category_id");
    $in = implode(',', array_map(intval(...), array_column($categories, 'category_id')));
    $product['categories'] = rows($db, "SELECT category_id, name FROM categories WHERE category_id IN ($in) ORDER BY category_id");
    return $product;
}

/**
 * A listing as OpenCart reads it: the ids, and then each product by a query: 25 queries for 24 products.
 *
 * @param list<int> $ids
 * @return array<int, array<string, mixed>>
 */
function productListing(\mysqli $db, array $ids): array
{
    $in = implode(',', $ids);
    $products = [];
    foreach (rows($db, "SELECT product_id FROM products WHERE product_id IN ($in) AND status = 1") as ['product_id' => $id]) {
        $products[(int) $id] = rows($db, "SELECT p.product_id, p.sku, d.name, d.description, p.price, s.price AS special,
                m.name AS manufacturer, p.quantity, p.version, p.date_modified,
                (SELECT i.image FROM product_images i WHERE i.product_id = p.product_id ORDER BY i.sort_order LIMIT 1) AS image
            FROM products p
            JOIN product_descriptions d ON d.product_id = p.product_id
            JOIN manufacturers m ON m.manufacturer_id = p.manufacturer_id
            LEFT JOIN product_specials s ON s.product_id = p.product_id
            WHERE p.product_id = $id AND p.status = 1")[0];
    }
    return $products;
}

/**
 * The least that MySQL can be asked: ready JSON, by primary key, in one query.
 *
 * @param list<int> $ids
 * @return array<int, array<string, mixed>>
 */
function flatProducts(\mysqli $db, array $ids): array
{
    $products = [];
    foreach (rows($db, 'SELECT product_id, body FROM flat_products WHERE product_id IN (' . implode(',', $ids) . ')') as $row) {
        $products[(int) $row['product_id']] = json_decode($row['body'], true);
    }
    return $products;
}
