<?php

declare(strict_types=1);

namespace Productcache\Tests\Fixture;

/** A shop in the tests' MariaDB. */
final class Shop
{
    public const CATALOG = <<<'YAML'
        lookups:
          products:
            key: id
            key_type: integer
            query: SELECT id, name, price, big FROM product WHERE id IN (:keys)
          codes:
            key: code
            key_type: string
            query: SELECT code, product FROM code WHERE code IN (:keys)
          category:
            rows: many
            key: category
            key_type: integer
            omit: [category]
            query: SELECT category, id, name FROM product WHERE category IN (:keys) ORDER BY id
        YAML;

    private static ?\PDO $db = null;

    /** The database, filled anew. */
    public static function fresh(): \PDO
    {
        $db = self::connection();
        $db->exec('DROP TABLE IF EXISTS product, code');
        $db->exec('CREATE TABLE product (id INT PRIMARY KEY, name VARCHAR(60), price DECIMAL(10,2), big BIGINT UNSIGNED, category INT)');
        $db->exec('CREATE TABLE code (code VARCHAR(60) COLLATE utf8mb4_bin PRIMARY KEY, product INT)');
        $db->exec("INSERT INTO product SELECT seq, CONCAT('Product ', seq), seq + 0.5, 18446744073709551615, seq % 10 FROM seq_1_to_1000");
        $db->exec("INSERT INTO code VALUES ('a,b', 1), ('a/b', 2), ('ä&=%2C', 3), ('007', 7), ('7', 8)");
        return $db;
    }

    public static function connection(): \PDO
    {
        return self::$db ??= new \PDO(
            'mysql:charset=utf8mb4;unix_socket=' . Place::variable('PRODUCTCACHE_TEST_SOCKET')
                . ';dbname=' . Place::variable('PRODUCTCACHE_TEST_DATABASE'),
            'root',
            null,
            [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION],
        );
    }

    /** The shop's own SQL, as a client's fallback. */
    public static function fallback(string $lookup, array $keys): array
    {
        $marks = implode(',', array_fill(0, count($keys), '?'));
        $query = self::connection()->prepare("SELECT id, name, price FROM product WHERE id IN ($marks)");
        $query->execute($keys);
        $rows = [];
        foreach ($query->fetchAll(\PDO::FETCH_ASSOC) as $row) {
            $rows[$row['id']] = $row;
        }
        return $rows;
    }
}
