<?php

declare(strict_types=1);

namespace Productcache\Tests\Adapter;

use PHPUnit\Framework\TestCase;

/** The adapters load with all versions of the PSR packages. Version 1 is installed; of 2 and 3 there are stand-ins of the interfaces here. */
final class VersionsTest extends TestCase
{
    private const CACHE = 'interface CacheException %1$s {} interface InvalidArgumentException extends CacheException {} ';

    private const SIMPLE_CACHE = 'namespace Psr\SimpleCache; ' . self::CACHE . 'interface CacheInterface {
        public function get(string $key, mixed $default = null)%2$s mixed %3$s;
        public function set(string $key, mixed $value, null|int|\DateInterval $ttl = null)%2$s bool %3$s;
        public function delete(string $key)%2$s bool %3$s;
        public function clear()%2$s bool %3$s;
        public function getMultiple(iterable $keys, mixed $default = null)%2$s iterable %3$s;
        public function setMultiple(iterable $values, null|int|\DateInterval $ttl = null)%2$s bool %3$s;
        public function deleteMultiple(iterable $keys)%2$s bool %3$s;
        public function has(string $key)%2$s bool %3$s; }';

    private const POOL = 'namespace Psr\Cache; ' . self::CACHE . 'interface CacheItemInterface {
        public function getKey()%2$s string %3$s;
        public function get()%2$s mixed %3$s;
        public function isHit()%2$s bool %3$s;
        public function set(mixed $value)%2$s static %3$s;
        public function expiresAt(?\DateTimeInterface $expiration)%2$s static %3$s;
        public function expiresAfter(int|\DateInterval|null $time)%2$s static %3$s; }
        interface CacheItemPoolInterface {
        public function getItem(string $key)%2$s CacheItemInterface %3$s;
        public function getItems(array $keys = [])%2$s iterable %3$s;
        public function hasItem(string $key)%2$s bool %3$s;
        public function clear()%2$s bool %3$s;
        public function deleteItem(string $key)%2$s bool %3$s;
        public function deleteItems(array $keys)%2$s bool %3$s;
        public function save(CacheItemInterface $item)%2$s bool %3$s;
        public function saveDeferred(CacheItemInterface $item)%2$s bool %3$s;
        public function commit()%2$s bool %3$s; }';

    /** @return iterable<string, array{string}> PHP that declares the interfaces */
    public function versions(): iterable
    {
        yield '1' => ['require "/usr/share/php/Psr/SimpleCache/autoload.php"; require "/usr/share/php/Psr/Cache/autoload.php";'];
        // Version 2 has types of parameters, version 3 of returned values, too.
        foreach (['2' => ['', '/*', '*/'], '3' => ['extends \Throwable', ':', '']] as $version => $parts) {
            yield $version => ['eval(' . var_export(sprintf(self::SIMPLE_CACHE, ...$parts), true) . ');'
                . 'eval(' . var_export(sprintf(self::POOL, ...$parts), true) . ');'];
        }
    }

    /** @dataProvider versions */
    public function testLoads(string $interfaces): void
    {
        $code = $interfaces . ' require $argv[1];
            $shop = new Productcache\Client("http://127.0.0.1:9", new Productcache\Options(stateFolder: $argv[2]));
            $cache = new Productcache\Adapter\SimpleCache($shop, "products");
            $pool = new Productcache\Adapter\CachePool($shop, "products");
            try { $cache->get("a:b"); } catch (Psr\SimpleCache\InvalidArgumentException) { echo "invalid "; }
            try { $pool->getItem("a:b"); } catch (Psr\Cache\InvalidArgumentException) { echo "invalid "; }
            echo $cache->get("42", "default"), " ", get_class($pool->getItem("42"));';
        $folder = \Productcache\Tests\Fixture\Place::folder();
        $command = [PHP_BINARY, '-d', 'error_reporting=-1', '-d', 'display_errors=1', '-r', $code, '--', __DIR__ . '/../../autoload.php', "$folder/state"];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes);
        $printed = stream_get_contents($pipes[1]) . stream_get_contents($pipes[2]);
        proc_close($process);
        \Productcache\Tests\Fixture\Place::remove($folder);
        self::assertSame('invalid invalid default Productcache\Adapter\CacheItem', $printed);
    }
}
