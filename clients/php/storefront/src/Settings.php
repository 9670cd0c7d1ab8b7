<?php

declare(strict_types=1);

namespace Storefront;

/** What the environment says about this shop. */
final class Settings
{
    /**
     * @param list<string> $services base URLs of the service
     * @param string $mysql DSN for PDO
     * @param int $localTtl seconds for which answers are kept in APCu; 0: not at all
     * @param int $featured the category that the home page shows a shelf of; 0: none
     */
    public function __construct(
        public readonly array $services,
        public readonly string $mysql,
        public readonly string $mysqlUser,
        #[\SensitiveParameter]
        public readonly string $mysqlPassword,
        public readonly int $localTtl = 0,
        public readonly int $featured = 0,
    ) {
    }

    public static function fromEnvironment(): self
    {
        $of = static function (string $name, string $else): string {
            $value = getenv('STOREFRONT_' . $name);
            return $value === false || $value === '' ? $else : $value;
        };
        return new self(
            array_map('trim', explode(',', $of('SERVICE', 'http://127.0.0.1:8080'))),
            $of('MYSQL', 'mysql:host=127.0.0.1;dbname=shop;charset=utf8mb4'),
            $of('MYSQL_USER', 'shop'),
            $of('MYSQL_PASSWORD', ''),
            (int) $of('LOCAL_TTL', '0'),
            (int) $of('FEATURED', '40'),
        );
    }
}
