<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Tests\Fixture\Place;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;

/** Connections that outlive a PHP request, seen with PHP's own web server: like a worker of php-fpm, its process goes on. */
final class ConnectionTest extends TestCase
{
    private const PAGE = <<<'PHP'
        <?php
        require getenv('AUTOLOAD');
        $options = isset($_GET['dead'])
            ? new Productcache\Options(timeout: 100, retryAfter: 1, fallback: fn ($lookup, $keys) => [$keys[0] => ['id' => -1]])
            : new Productcache\Options(timeout: 10000, transport: $_GET['transport'] ?? null);
        $shop = new Productcache\Client(getenv('SERVICE'), $options);
        if (isset($_GET['after'])) { // ends in the middle of a call
            pcntl_async_signals(true);
            pcntl_signal(SIGALRM, static fn () => $_GET['after'] === 'exit' ? exit : str_repeat('x', PHP_INT_MAX));
            pcntl_alarm(1);
        }
        echo json_encode($shop->get('products', (int) $_GET['key']));
        PHP;

    private Service $service;
    private string $folder;
    /** @var ?resource */
    private $server;
    private string $url = '';

    protected function setUp(): void
    {
        Shop::fresh();
        $this->service = new Service(['-ttl', '1h']);
        $this->folder = Place::folder();
        file_put_contents("$this->folder/page.php", self::PAGE);
        $pipes = [];
        $this->server = proc_open(
            [PHP_BINARY, '-d', 'display_errors=0', '-d', 'log_errors=1', '-S', '127.0.0.1:0', "$this->folder/page.php"],
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', "$this->folder/log", 'w']],
            $pipes,
            null,
            ['AUTOLOAD' => __DIR__ . '/../autoload.php', 'SERVICE' => $this->service->url, 'TMPDIR' => $this->folder],
        );
        Place::await(function (): bool {
            $listens = preg_match('~\((http://127\.0\.0\.1:\d+)\) started~', (string) file_get_contents("$this->folder/log"), $match) === 1;
            $this->url = $match[1] ?? '';
            return $listens;
        }, "PHP's web server");
    }

    protected function tearDown(): void
    {
        Shop::connection()->exec('UNLOCK TABLES');
        posix_kill(proc_get_status($this->server)['pid'], SIGKILL);
        proc_close($this->server);
        Place::remove($this->folder);
    }

    private function page(string $query): string
    {
        return (string) @file_get_contents("$this->url/?$query");
    }

    private function expectProduct(int $key): void
    {
        self::assertSame($key, json_decode($this->page("key=$key"), true)['id'] ?? null);
    }

    public function testConnectionOutlivesARequest(): void
    {
        for ($key = 1; $key <= 10; $key++) {
            $this->expectProduct($key);
        }
        self::assertSame(1, $this->service->connections());
        $this->page('key=1&transport=curl');
        $this->page('key=1&transport=curl');
        $curl = function_exists('curl_share_init_persistent') ? 1 : 2; // PHP 8.5 keeps them, too
        self::assertSame(1 + $curl, $this->service->connections());
    }

    /** The service restarts between two pages: the next page notices. */
    public function testServiceRestarts(): void
    {
        $this->expectProduct(1);
        $this->service->restart();
        $this->expectProduct(2);
    }

    /** A page that ends while a probe of a frozen service is on its way has no error, and nor has the next one. */
    public function testPageThatEndsWithAProbe(): void
    {
        $this->service->freeze();
        for ($i = 0; $i < 5; $i++) {
            usleep(2000); // past retryAfter: this page sends a probe
            self::assertSame('{"id":-1}', $this->page('key=1&dead'));
        }
        $this->service->thaw();
        Place::await(fn (): bool => $this->page('key=1&dead') !== '{"id":-1}', 'that the service is asked again');
        self::assertStringNotContainsString('Fatal', (string) file_get_contents("$this->folder/log"));
    }

    /** @return iterable<string, array{string}> */
    public function ends(): iterable
    {
        yield 'exit' => ['exit'];
        yield 'fatal error' => ['fatal'];
    }

    /**
     * A page that ends in the middle of a call takes the connection with it, so that the next page does not take its response for
     * its own.
     *
     * @dataProvider ends
     */
    public function testPageThatEndsEarly(string $how): void
    {
        $this->expectProduct(1);
        Shop::connection()->exec('LOCK TABLES product WRITE');
        self::assertSame('', $this->page("key=2&after=$how"));
        $this->expectProduct(1); // while the service still works at the other's answer
        Shop::connection()->exec('UNLOCK TABLES');
        for ($key = 3; $key < 8; $key++) {
            $this->expectProduct($key);
        }
    }
}
