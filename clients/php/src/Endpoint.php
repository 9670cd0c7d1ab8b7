<?php

declare(strict_types=1);

namespace Productcache;

/** A base URL: where a node of the service listens. */
final class Endpoint
{
    private function __construct(
        /** as it was given, for messages; it holds no secret */
        public readonly string $url,
        /** what stream_socket_client takes */
        public readonly string $address,
        /** the path of a Unix socket, or null */
        public readonly ?string $socket,
        /** for the Host field */
        public readonly string $host,
        /** what goes before /v1/ */
        public readonly string $path,
        public readonly bool $tls,
    ) {
    }

    /**
     * @param string $url http://host:port, https://host:port or unix:/path; a path after the port stays in front of
     *     all requests' paths
     *
     * @throws InvalidOptions
     */
    public static function parse(string $url): self
    {
        if (str_starts_with($url, 'unix:')) {
            $socket = '/' . ltrim(substr($url, 5), '/');
            if ($socket === '/' || strlen($socket) > 100) {
                throw new InvalidOptions("productcache: '$url' names no socket: write unix:/run/productcache/public.sock"
                    . ' (a path has at most 100 bytes)');
            }
            return new self($url, "unix://$socket", $socket, 'localhost', '', false);
        }
        $parts = parse_url($url);
        $scheme = $parts['scheme'] ?? '';
        if (
            !in_array($scheme, ['http', 'https'], true) || ($parts['host'] ?? '') === ''
            || array_diff(array_keys($parts), ['scheme', 'host', 'port', 'path']) !== []
            || preg_match('/[^\x21-\x7e]/', $url) === 1
        ) {
            throw new InvalidOptions("productcache: '" . self::withoutPassword($url) . "' is no base URL: write http://127.0.0.1:8080,"
                . ' https://cache.example or unix:/run/productcache/public.sock, without user, query and fragment');
        }
        $port = $parts['port'] ?? ($scheme === 'https' ? 443 : 80);
        $host = isset($parts['port']) ? "{$parts['host']}:$port" : $parts['host'];
        return new self($url, "tcp://{$parts['host']}:$port", null, $host, rtrim($parts['path'] ?? '', '/'), $scheme === 'https');
    }

    private static function withoutPassword(string $url): string
    {
        return preg_replace('~//[^/]*@~', '//…@', $url) ?? '';
    }
}
