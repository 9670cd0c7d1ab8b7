<?php

declare(strict_types=1);

// OpenCart 3's product page, by the queries that its model sends: one for each kind of thing, one more for each option and
// each group of attributes, and the product's own query again for each related product. Where its order leaves ties, the
// row's number decides, as in docs/catalogs/opencart.yaml: so that pages can be compared.

/** A connection as OpenCart opens it at the start of each page: with two statements. */
function openCartDatabase(array $config, bool $kept): \mysqli
{
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $db = new \mysqli($kept ? 'p:localhost' : 'localhost', 'root', '', $config['opencart_database'], 0, $config['opencart_mysql']);
    $db->set_charset('utf8');
    $db->query("SET SESSION sql_mode = ''");
    return $db;
}

/** @return list<array<string, ?string>> */
function openCartRows(\mysqli $db, string $query): array
{
    return $db->query($query)->fetch_all(MYSQLI_ASSOC);
}

/** @return ?array<string, ?string> */
function openCartProduct(\mysqli $db, int $id): ?array
{
    $valid = static fn (string $t): string => "$t.customer_group_id = 1 AND ($t.date_start = '0000-00-00' OR $t.date_start < NOW())
        AND ($t.date_end = '0000-00-00' OR $t.date_end > NOW())";
    $product = openCartRows($db, "SELECT DISTINCT p.*, d.name, d.description, d.meta_title, d.meta_description, d.meta_keyword, d.tag,
            m.name AS manufacturer,
            (SELECT o.price FROM oc_product_discount o WHERE o.product_id = p.product_id AND o.quantity = 1 AND {$valid('o')}
                ORDER BY o.priority, o.price LIMIT 1) AS discount,
            (SELECT o.price FROM oc_product_special o WHERE o.product_id = p.product_id AND {$valid('o')}
                ORDER BY o.priority, o.price LIMIT 1) AS special,
            (SELECT r.points FROM oc_product_reward r WHERE r.product_id = p.product_id AND r.customer_group_id = 1) AS reward,
            (SELECT s.name FROM oc_stock_status s WHERE s.stock_status_id = p.stock_status_id AND s.language_id = 1) AS stock_status,
            (SELECT w.unit FROM oc_weight_class_description w
                WHERE w.weight_class_id = p.weight_class_id AND w.language_id = 1) AS weight_class,
            (SELECT l.unit FROM oc_length_class_description l
                WHERE l.length_class_id = p.length_class_id AND l.language_id = 1) AS length_class,
            (SELECT AVG(v.rating) FROM oc_review v WHERE v.product_id = p.product_id AND v.status = 1) AS rating,
            (SELECT COUNT(*) FROM oc_review v WHERE v.product_id = p.product_id AND v.status = 1) AS reviews
        FROM oc_product p
        LEFT JOIN oc_product_description d ON d.product_id = p.product_id
        LEFT JOIN oc_product_to_store ps ON ps.product_id = p.product_id
        LEFT JOIN oc_manufacturer m ON m.manufacturer_id = p.manufacturer_id
        WHERE p.product_id = $id AND d.language_id = 1 AND p.status = 1 AND p.date_available <= NOW() AND ps.store_id = 0");
    return $product[0] ?? null;
}

/** @return ?array<string, mixed> what a product page shows, in the shape of the service's answer */
function openCartPage(\mysqli $db, int $id): ?array
{
    $page = openCartProduct($db, $id);
    if ($page === null) {
        return null;
    }
    $page['images'] = openCartRows($db, "SELECT * FROM oc_product_image WHERE product_id = $id
        ORDER BY sort_order, product_image_id");
    $page['discounts'] = openCartRows($db, "SELECT * FROM oc_product_discount
        WHERE product_id = $id AND customer_group_id = 1 AND quantity > 1 AND (date_start = '0000-00-00' OR date_start < NOW())
            AND (date_end = '0000-00-00' OR date_end > NOW()) ORDER BY quantity, priority, price");
    $page['options'] = openCartRows($db, "SELECT po.*, o.type, d.name FROM oc_product_option po
        LEFT JOIN `oc_option` o ON o.option_id = po.option_id
        LEFT JOIN oc_option_description d ON d.option_id = o.option_id
        WHERE po.product_id = $id AND d.language_id = 1 ORDER BY o.sort_order, po.product_option_id");
    foreach ($page['options'] as &$option) {
        $option['values'] = openCartRows($db, "SELECT pv.*, v.image, d.name FROM oc_product_option_value pv
            LEFT JOIN oc_option_value v ON v.option_value_id = pv.option_value_id
            LEFT JOIN oc_option_value_description d ON d.option_value_id = v.option_value_id
            WHERE pv.product_id = $id AND pv.product_option_id = {$option['product_option_id']} AND d.language_id = 1
            ORDER BY v.sort_order, pv.product_option_value_id");
    }
    $page['attribute_groups'] = openCartRows($db, "SELECT g.attribute_group_id, d.name FROM oc_product_attribute pa
        LEFT JOIN oc_attribute a ON a.attribute_id = pa.attribute_id
        LEFT JOIN oc_attribute_group g ON g.attribute_group_id = a.attribute_group_id
        LEFT JOIN oc_attribute_group_description d ON d.attribute_group_id = g.attribute_group_id
        WHERE pa.product_id = $id AND d.language_id = 1 GROUP BY g.attribute_group_id ORDER BY g.sort_order, d.name");
    foreach ($page['attribute_groups'] as &$group) {
        $group['attributes'] = openCartRows($db, "SELECT a.attribute_id, d.name, pa.text FROM oc_product_attribute pa
            LEFT JOIN oc_attribute a ON a.attribute_id = pa.attribute_id
            LEFT JOIN oc_attribute_description d ON d.attribute_id = a.attribute_id
            WHERE pa.product_id = $id AND a.attribute_group_id = {$group['attribute_group_id']}
                AND d.language_id = 1 AND pa.language_id = 1 ORDER BY a.sort_order, d.name");
    }
    $page['categories'] = openCartRows($db, "SELECT * FROM oc_product_to_category WHERE product_id = $id");
    $page['related'] = [];
    $related = openCartRows($db, "SELECT r.related_id FROM oc_product_related r
        LEFT JOIN oc_product p ON p.product_id = r.related_id
        LEFT JOIN oc_product_to_store ps ON ps.product_id = p.product_id
        WHERE r.product_id = $id AND p.status = 1 AND p.date_available <= NOW() AND ps.store_id = 0
        ORDER BY r.related_id");
    foreach ($related as ['related_id' => $other]) {
        $page['related'][] = openCartProduct($db, (int) $other);
    }
    return $page;
}
