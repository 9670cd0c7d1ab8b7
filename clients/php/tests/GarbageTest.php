<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Client;
use Productcache\Options;
use Productcache\Tests\Fixture\Logbook;
use Productcache\Tests\Fixture\OddServer;
use Productcache\Tests\Fixture\Place;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;

/** Something else than the service answers: the next node is asked, or the fallback, and nothing of it is believed. */
final class GarbageTest extends TestCase
{
    private const JSON = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

    /** @return iterable<string, array{string, 1?: bool}> */
    public function answers(): iterable
    {
        yield 'nothing' => [''];
        yield 'no HTTP' => ["SSH-2.0-OpenSSH_9.2p1\r\n"];
        yield 'no HTTP, and open' => ["220 mail.example ESMTP\r\n", false];
        yield 'HTTP/2' => ["HTTP/2 200\r\n\r\n"];
        yield 'a page' => ["HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"];
        yield 'a proxy without the service' => ["HTTP/1.1 503 Unavailable\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nNo"];
        yield 'a redirect' => ["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"];
        yield 'not modified, unasked' => ["HTTP/1.1 304 Not Modified\r\n\r\n"];
        yield 'broken JSON' => [self::JSON . "Content-Length: 9\r\n\r\n{\"id\":42,"];
        yield 'a number' => [self::JSON . "Content-Length: 2\r\n\r\n42"];
        yield 'a short body' => [self::JSON . "Content-Length: 99\r\n\r\n{}"];
        yield 'a strange length' => [self::JSON . "Content-Length: -1\r\n\r\n{}"];
        yield 'a huge length' => [self::JSON . "Content-Length: 99999999999\r\n\r\n{}"];
        yield 'broken chunks' => [self::JSON . "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"];
        yield 'an endless head' => ["HTTP/1.1 200 OK\r\n" . str_repeat('X-Y: ' . str_repeat('z', 1000) . "\r\n", 80)];
        yield 'no end of the head' => [self::JSON, false];
    }

    /** @dataProvider answers */
    public function testStreams(string $answer, bool $close = true): void
    {
        $this->expectNoneOfIt('stream', $answer, $close);
    }

    /** RFC 9112, section 6.3: it may be an attack. libcurl believes the chunks. */
    public function testTwoLengths(): void
    {
        $answer = self::JSON . "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        $this->expectNoneOfIt('stream', $answer, true);
    }

    /** @dataProvider answers */
    public function testCurl(string $answer, bool $close = true): void
    {
        $this->expectNoneOfIt('curl', $answer, $close);
    }

    private function expectNoneOfIt(string $transport, string $answer, bool $close): void
    {
        Shop::fresh();
        $odd = new OddServer($answer, $close);
        $service = new Service();
        $folder = Place::folder();
        $log = new Logbook();
        $options = ['transport' => $transport, 'logger' => $log, 'retryAfter' => 100_000, 'connectTimeout' => 500, 'timeout' => 4000];
        $shop = new Client([$odd->url, $service->url], new Options(...$options, stateFolder: "$folder/1"));
        self::assertSame('Product 42', $shop->get('products', 42)['name'] ?? null);
        self::assertSame([1], array_keys($shop->getMany('products', [1])['found']));
        self::assertCount(1, $log->lines);
        self::assertStringStartsWith("warning productcache: $odd->url is dead: ", $log->lines[0]);

        $alone = new Client($odd->url, new Options(...$options, stateFolder: "$folder/2", fallback: Shop::fallback(...)));
        self::assertSame('Product 42', $alone->get('products', 42)['name'] ?? null);
        Place::remove($folder);
    }

    /** JSON that a multi-get does not answer with. */
    public function testForeignJSON(): void
    {
        Shop::fresh();
        $odd = new OddServer(self::JSON . "Content-Length: 2\r\n\r\n{}");
        $folder = Place::folder();
        $shop = new Client($odd->url, new Options(stateFolder: $folder, fallback: Shop::fallback(...)));
        self::assertSame([1], array_keys($shop->getMany('products', [1])['found']));
        Place::remove($folder);
    }

    /** What a proxy in between may make of a good answer. */
    public function testChunksAndInterimResponses(): void
    {
        foreach (['stream', 'curl'] as $transport) {
            $folder = Place::folder();
            $odd = new OddServer("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" . self::JSON
                . "transfer-encoding: Chunked\r\n\r\n3\r\n{\"a\r\n5;x=y\r\n\":[1]\r\n1\r\n}\r\n0\r\nX-T: 1\r\n\r\n", false);
            $shop = new Client($odd->url, new Options(transport: $transport, stateFolder: $folder, timeout: 5000));
            self::assertSame(['a' => [1]], $shop->get('products', 1), $transport);
            $odd = new OddServer("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"b\":2}");
            $shop = new Client($odd->url, new Options(transport: $transport, stateFolder: $folder, timeout: 5000));
            self::assertSame(['b' => 2], $shop->get('products', 1), $transport);
            Place::remove($folder);
        }
    }
}
