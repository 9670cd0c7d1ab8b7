<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Client;
use Productcache\Observation;
use Productcache\Options;
use Productcache\Tests\Fixture\Logbook;
use Productcache\Tests\Fixture\Place;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;
use Productcache\Unavailable;

/** The service or MySQL is away, or too slow. */
final class AwayTest extends TestCase
{
    private string $folder;
    private Logbook $log;
    /** @var list<string> */
    private array $sources = [];

    protected function setUp(): void
    {
        Shop::fresh();
        $this->folder = Place::folder();
        $this->log = new Logbook();
    }

    protected function tearDown(): void
    {
        Shop::connection()->exec('UNLOCK TABLES');
        Place::remove($this->folder);
    }

    /** @return iterable<string, array{string}> */
    public function transports(): iterable
    {
        yield 'stream' => ['stream'];
        yield 'curl' => ['curl'];
    }

    private function client(string|array $urls, string $transport, mixed ...$options): Client
    {
        return new Client($urls, new Options(...$options + [
            'transport' => $transport,
            'timeout' => 5000, // generous: only what waits for a timeout sets its own
            'connectTimeout' => 1000,
            'stateFolder' => "$this->folder/state",
            'logger' => $this->log,
            'observer' => function (Observation $o): void {
                $this->sources[] = $o->source;
            },
        ]));
    }

    private static function milliseconds(callable $call): float
    {
        $began = hrtime(true);
        try {
            $call();
        } catch (Unavailable) {
        }
        return (hrtime(true) - $began) / 1e6;
    }

    /** @dataProvider transports */
    public function testNothingListens(string $transport): void
    {
        $service = new Service();
        $url = $service->url;
        $service->kill();
        try {
            $this->client($url, $transport)->get('products', 1);
            self::fail('no exception');
        } catch (Unavailable $e) {
            self::assertMatchesRegularExpression('/connection refused|failed to connect|couldn\'t connect/i', $e->getMessage());
            self::assertStringContainsString($url, $e->getMessage());
            self::assertStringContainsString('Options::$fallback', $e->getMessage());
        }
        self::assertCount(1, $this->log->lines);
        self::assertStringStartsWith("warning productcache: $url is dead: ", $this->log->lines[0]);
        $this->expectException(Unavailable::class);
        $this->client($url, $transport)->getMany('products', [1, 2]);
    }

    /** @dataProvider transports */
    public function testFallback(string $transport): void
    {
        $service = new Service();
        $url = $service->url;
        $service->kill();
        $shop = $this->client($url, $transport, fallback: Shop::fallback(...));
        self::assertSame('Product 1', $shop->get('products', 1)['name'] ?? null);
        self::assertNull($shop->get('products', 4242));
        $many = $shop->getMany('products', [3, 4242, 2]);
        self::assertSame([3, 2], array_keys($many['found']));
        self::assertSame([[4242], []], [$many['missing'], $many['unavailable']]);
        self::assertSame(['fallback', 'fallback', 'fallback'], $this->sources);

        $rows = static fn (string $lookup, array $keys): array => [$keys[0] => array_fill(0, 30, ['id' => 1])];
        $page = $this->client($url, $transport, fallback: $rows)->page('category', 3, 2, 24);
        self::assertSame([30, 6, 2], [$page->total, count($page), $page->pages()]);
        $one = static fn (string $lookup, int|string $key, int $page, int $perPage): array
            => ['items' => [[$lookup, $key, $page, $perPage]], 'total' => 99];
        $page = $this->client($url, $transport, pageFallback: $one)->page('category', 3, 2, 10);
        self::assertSame([99, [['category', 3, 2, 10]]], [$page->total, $page->items]);
    }

    /** @dataProvider transports */
    public function testFailoverAndReturn(string $transport): void
    {
        $first = new Service(['-ttl', '1h']);
        $second = new Service(['-ttl', '1h']);
        $shop = $this->client([$first->url, $second->url], $transport, retryAfter: 50);
        $shop->get('products', 1);
        $first->kill();
        for ($key = 1; $key <= 3; $key++) {
            self::assertSame("Product $key", $shop->get('products', $key)['name'] ?? null);
        }
        $first->restart();
        Place::await(function () use ($shop): bool {
            $shop->get('products', 1);
            return str_contains(end($this->log->lines), 'is back');
        }, 'that the first node is asked again');
        $second->kill();
        self::assertSame('Product 5', $shop->get('products', 5)['name'] ?? null);
        self::assertSame(["warning productcache: {$first->url} is dead", "notice productcache: {$first->url} is back."], [
            strstr($this->log->lines[0], ': c', true) ?: strstr($this->log->lines[0], ' is dead', true) . ' is dead',
            end($this->log->lines),
        ]);
    }

    /** @dataProvider transports */
    public function testFrozenServiceCostsOneTimeout(string $transport): void
    {
        $service = new Service();
        $options = ['timeout' => 3000, 'connectTimeout' => 1500, 'retryAfter' => 60_000, 'fallback' => Shop::fallback(...)];
        $shop = $this->client($service->url, $transport, ...$options);
        $shop->get('products', 1);
        $service->freeze();
        $first = self::milliseconds(fn () => $shop->get('products', 1));
        self::assertGreaterThan(2990, $first);
        self::assertSame(['service', 'fallback'], $this->sources);
        self::assertStringContainsString('is dead: it does not answer', $this->log->lines[0]);
        $rest = 0;
        for ($key = 1; $key <= 20; $key++) { // of other PHP processes, too
            $rest += self::milliseconds(fn () => $this->client($service->url, $transport, ...$options)->get('products', $key));
        }
        self::assertLessThan(1500, $rest, '20 calls together take less than the one timeout');
        self::assertCount(1, $this->log->lines);
    }

