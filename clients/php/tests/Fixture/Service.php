<?php

declare(strict_types=1);

namespace Productcache\Tests\Fixture;

/** The real service, as a process of its own in front of the tests' MariaDB. It ends with this object. */
final class Service
{
    /** @var ?resource */
    private $process = null;
    private string $folder;
    private int $before = 0;
    public string $url = '';
    public string $adminUrl = '';

    /**
     * @param list<string> $flags beside addresses, DSN and catalog
     * @param ?string $dsn null: that of the tests' MariaDB
     */
    public function __construct(private readonly array $flags = [], private readonly ?string $dsn = null, ?string $listen = null)
    {
        $this->folder = Place::folder();
        file_put_contents("$this->folder/catalog.yaml", Shop::CATALOG);
        $this->start($listen ?? '127.0.0.1:0', '127.0.0.1:0');
    }

    public function __destruct()
    {
        $this->kill();
        Place::remove($this->folder);
    }

    /** Ends it at once, by SIGKILL. */
    public function kill(): void
    {
        if ($this->process === null) {
            return;
        }
        $this->signal(SIGKILL);
        proc_close($this->process);
        $this->process = null;
    }

    /** Starts it again at the same addresses. */
    public function restart(): void
    {
        $this->kill();
        $this->start(self::address($this->url), self::address($this->adminUrl));
    }

    public function freeze(): void
    {
        $this->signal(SIGSTOP);
        $threads = '/proc/' . proc_get_status($this->process)['pid'] . '/task/*/stat';
        // Each stops by itself.
        Place::await(static function () use ($threads): bool {
            $states = array_map(static fn (string $file): string => (string) @file_get_contents($file), glob($threads));
            return preg_grep('/\) [^T]/', $states) === [];
        }, 'that all threads have stopped');
    }

    public function thaw(): void
    {
        $this->signal(SIGCONT);
    }

    /** How many TCP connections there are or were a moment ago to its public API, seen from the clients' side. */
    public function connections(): int
    {
        if (str_starts_with($this->url, 'unix:')) {
            return 0;
        }
        $port = sprintf('0100007F:%04X', (int) substr(strrchr($this->url, ':'), 1));
        $n = 0;
        foreach (file('/proc/net/tcp') as $line) {
            $fields = preg_split('/\s+/', trim($line));
            $n += (int) ($fields[2] === $port); // remote address
        }
        return $n - $this->before;
    }

    /** How many requests its public API has had, as it says itself. */
    public function requests(): int
    {
        preg_match_all('/^productcache_http_requests_total\{[^}]*\} (\d+)$/m', (string) file_get_contents("$this->adminUrl/metrics"), $found);
        return (int) array_sum($found[1]);
    }

    private function signal(int $signal): void
    {
        posix_kill(proc_get_status($this->process)['pid'], $signal);
    }

    private function start(string $listen, string $adminListen): void
    {
        $command = [
            Place::variable('PRODUCTCACHE_TEST_BINARY'), '-listen', $listen, '-admin-listen', $adminListen,
            '-catalog', "$this->folder/catalog.yaml", '-log-format', 'json', ...$this->flags,
        ];
        $environment = ['PRODUCTCACHE_MYSQL_DSN' => $this->dsn ?? Place::variable('PRODUCTCACHE_TEST_DSN')];
        $log = "$this->folder/log";
        @unlink($log);
        $pipes = [];
        $this->process = proc_open($command, [1 => ['file', '/dev/null', 'w'], 2 => ['file', $log, 'w']], $pipes, null, $environment);
        $this->url = $this->adminUrl = '';
        Place::await(fn (): bool => $this->listens($log), 'a service that listens');
        $this->before = 0;
        $this->before = $this->connections(); // of an earlier owner of the port
    }

    private function listens(string $log): bool
    {
        if (!proc_get_status($this->process)['running']) {
            throw new \RuntimeException('the service has ended: ' . file_get_contents($log));
        }
        foreach (file($log) as $line) {
            $said = json_decode($line, true);
            if (($said['msg'] ?? '') === 'listening') {
                $scheme = $said['as'] === 'listen' && in_array('-tls-cert', $this->flags, true) ? 'https' : 'http';
                $url = str_starts_with($said['address'], '/') ? "unix:{$said['address']}" : "$scheme://{$said['address']}";
                $said['as'] === 'listen' ? $this->url = $url : $this->adminUrl = $url;
            }
        }
        return $this->url !== '' && $this->adminUrl !== '';
    }

    private static function address(string $url): string
    {
        return str_starts_with($url, 'unix:') ? $url : substr(strstr($url, '//'), 2);
    }
}
