<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Endpoint;
use Productcache\Request;

/**
 * Carries requests over PHP's streams. Its connections are persistent: in php-fpm they live as long as the worker
 * process, and so save each page a connection.
 *
 * A persistent connection must never be left with a response on its way, or the next page would take it for its own.
 * So an exchange that has not ended is closed when it is given up, when it is destroyed, and, since a fatal error
 * destroys nothing, at PHP's shutdown. A process that cannot even run that ends, and its connections with it.
 */
final class StreamTransport implements Transport
{
    private const MOST_PERSISTENT = 8; // of a transport and address: what a worker keeps

    /** How many transports this request has made: the first one finds the connections of the last request's first. */
    private static int $transports = 0;
    /** @var array<int, resource> all that are busy, by resource number */
    private static array $busy = [];
    private static bool $guarded = false;

    private readonly int $number;
    /** @var array<string, list<array{resource, int}>> idle connections with their numbers, by address */
    private array $idle = [];
    /** @var array<string, array<int, true>> numbers in use, by address */
    private array $used = [];

    public function __construct()
    {
        $this->number = self::$transports++;
        if (!self::$guarded) {
            self::$guarded = true;
            register_shutdown_function(static function (): void {
                foreach (self::$busy as $stream) {
                    if (is_resource($stream)) {
                        fclose($stream);
                    }
                }
                self::$busy = [];
            });
        }
    }

    public function start(Endpoint $endpoint, Request $request, float $connectSeconds): StreamExchange
    {
        return new StreamExchange($this, $endpoint, $request, microtime(true) + $connectSeconds);
    }

    public function advance(array $exchanges, float $seconds): void
    {
        $until = microtime(true) + $seconds;
        do {
            $read = $write = $except = [];
            foreach ($exchanges as $i => $exchange) {
                assert($exchange instanceof StreamExchange);
                $exchange->await($i, $read, $write);
                $until = min($until, $exchange->connectUntil());
            }
            $left = (int) max(0, ($until - microtime(true)) * 1e6);
            if ($read !== [] || $write !== []) {
                // An interrupted call returns false: what is ready is then found by trying.
                if (@stream_select($read, $write, $except, intdiv($left, 1_000_000), $left % 1_000_000) === 0) {
                    $read = $write = [];
                }
            }
            $ended = false;
            foreach ($exchanges as $i => $exchange) {
                assert($exchange instanceof StreamExchange);
                $exchange->proceed(isset($read[$i]) || isset($write[$i]));
                $ended = $ended || $exchange->hasEnded();
            }
        } while (!$ended && microtime(true) < $until);
    }

    /**
     * Gives a connection: one that is kept, or a new one, which may not be made yet.
     *
     * @return array{resource, int, bool}|string the connection, its number and whether it has been used before, or why
     *     there is none
     */
    public function connect(Endpoint $endpoint, bool $fresh): array|string
    {
        $address = $endpoint->address;
        while (!$fresh && ($this->idle[$address] ?? []) !== []) {
            [$stream, $number] = array_pop($this->idle[$address]);
            if (is_resource($stream)) {
                self::$busy[(int) $stream] = $stream;
                return [$stream, $number, true];
            }
            unset($this->used[$address][$number]);
        }
        for ($number = 0; isset($this->used[$address][$number]);) {
            $number++;
        }
        do {
            $stream = $this->open($endpoint, $number);
            if (is_string($stream)) {
                return $stream;
            }
            $reused = ftell($stream) > 0;
            $usable = !$reused || (!$fresh && self::isQuiet($stream));
            if (!$usable) {
                fclose($stream); // of a persistent one, too: the next is new
            }
        } while (!$usable);
        $this->used[$address][$number] = true;
        self::$busy[(int) $stream] = $stream;
        return [$stream, $number, $reused];
    }

    /** @param resource $stream */
    public function release(Endpoint $endpoint, $stream, int $number, bool $keep): void
    {
        if (!is_resource($stream)) {
            unset($this->used[$endpoint->address][$number]);
            return;
        }
        unset(self::$busy[(int) $stream]);
        if ($keep) {
            $this->idle[$endpoint->address][] = [$stream, $number];
            return;
        }
        unset($this->used[$endpoint->address][$number]);
        fclose($stream);
    }

    /** @return resource|string */
    private function open(Endpoint $endpoint, int $number)
    {
        $address = $endpoint->address;
        $flags = STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT;
        $nth = $this->number * self::MOST_PERSISTENT + $number;
        if ($number < self::MOST_PERSISTENT && $nth < 4 * self::MOST_PERSISTENT) {
            // PHP tells persistent streams apart by the text of their address: what follows a port is ignored, and
            // slashes more at a path's beginning name the same file.
            $flags |= STREAM_CLIENT_PERSISTENT;
            $address = $endpoint->socket === null ? "$address/$nth" : 'unix://' . str_repeat('/', $nth) . $endpoint->socket;
        }
        $stream = @stream_socket_client($address, $code, $message, null, $flags);
        if ($stream === false) {
            return $message === '' ? 'no connection can be made' : lcfirst($message);
        }
        stream_set_blocking($stream, false);
        stream_set_chunk_size($stream, 65536);
        return $stream;
    }

    /**
     * Whether nothing has come on an idle connection: neither its end nor what nobody asked for.
     *
     * @param resource $stream
     */
    private static function isQuiet($stream): bool
    {
        $read = [$stream];
        $none = [];
        return @stream_select($read, $none, $none, 0, 0) === 0;
    }
}
