<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Client;
use Productcache\Observation;
use Productcache\Options;
use Productcache\Refused;
use Productcache\Tests\Fixture\Place;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;

/** What a living service answers, over both transports, TCP and a Unix socket. */
final class ReadTest extends TestCase
{
    private static Service $tcp;
    private static Service $unix;
    private static string $folder;

    public static function setUpBeforeClass(): void
    {
        Shop::fresh();
        self::$folder = Place::folder();
        self::$tcp = new Service();
        self::$unix = new Service(listen: 'unix:' . self::$folder . '/socket');
    }

    public static function tearDownAfterClass(): void
    {
        self::$tcp->kill();
        self::$unix->kill();
        Place::remove(self::$folder);
    }

    /** @return iterable<string, array{string, bool}> */
    public function ways(): iterable
    {
        foreach (['stream', 'curl'] as $transport) {
            yield "$transport over TCP" => [$transport, false];
            yield "$transport over a Unix socket" => [$transport, true];
        }
    }

    private function client(string $transport, bool $unix, mixed ...$options): Client
    {
        return new Client($unix ? self::$unix->url : self::$tcp->url, new Options(...$options, transport: $transport, timeout: 5000));
    }

    /** @dataProvider ways */
    public function testGet(string $transport, bool $unix): void
    {
        $shop = $this->client($transport, $unix);
        $want = ['id' => 42, 'name' => 'Product 42', 'price' => '42.50', 'big' => '18446744073709551615'];
        self::assertSame($want, $shop->get('products', 42));
        self::assertSame($want, $shop->get('products', '42'));
        self::assertNull($shop->get('products', 4242));
        self::assertCount(100, $shop->get('category', 7) ?? []);
        self::assertSame([], $shop->get('category', 4711));
    }

    /** @dataProvider ways */
    public function testKeysOfAllKinds(string $transport, bool $unix): void
    {
        $shop = $this->client($transport, $unix);
        $keys = ['a,b' => 1, 'a/b' => 2, 'ä&=%2C' => 3, '007' => 7, '7' => 8];
        foreach ($keys as $key => $product) {
            self::assertSame($product, $shop->get('codes', (string) $key)['product'] ?? null, (string) $key);
        }
        $many = $shop->getMany('codes', [...array_map('strval', array_keys($keys)), 'A,B', '7']);
        self::assertSame($keys, array_map(static fn (array $row): int => $row['product'], $many['found']));
        self::assertSame(['A,B'], $many['missing']);
    }

    /** @dataProvider ways */
    public function testGetMany(string $transport, bool $unix): void
    {
        $many = $this->client($transport, $unix)->getMany('products', [43, 4242, '42', 43, 44]);
        self::assertSame([43, 42, 44], array_keys($many['found']), 'in the order asked for, each once');
        self::assertSame('Product 42', $many['found'][42]['name']);
        self::assertSame([4242], $many['missing']);
        self::assertSame([], $many['unavailable']);
        $none = ['found' => [], 'missing' => [], 'unavailable' => []];
        self::assertSame($none, $this->client($transport, $unix)->getMany('products', []));
    }

    /** @dataProvider ways */
    public function testPage(string $transport, bool $unix): void
    {
        $shop = $this->client($transport, $unix);
        $page = $shop->page('category', 7, page: 2, perPage: 24);
        self::assertSame([100, 5, 24, 2], [$page->total, $page->pages(), count($page), $page->page]);
        self::assertSame(['id' => 247, 'name' => 'Product 247'], $page->items[0]);
        self::assertSame(range(247, 477, 10), array_column(iterator_to_array($page), 'id'));
        self::assertCount(4, $shop->page('category', 7, page: 5));
        self::assertCount(0, $shop->page('category', 7, page: 6));
        self::assertSame(1, $shop->page('category', 4711)->pages());
    }

    /** @dataProvider ways */
    public function testConnectionIsKept(string $transport, bool $unix): void
    {
        if ($unix) {
            self::assertTrue(true);
            return; // they cannot be counted from here; the code is the same
        }
        $service = new Service();
        $shop = new Client($service->url, new Options(transport: $transport, timeout: 5000));
        for ($key = 1; $key <= 20; $key++) {
            $shop->get('products', $key);
            $shop->getMany('products', range($key, $key + 50));
        }
        self::assertSame(1, $service->connections());
    }

    /**
     * More keys than a request takes are asked for by several, at the same time.
     *
     * @dataProvider ways
     */
    public function testManyKeys(string $transport, bool $unix): void
    {
        $service = $unix ? self::$unix : new Service();
        $shop = new Client($service->url, new Options(transport: $transport, timeout: 5000));
        $many = $shop->getMany('products', range(1001, 31, -1));
        self::assertSame(range(1000, 31, -1), array_keys($many['found']));
        self::assertSame([1001], $many['missing']);
        if (!$unix) {
            Place::await(fn (): bool => $service->requests() >= 10, 'ten requests'); // one is counted once it is answered
            self::assertSame(10, $service->requests(), 'one for each hundred keys');
            self::assertGreaterThan(1, $service->connections(), 'an answer is not waited for before the next request');
        }
    }

    /** @dataProvider ways */
    public function testWhatIsRefused(string $transport, bool $unix): void
    {
        $shop = $this->client($transport, $unix, fallback: static fn (): array => self::fail('asked for what cannot work'));
        $cases = [
            'There is no lookup "nope". Lookups are named in the catalog. With -table it is' => fn () => $shop->get('nope', 1),
            'an integer is expected' => fn () => $shop->getMany('products', [1, 'x']),
            'no listings' => fn () => $shop->page('products', 1),
            'from 1 to 1000' => fn () => $shop->page('category', 1, perPage: 1001),
            'Set Options::$maxKeys' => fn () => $this->client($transport, $unix, maxKeys: 1000)->getMany('products', range(1, 101)),
        ];
        foreach ($cases as $want => $call) {
            try {
                $call();
                self::fail("no exception with: $want");
            } catch (Refused $e) {
                self::assertStringContainsString($want, $e->getMessage());
            }
        }
    }

    /** @dataProvider ways */
    public function testObserver(string $transport, bool $unix): void
    {
        $seen = [];
        $shop = $this->client($transport, $unix, observer: static function (Observation $o) use (&$seen): void {
            $seen[] = [$o->lookup, $o->keys, $o->source, strtok((string) $o->cacheStatus, ';'), $o->milliseconds > 0];
        });
        $shop->get('products', 42);
        $shop->getMany('products', [1, 2, 3]);
        $shop->page('category', 3);
        self::assertSame([
            ['products', 1, 'service', 'productcache', true],
            ['products', 3, 'service', 'productcache', true],
            ['category', 1, 'service', 'productcache', true],
        ], $seen);
    }
}
