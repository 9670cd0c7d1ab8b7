<?php

declare(strict_types=1);

namespace Productcache\Tests\Adapter;

use PHPUnit\Framework\TestCase;
use Productcache\Adapter\InvalidSimpleCacheKey;
use Productcache\Adapter\SimpleCache;
use Productcache\Client;
use Productcache\Options;
use Productcache\ProductcacheException;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;
use Psr\SimpleCache\InvalidArgumentException;

final class SimpleCacheTest extends TestCase
{
    private Service $service;

    protected function setUp(): void
    {
        Shop::fresh();
        $this->service = new Service(['-ttl', '1h']);
    }

    private function cache(string $lookup = 'products', mixed ...$options): SimpleCache
    {
        $options += ['timeout' => 5000, 'adminUrl' => $this->service->adminUrl];
        return new SimpleCache(new Client($this->service->url, new Options(...$options)), $lookup);
    }

    public function testReads(): void
    {
        $products = $this->cache();
        self::assertSame('Product 42', $products->get('42')['name']);
        self::assertNull($products->get('4242'));
        self::assertSame('none', $products->get('4242', 'none'));
        self::assertTrue($products->has('42'));
        self::assertFalse($products->has('4242'));
        $many = $products->getMultiple(new \ArrayIterator(['43', '4242', '42']), 'none');
        self::assertSame([43, 4242, 42], array_keys($many), 'in the order asked for');
        self::assertSame(['Product 43', 'none', 'Product 42'], [$many[43]['name'], $many[4242], $many[42]['name']]);
        self::assertSame([], $products->getMultiple([]));
        self::assertCount(100, $this->cache('category')->get('7'));
        self::assertSame([], $this->cache('category')->get('4711', 'none'), 'an empty listing is a value');
        self::assertSame(7, $this->cache('codes')->get('007')['product']);
        self::assertSame(8, $this->cache('codes')->get('7')['product']);
    }

    public function testStoresNothing(): void
    {
        $products = $this->cache();
        self::assertFalse($products->set('4242', ['name' => 'mine'], 60));
        self::assertFalse($products->setMultiple(['4242' => ['name' => 'mine']], new \DateInterval('PT1M')));
        self::assertFalse($products->has('4242'));
    }

    public function testPurges(): void
    {
        $products = $this->cache();
        $purges = [
            '2.00' => static fn (): bool => $products->delete('42'),
            '3.00' => static fn (): bool => $products->deleteMultiple(['41', '42']),
            '4.00' => static fn (): bool => $products->clear(),
        ];
        $before = $products->get('42')['price'];
        foreach ($purges as $price => $purge) {
            Shop::connection()->exec("UPDATE product SET price = $price WHERE id = 42");
            self::assertSame($before, $products->get('42')['price']);
            self::assertTrue($purge());
            self::assertSame($before = (string) $price, $products->get('42')['price']);
        }
        self::assertTrue($products->deleteMultiple([]));
    }

    /** A cache that is away is empty, and breaks nothing. */
    public function testServiceIsAway(): void
    {
        $this->service->kill();
        $products = $this->cache();
        self::assertSame('default', $products->get('42', 'default'));
        self::assertFalse($products->has('42'));
        self::assertSame([42 => 'default', 43 => 'default'], $products->getMultiple(['42', '43'], 'default'));
        self::assertSame([false, false, false], [$products->delete('42'), $products->deleteMultiple(['42']), $products->clear()]);
        self::assertFalse($products->set('42', []));
        $fallback = $this->cache('products', fallback: Shop::fallback(...));
        self::assertSame('Product 42', $fallback->get('42')['name']);
        self::assertSame('Product 43', $fallback->getMultiple(['42', '43'])[43]['name']);
    }

    /** Keys that MySQL has no answer for, beside those that are known. */
    public function testPartOfTheKeys(): void
    {
        $this->service = new Service(['-ttl', '1h', '-mysql-query-timeout', '100ms', '-request-timeout', '200ms']);
        $products = $this->cache();
        $products->get('1');
        Shop::connection()->exec('LOCK TABLES product WRITE');
        try {
            $many = $products->getMultiple(['1', '2'], 'default');
        } finally {
            Shop::connection()->exec('UNLOCK TABLES');
        }
        self::assertSame(['Product 1', 'default'], [$many[1]['name'], $many[2]]);
    }

    /** @return iterable<string, array{mixed}> */
    public function badKeys(): iterable
    {
        foreach (str_split('{}()/\\@:') as $reserved) {
            yield "with $reserved" => ["a{$reserved}b"];
        }
        yield from ['empty' => [''], 'null' => [null], 'bool' => [true], 'float' => [2.5], 'array' => [['42']], 'object' => [new \stdClass()]];
        yield 'no number' => ['x'];
        yield 'not UTF-8' => ["\xff"];
    }

    /** @dataProvider badKeys */
    public function testBadKeys(mixed $key): void
    {
        $products = $this->cache();
        $calls = [
            static fn () => $products->get($key), static fn () => $products->has($key),
            static fn () => $products->getMultiple(['1', $key]),
        ];
        if ($key !== 'x' && $key !== "\xff") { // which only the service knows to be wrong
            array_push(
                $calls,
                static fn () => $products->set($key, 1),
                static fn () => $products->delete($key),
                static fn () => $products->deleteMultiple(['1', $key]),
                static fn () => $products->setMultiple((static fn () => yield $key => 1)()),
            );
        }
        foreach ($calls as $i => $call) {
            try {
                $call();
                self::fail("no exception of call $i");
            } catch (InvalidArgumentException $e) {
                self::assertInstanceOf(InvalidSimpleCacheKey::class, $e);
                self::assertInstanceOf(ProductcacheException::class, $e);
            }
        }
    }

    public function testWhatIsNoList(): void
    {
        foreach (['getMultiple', 'setMultiple', 'deleteMultiple'] as $method) {
            try {
                $this->cache()->$method('42');
                self::fail("no exception of $method");
            } catch (InvalidSimpleCacheKey $e) {
                self::assertStringContainsString('an array or a Traversable, not string', $e->getMessage());
            }
        }
    }

    public function testUnknownLookup(): void
    {
        $this->expectException(InvalidSimpleCacheKey::class);
        $this->expectExceptionMessage('There is no lookup "nope"');
        $this->cache('nope')->get('42');
    }

    public function testIntegers(): void
    {
        self::assertSame('Product 42', $this->cache()->get(42)['name'], 'as PHP spells the array key 42');
    }
}
