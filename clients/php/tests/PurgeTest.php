<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Client;
use Productcache\Options;
use Productcache\PurgeFailed;
use Productcache\Tests\Fixture\OddServer;
use Productcache\Tests\Fixture\Place;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;

/** Purges reach all nodes, or say which not. */
final class PurgeTest extends TestCase
{
    /** @return iterable<string, array{string}> */
    public function transports(): iterable
    {
        yield 'stream' => ['stream'];
        yield 'curl' => ['curl'];
    }

    /** @dataProvider transports */
    public function testAllNodes(string $transport): void
    {
        $db = Shop::fresh();
        $nodes = [new Service(['-ttl', '1h']), new Service(['-ttl', '1h'])];
        $options = new Options(transport: $transport, timeout: 5000, adminUrl: array_column($nodes, 'adminUrl'));
        $shops = array_map(static fn (Service $node): Client => new Client($node->url, $options), $nodes);
        $prices = static fn (): array => array_map(static fn (Client $c): string => $c->get('products', 42)['price'], $shops);
        self::assertSame(['42.50', '42.50'], $prices());
        $db->exec('UPDATE product SET price = 1.23 WHERE id = 42');
        self::assertSame(['42.50', '42.50'], $prices());
        $shops[0]->purge('products', [42, '43']);
        self::assertSame(['1.23', '1.23'], $prices());
        $db->exec('UPDATE product SET price = 2.34 WHERE id = 42');
        $shops[0]->purgeAll('products');
        self::assertSame(['2.34', '2.34'], $prices());
        $shops[0]->purge('products', []);

        $nodes[1]->kill();
        $db->exec('UPDATE product SET price = 3.45 WHERE id = 42');
        try {
            $shops[0]->purge('products', [42]);
            self::fail('no exception');
        } catch (PurgeFailed $e) {
            self::assertStringContainsString($nodes[1]->adminUrl . ': ', $e->getMessage());
            self::assertStringNotContainsString($nodes[0]->adminUrl, $e->getMessage());
        }
        self::assertSame('3.45', $shops[0]->get('products', 42)['price'] ?? null, 'the living node has confirmed it');
    }

    /** With remove, the old value is not even served while MySQL fails. */
    public function testRemove(): void
    {
        $db = Shop::fresh();
        $service = new Service(['-request-timeout', '200ms', '-mysql-query-timeout', '100ms']);
        $shop = new Client($service->url, new Options(timeout: 5000, adminUrl: $service->adminUrl));
        $shop->getMany('products', [1, 2]);
        $shop->purge('products', [1]);
        $shop->purge('products', [2], remove: true);
        $db->exec('LOCK TABLES product WRITE');
        $many = $shop->getMany('products', [1, 2]);
        $db->exec('UNLOCK TABLES');
        self::assertSame([[1], [2]], [array_keys($many['found']), $many['unavailable']]);
    }

    public function testToken(): void
    {
        Shop::fresh();
        $folder = Place::folder();
        file_put_contents("$folder/token", 'correct-horse');
        $service = new Service(['-admin-token-file', "$folder/token"]);
        foreach ([null => 'Set Options::$adminToken', 'wrong' => 'Set Options::$adminToken', 'correct-horse' => null] as $token => $want) {
            $options = new Options(adminUrl: $service->adminUrl, adminToken: $token === '' ? null : $token);
            try {
                (new Client($service->url, $options))->purge('products', [1]);
                self::assertNull($want);
            } catch (PurgeFailed $e) {
                self::assertStringContainsString((string) $want, $e->getMessage());
                self::assertStringNotContainsString('correct-horse', (string) $e);
            }
        }
        Place::remove($folder);
    }

    /** @dataProvider transports */
    public function testUnconfirmedByTheFleet(string $transport): void
    {
        $body = '{"lookup":"products","mode":"stale","keys":1,"unconfirmed":["shop-2:8080","second tier"]}';
        $head = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: " . strlen($body);
        $node = new OddServer("$head\r\n\r\n$body", false);
        $this->expectException(PurgeFailed::class);
        $this->expectExceptionMessage("old values may be served: $node->url: done there, but not confirmed by shop-2:8080, second tier");
        (new Client($node->url, new Options(transport: $transport, adminUrl: $node->url)))->purge('products', [1]);
    }

    public function testWhatIsNoAdminAPI(): void
    {
        Shop::fresh();
        $service = new Service();
        $this->expectException(PurgeFailed::class);
        $this->expectExceptionMessage('404 There is nothing here');
        (new Client($service->url, new Options(adminUrl: $service->url)))->purge('products', [1]);
    }

    public function testUnknownLookup(): void
    {
        $service = new Service();
        $this->expectException(PurgeFailed::class);
        $this->expectExceptionMessage('nope');
        (new Client($service->url, new Options(adminUrl: $service->adminUrl)))->purgeAll('nope');
    }
}
