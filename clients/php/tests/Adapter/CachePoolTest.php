<?php

declare(strict_types=1);

namespace Productcache\Tests\Adapter;

use PHPUnit\Framework\TestCase;
use Productcache\Adapter\CachePool;
use Productcache\Adapter\InvalidCachePoolKey;
use Productcache\Client;
use Productcache\Options;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;
use Psr\Cache\InvalidArgumentException;

final class CachePoolTest extends TestCase
{
    private Service $service;

    protected function setUp(): void
    {
        Shop::fresh();
        $this->service = new Service(['-ttl', '1h']);
    }

    private function pool(string $lookup = 'products', mixed ...$options): CachePool
    {
        $options += ['timeout' => 5000, 'adminUrl' => $this->service->adminUrl];
        return new CachePool(new Client($this->service->url, new Options(...$options)), $lookup);
    }

    public function testReads(): void
    {
        $products = $this->pool();
        $item = $products->getItem('42');
        self::assertSame(['42', true, 'Product 42'], [$item->getKey(), $item->isHit(), $item->get()['name']]);
        $item = $products->getItem('4242');
        self::assertSame(['4242', false, null], [$item->getKey(), $item->isHit(), $item->get()]);
        self::assertSame([true, false], [$products->hasItem('42'), $products->hasItem('4242')]);
        $items = $products->getItems(['43', '4242', '42']);
        self::assertSame([43, 4242, 42], array_keys($items), 'in the order asked for');
        self::assertSame([true, false, true], array_map(static fn ($i): bool => $i->isHit(), array_values($items)));
        self::assertSame('4242', $items[4242]->getKey());
        self::assertSame([], $products->getItems());
    }

    public function testStoresNothing(): void
    {
        $products = $this->pool();
        $item = $products->getItem('4242');
        $same = $item->set(['name' => 'mine'])->expiresAfter(60)->expiresAt(new \DateTimeImmutable('tomorrow'));
        self::assertSame($item, $same);
        self::assertSame([['name' => 'mine'], false], [$item->get(), $item->isHit()]);
        self::assertSame([false, false, true], [$products->save($item), $products->saveDeferred($item), $products->commit()]);
        self::assertFalse($products->hasItem('4242'));
    }

    public function testPurges(): void
    {
        $products = $this->pool();
        $purges = [
            '2.00' => static fn (): bool => $products->deleteItem('42'),
            '3.00' => static fn (): bool => $products->deleteItems(['41', '42']),
            '4.00' => static fn (): bool => $products->clear(),
        ];
        $before = $products->getItem('42')->get()['price'];
        foreach ($purges as $price => $purge) {
            Shop::connection()->exec("UPDATE product SET price = $price WHERE id = 42");
            self::assertSame($before, $products->getItem('42')->get()['price']);
            self::assertTrue($purge());
            self::assertSame($before = (string) $price, $products->getItem('42')->get()['price']);
        }
    }

    public function testServiceIsAway(): void
    {
        $this->service->kill();
        $products = $this->pool();
        self::assertFalse($products->getItem('42')->isHit());
        self::assertFalse($products->getItems(['42'])[42]->isHit());
        self::assertFalse($products->hasItem('42'));
        self::assertSame([false, false, false], [$products->deleteItem('42'), $products->deleteItems(['42']), $products->clear()]);
        self::assertSame('Product 42', $this->pool('products', fallback: Shop::fallback(...))->getItem('42')->get()['name']);
    }

    public function testBadKeys(): void
    {
        $products = $this->pool();
        foreach ([...array_map(static fn (string $c): string => "a{$c}b", str_split('{}()/\\@:')), '', null, true, 2.5, ['42']] as $key) {
            $calls = [
                static fn () => $products->getItem($key), static fn () => $products->getItems(['1', $key]),
                static fn () => $products->hasItem($key), static fn () => $products->deleteItem($key),
                static fn () => $products->deleteItems(['1', $key]),
            ];
            foreach ($calls as $i => $call) {
                try {
                    $call();
                    self::fail("no exception of call $i");
                } catch (InvalidArgumentException $e) {
                    self::assertInstanceOf(InvalidCachePoolKey::class, $e);
                }
            }
        }
        $this->expectException(InvalidCachePoolKey::class);
        $this->expectExceptionMessage('an integer is expected');
        $products->getItem('x');
    }
}
