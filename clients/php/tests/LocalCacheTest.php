<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Client;
use Productcache\InvalidOptions;
use Productcache\Observation;
use Productcache\Options;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;

/** Answers in APCu. */
final class LocalCacheTest extends TestCase
{
    private Service $service;
    /** @var list<array{string, ?string}> */
    private array $seen = [];

    protected function setUp(): void
    {
        Shop::fresh();
        apcu_clear_cache();
        $this->service = new Service(['-ttl', '1h']);
    }

    private function client(int|float $ttl, int $keep = 600): Client
    {
        return new Client($this->service->url, new Options(
            timeout: 5000,
            localTtl: $ttl,
            localKeep: $keep,
            adminUrl: $this->service->adminUrl,
            observer: function (Observation $o): void {
                $this->seen[] = [$o->source, $o->cacheStatus === null ? null : strtok($o->cacheStatus, ';')];
            },
        ));
    }

    public function testFreshAnswersNeedNoService(): void
    {
        $shop = $this->client(3600);
        $ask = static fn (): array => [
            $shop->get('products', 42), $shop->get('products', 4242), $shop->get('category', 7),
            $shop->getMany('products', range(1, 150)), $shop->page('category', 7, 2),
        ];
        $first = $ask();
        $this->service->kill();
        $this->seen = [];
        self::assertEquals($first, $ask());
        self::assertSame(array_fill(0, 5, ['local', null]), $this->seen);
    }

    /** What is no longer fresh is asked about by its ETag. */
    public function testRevalidation(): void
    {
        $shop = $this->client(0.000001);
        foreach ([1, 2] as $ignored) {
            self::assertSame('42.50', $shop->get('products', 42)['price'] ?? null);
            self::assertSame([1, 2], array_keys($shop->getMany('products', [1, 2])['found']));
            self::assertSame(100, $shop->page('category', 7)->total);
        }
        $service = ['service', 'productcache'];
        $unchanged = ['local', 'productcache'];
        self::assertSame([$service, $service, $service, $unchanged, $unchanged, $unchanged], $this->seen);

        Shop::connection()->exec('UPDATE product SET price = 1.23 WHERE id = 42');
        (new Client($this->service->url, new Options(adminUrl: $this->service->adminUrl)))->purge('products', [42]);
        self::assertSame('1.23', $shop->get('products', 42)['price'] ?? null);
    }

    /** A purge holds for what this machine's APCu knows, too. */
    public function testPurge(): void
    {
        $shop = $this->client(3600);
        foreach (['2.00', '3.00'] as $price) {
            $shop->get('products', 42);
            $shop->getMany('products', [41, 42]);
            Shop::connection()->exec("UPDATE product SET price = $price WHERE id = 42");
            $price === '2.00' ? $shop->purge('products', [42]) : $shop->purgeAll('products');
            self::assertSame($price, $shop->get('products', 42)['price'] ?? null);
            self::assertSame($price, $shop->getMany('products', [41, 42])['found'][42]['price']);
        }
    }

    /** Another service's answers are not this one's. */
    public function testTwoServices(): void
    {
        $this->client(3600)->get('products', 42);
        Shop::connection()->exec('UPDATE product SET price = 9.99 WHERE id = 42');
        $this->service = new Service();
        self::assertSame('9.99', $this->client(3600)->get('products', 42)['price'] ?? null);
    }

    /** A multi-get that could not answer all its keys is not kept. */
    public function testUnavailableKeysAreNotKept(): void
    {
        $this->service = new Service(['-request-timeout', '200ms', '-mysql-query-timeout', '100ms']);
        $shop = $this->client(3600);
        $shop->get('products', 1);
        Shop::connection()->exec('LOCK TABLES product WRITE');
        self::assertSame([2], $shop->getMany('products', [1, 2])['unavailable']);
        Shop::connection()->exec('UNLOCK TABLES');
        self::assertSame([1, 2], array_keys($shop->getMany('products', [1, 2])['found']));
    }

    public function testWithoutAPCu(): void
    {
        $code = 'require $argv[1]; try { new Productcache\Options(localTtl: 1); } catch (Productcache\InvalidOptions $e) { echo $e->getMessage(); }';
        $command = [PHP_BINARY, '-d', 'apc.enable_cli=0', '-r', $code, '--', __DIR__ . '/../autoload.php'];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        self::assertStringContainsString('localTtl needs the extension apcu', (string) stream_get_contents($pipes[1]));
        proc_close($process);
    }
}
