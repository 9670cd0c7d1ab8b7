<?php

declare(strict_types=1);

// The places that a page can get products of the demo's shop from, behind one signature.

/**
 * Opens a store.
 *
 * @param string $name such as 'mysql', 'memcached-unix-best' or 'client-stream-tcp-apcu'; report.go says what each is
 * @param array<string, mixed> $config addresses, made by shop.go
 * @return \Closure(list<int>): array<int, array<string, mixed>> products by id
 */
function store(string $name, array $config): \Closure
{
    $parts = explode('-', $name);
    return match ($parts[0]) {
        'empty' => static fn (array $ids): array => array_fill_keys($ids, ['name' => '', 'price' => '']),
        'mysql' => mysqlStore($parts[1] ?? '', $config),
        'memcached' => memcachedStore($parts[1], $parts[2] ?? '', $config),
        'redis' => redisStore($parts[1], $config),
        'client' => clientStore($parts[1], $parts[2], $parts[3] ?? '', $config),
        default => throw new \InvalidArgumentException("no store $name"),
    };
}

/** A connection of its own for each page, as OpenCart, osCommerce and WordPress have, or with 'kept' a persistent one. */
function database(array $config, bool $kept = false): \mysqli
{
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $db = new \mysqli($kept ? 'p:localhost' : 'localhost', 'root', '', $config['database'], 0, $config['mysql']);
    $db->set_charset('utf8mb4');
    return $db;
}

function mysqlStore(string $how, array $config): \Closure
{
    require_once __DIR__ . '/shopsql.php';
    $db = null;
    $open = static function () use (&$db, $config, $how): \mysqli {
        return $db ??= database($config, str_contains($how, 'kept'));
    };
    if (str_starts_with($how, 'flat')) {
        return static fn (array $ids): array => flatProducts($open(), $ids);
    }
    return static fn (array $ids): array => count($ids) === 1
        ? array_filter([$ids[0] => productPage($open(), $ids[0])])
        : productListing($open(), $ids);
}

function memcachedStore(string $network, string $how, array $config): \Closure
{
    $cache = memcached($network, $how, $config);
    $prefix = $how === 'best' ? 'b' : 'd';
    return static function (array $ids) use ($cache, $prefix): array {
        $products = [];
        foreach ($cache->getMulti(array_map(static fn (int $id): string => $prefix . $id, $ids)) as $key => $json) {
            $products[(int) substr($key, 1)] = json_decode($json, true);
        }
        return $products;
    };
}

function memcached(string $network, string $how, array $config): \Memcached
{
    $cache = new \Memcached("$network-$how");
    if ($cache->getServerList() === []) {
        if ($how === 'best') {
            $cache->setOption(\Memcached::OPT_TCP_NODELAY, true);
            $cache->setOption(\Memcached::OPT_NO_BLOCK, true);
            $cache->setOption(\Memcached::OPT_COMPRESSION, false);
        }
        $cache->addServer(...($network === 'unix' ? [$config['memcached_unix'], 0] : $config['memcached_tcp']));
    }
    return $cache;
}

function redisStore(string $network, array $config): \Closure
{
    $redis = redis($network, $config);
    return static function (array $ids) use ($redis): array {
        $products = [];
        foreach ($redis->mget(array_map(static fn (int $id): string => "p$id", $ids)) as $i => $json) {
            if ($json !== false) {
                $products[$ids[$i]] = json_decode($json, true);
            }
        }
        return $products;
    };
}

function redis(string $network, array $config): \Redis
{
    $redis = new \Redis();
    $redis->pconnect(...($network === 'unix' ? [$config['redis_unix']] : $config['redis_tcp']));
    return $redis;
}

function clientStore(string $transport, string $network, string $how, array $config): \Closure
{
    $options = new Productcache\Options(transport: $transport, localTtl: $how === 'apcu' ? 3600 : 0);
    return clientProducts(new Productcache\Client($config["service_$network"], $options));
}

/** @return \Closure(list<int>): array<int, array<string, mixed>> */
function clientProducts(Productcache\Client $client): \Closure
{
    return static fn (array $ids): array => count($ids) === 1
        ? array_filter([$ids[0] => $client->get('products', $ids[0])])
        : $client->getMany('products', $ids)['found'];
}