    /**
     * A frozen service is probed when its time is over, and no call waits for that.
     *
     * @dataProvider transports
     */
    public function testProbeCostsNoCallItsTimeout(string $transport): void
    {
        $service = new Service();
        $shop = $this->client($service->url, $transport, retryAfter: 1, timeout: 2000, fallback: Shop::fallback(...));
        $shop->get('products', 1);
        $service->freeze();
        $shop->get('products', 1);
        $this->sources = [];
        $probes = self::milliseconds(static function () use ($shop): void {
            for ($key = 1; $key <= 20; $key++) {
                usleep(2000);
                $shop->get('products', $key);
            }
        });
        self::assertLessThan(2000, $probes, '20 calls, each with a probe, take less than one timeout');
        self::assertSame(array_fill(0, 20, 'fallback'), $this->sources);
        $service->thaw();
        Place::await(function () use ($shop): bool {
            $shop->get('products', 1);
            return end($this->sources) === 'service';
        }, 'that the service is asked again');
    }

    /**
     * A call that waits for MySQL says nothing about the service.
     *
     * @dataProvider transports
     */
    public function testSlowMySQLIsNoDeadService(string $transport): void
    {
        $services = [new Service(['-ttl', '1h']), new Service(['-ttl', '1h'])];
        $shop = $this->client([$services[0]->url, $services[1]->url], $transport, timeout: 1500, connectTimeout: 500);
        $shop->get('products', 1);
        Shop::connection()->exec('LOCK TABLES product WRITE');
        try {
            $shop->get('products', 2);
            self::fail('no exception');
        } catch (Unavailable $e) {
            self::assertStringContainsString('did not answer within 1500 ms, though it is alive: MySQL is slow', $e->getMessage());
        }
        self::assertSame([], $this->log->lines);
        self::assertSame('Product 1', $shop->get('products', 1)['name'] ?? null, 'a hit goes on');
        self::assertSame(0, $services[1]->connections(), 'the second node would wait for the same');
    }

    /** @dataProvider transports */
    public function testMySQLIsAway(string $transport): void
    {
        $service = new Service(dsn: 'shop@tcp(127.0.0.1:1)/shop');
        $shop = $this->client($service->url, $transport);
        try {
            $shop->get('products', 1);
            self::fail('no exception');
        } catch (Unavailable $e) {
            self::assertStringContainsString('the service says: 503 The database is unavailable', $e->getMessage());
        }
        $fallback = $this->client($service->url, $transport, fallback: Shop::fallback(...));
        self::assertSame('Product 1', $fallback->get('products', 1)['name'] ?? null);
        self::assertSame([2, 3], array_keys($fallback->getMany('products', [2, 3])['found']));
        self::assertSame([], $this->log->lines, 'the service itself is alive');
    }

    /** A part of the keys is known, and MySQL is away. */
    public function testPartOfTheKeys(): void
    {
        $service = new Service(['-ttl', '1h', '-mysql-query-timeout', '100ms', '-request-timeout', '200ms']);
        $shop = $this->client($service->url, 'stream');
        $shop->get('products', 1);
        Shop::connection()->exec('LOCK TABLES product WRITE');
        $many = $shop->getMany('products', [2, 1]);
        self::assertSame([[1], [], [2]], [array_keys($many['found']), $many['missing'], $many['unavailable']]);
        $rows = static fn (string $lookup, array $keys): array => array_fill_keys($keys, ['by' => 'fallback']);
        $many = $this->client($service->url, 'stream', fallback: $rows)->getMany('products', [2, 1]);
        self::assertSame([2, 1], array_keys($many['found']));
        self::assertSame(['by' => 'fallback'], $many['found'][2]);
    }

    /** The server has closed a kept connection: the call makes a new one. */
    public function testRestartedService(): void
    {
        foreach (['stream', 'curl'] as $transport) {
            $service = new Service();
            $shop = $this->client($service->url, $transport);
            $shop->get('products', 1);
            $service->restart();
            self::assertSame('Product 2', $shop->get('products', 2)['name'] ?? null, $transport);
            self::assertSame([], $this->log->lines);
        }
    }

    /** With APCu all workers know of a dead service, and one of them probes it. */
    public function testDeadServiceIsKnownToAll(): void
    {
        apcu_clear_cache();
        $service = new Service();
        $options = ['stateFolder' => null, 'fallback' => Shop::fallback(...), 'retryAfter' => 60_000];
        $service->kill();
        for ($key = 1; $key <= 5; $key++) {
            $this->client($service->url, 'stream', ...$options)->get('products', $key);
        }
        self::assertCount(1, $this->log->lines, 'only the first has tried');
        $service->restart();
        $shop = $this->client($service->url, 'stream', ...['retryAfter' => 1] + $options);
        Place::await(function () use ($shop): bool {
            $shop->get('products', 1);
            return end($this->sources) === 'service';
        }, 'that the service is asked again');
        $this->client($service->url, 'stream', ...$options)->get('products', 1);
        self::assertSame('service', end($this->sources), 'nor do others think that it is dead');
    }

    /** Where the folder for what is known cannot be trusted, each process finds out by itself. */
    public function testFolderOfOthers(): void
    {
        $service = new Service();
        $service->kill();
        mkdir("$this->folder/state");
        chmod("$this->folder/state", 0777);
        for ($key = 1; $key <= 2; $key++) {
            $shop = $this->client($service->url, 'stream', fallback: Shop::fallback(...));
            $shop->get('products', $key);
            $shop->get('products', $key);
        }
        self::assertCount(2, $this->log->lines);
        self::assertSame(['.', '..'], scandir("$this->folder/state"));
    }
}
