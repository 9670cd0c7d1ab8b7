<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Client;
use Productcache\InvalidOptions;
use Productcache\Options;

/** Mistakes are told when the client is made. */
final class OptionsTest extends TestCase
{
    /** @return iterable<string, array{callable, string}> */
    public function mistakes(): iterable
    {
        yield 'timeout' => [static fn () => new Options(timeout: 0), 'timeout is 0, but must be at least 1'];
        yield 'two at once' => [static fn () => new Options(connectTimeout: -1, maxKeys: 0), 'connectTimeout is -1, but must be at least 1; maxKeys is 0'];
        yield 'localTtl' => [static fn () => new Options(localTtl: -1), 'must not be negative'];
        yield 'transport' => [static fn () => new Options(transport: 'pigeon'), "'stream', 'curl' or null"];
        yield 'token' => [static fn () => new Options(adminToken: "secret\n"), 'adminToken must be visible ASCII'];
        yield 'no URL' => [static fn () => new Client([]), 'at least one URL'];
        yield 'no scheme' => [static fn () => new Client('127.0.0.1:8080'), "'127.0.0.1:8080' is no base URL"];
        yield 'another scheme' => [static fn () => new Client('ftp://cache'), 'is no base URL'];
        yield 'query' => [static fn () => new Client('http://cache/?a=b'), 'is no base URL'];
        yield 'line end' => [static fn () => new Client("http://cache\r\nX: y"), 'is no base URL'];
        yield 'password' => [static fn () => new Client('http://me:secret@cache'), "'http://…@cache' is no base URL"];
        yield 'no socket' => [static fn () => new Client('unix:'), 'names no socket'];
        yield 'admin URL' => [static fn () => (new Client('http://cache', new Options(adminUrl: [])))->purgeAll('x'), 'at least one URL'];
    }

    /** @dataProvider mistakes */
    public function testMistakes(callable $make, string $want): void
    {
        try {
            $make();
            self::fail('no exception');
        } catch (InvalidOptions $e) {
            self::assertStringContainsString($want, $e->getMessage());
            self::assertStringNotContainsString('secret', $e->getMessage());
        }
    }
}
