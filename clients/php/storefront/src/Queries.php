<?php

declare(strict_types=1);

namespace Storefront;

/**
 * The shop's own SQL: small queries, one product at a time, as many shops have
 * them. Rows have the same shape as the service's documents, since these
 * queries stand in for it when it is away.
 */
final class Queries
{
    public function __construct(private readonly Database $database)
    {
    }

    /** @return list<array{category_id: int, name: string}> the categories below one; 0 is above all */
    public function menu(int $parent): array
    {
        return $this->database->rows(
            'SELECT category_id, name FROM categories WHERE parent_id = ? ORDER BY name',
            [$parent],
        );
    }

    /** @return ?array{category_id: int, parent_id: int, name: string} */
    public function category(int $id): ?array
    {
        return $this->database->row('SELECT category_id, parent_id, name FROM categories WHERE category_id = ?', [$id]);
    }

    /** The number of products of a category. */
    public function countOf(int $category): int
    {
        $row = $this->database->row(
            'SELECT COUNT(*) AS n FROM product_to_category pc JOIN products p ON p.product_id = pc.product_id'
            . ' WHERE pc.category_id = ? AND p.status = 1',
            [$category],
        );
        return (int) $row['n'];
    }

    /** @return list<int> the ids of a page's products */
    public function idsOf(int $category, int $page, int $perPage): array
    {
        $rows = $this->database->rows(
            'SELECT p.product_id FROM product_to_category pc JOIN products p ON p.product_id = pc.product_id'
            . ' WHERE pc.category_id = ? AND p.status = 1 ORDER BY p.product_id'
            . sprintf(' LIMIT %d OFFSET %d', $perPage, ($page - 1) * $perPage),
            [$category],
        );
        return array_column($rows, 'product_id');
    }

    /** @return ?array<string, mixed> what a card shows of a product */
    public function card(int $id): ?array
    {
        $card = $this->database->row(
            'SELECT p.product_id, d.name, p.price FROM products p'
            . ' JOIN product_descriptions d ON d.product_id = p.product_id WHERE p.product_id = ? AND p.status = 1',
            [$id],
        );
        if ($card === null) {
            return null;
        }
        $image = $this->database->row(
            'SELECT image FROM product_images WHERE product_id = ? AND sort_order = 0',
            [$id],
        );
        return $card + ['special' => $this->special($id), 'image' => $image['image'] ?? null];
    }

    /** @return ?array<string, mixed> all of a product */
    public function product(int $id): ?array
    {
        $product = $this->database->row(
            'SELECT p.product_id, p.sku, d.name, d.description, p.price, m.name AS manufacturer, p.quantity, p.version,'
            . " DATE_FORMAT(p.date_modified, '%Y-%m-%dT%H:%i:%sZ') AS date_modified FROM products p"
            . ' JOIN product_descriptions d ON d.product_id = p.product_id'
            . ' JOIN manufacturers m ON m.manufacturer_id = p.manufacturer_id WHERE p.product_id = ? AND p.status = 1',
            [$id],
        );
        return $product === null ? null : $product + [
            'special' => $this->special($id),
            'images' => $this->database->rows(
                'SELECT image FROM product_images WHERE product_id = ? ORDER BY sort_order',
                [$id],
            ),
            'attributes' => $this->database->rows(
                'SELECT name, value FROM product_attributes WHERE product_id = ? ORDER BY name',
                [$id],
            ),
            'categories' => $this->database->rows(
                'SELECT c.category_id, c.name FROM product_to_category pc'
                . ' JOIN categories c ON c.category_id = pc.category_id WHERE pc.product_id = ? ORDER BY c.category_id',
                [$id],
            ),
        ];
    }

    /** @return ?array{sku: string, product_id: int} */
    public function sku(string $sku): ?array
    {
        return $this->database->row('SELECT sku, product_id FROM products WHERE sku = ? AND status = 1', [$sku]);
    }

    private function special(int $id): ?string
    {
        return $this->database->row('SELECT price FROM product_specials WHERE product_id = ?', [$id])['price'] ?? null;
    }
}
