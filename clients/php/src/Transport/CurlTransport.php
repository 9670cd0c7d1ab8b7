<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Endpoint;
use Productcache\Request;

/**
 * Carries requests over libcurl: by TLS, too. Connections live as long as this transport; from PHP 8.5 as long as the
 * worker process (curl_share_init_persistent).
 */
final class CurlTransport implements Transport
{
    private readonly \CurlMultiHandle $multi;
    private readonly ?object $share;
    /** @var list<\CurlHandle> */
    private array $idle = [];
    /** @var array<int, CurlExchange> by handle */
    private array $busy = [];

    public function __construct()
    {
        $this->multi = curl_multi_init();
        $this->share = function_exists('curl_share_init_persistent')
            ? curl_share_init_persistent([CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_CONNECT, CURL_LOCK_DATA_SSL_SESSION])
            : null;
    }

    public function start(Endpoint $endpoint, Request $request, float $connectSeconds): CurlExchange
    {
        $handle = array_pop($this->idle) ?? $this->newHandle();
        $fields = $request->fields();
        $fields[] = "Host: $endpoint->host";
        $scheme = $endpoint->tls ? 'https' : 'http';
        curl_setopt_array($handle, [
            CURLOPT_URL => "$scheme://$endpoint->host$endpoint->path$request->target",
            CURLOPT_UNIX_SOCKET_PATH => $endpoint->socket,
            CURLOPT_HTTPHEADER => $fields,
            CURLOPT_CONNECTTIMEOUT_MS => max(1, (int) ($connectSeconds * 1000)),
        ] + ($request->body === null ? [CURLOPT_HTTPGET => true] : [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $request->body]));
        $exchange = new CurlExchange($this, $handle);
        $this->busy[spl_object_id($handle)] = $exchange;
        curl_multi_add_handle($this->multi, $handle);
        $this->proceed();
        return $exchange;
    }

    public function advance(array $exchanges, float $seconds): void
    {
        $until = microtime(true) + $seconds;
        do {
            $this->proceed();
            foreach ($exchanges as $exchange) {
                if ($exchange->response() !== null || $exchange->failure() !== null) {
                    return;
                }
            }
            $left = $until - microtime(true);
            if ($left > 0) {
                curl_multi_select($this->multi, $left);
            }
        } while ($left > 0);
    }

    public function release(\CurlHandle $handle, bool $keep): void
    {
        unset($this->busy[spl_object_id($handle)]);
        curl_multi_remove_handle($this->multi, $handle);
        if ($keep) {
            $this->idle[] = $handle;
        }
    }

    private function proceed(): void
    {
        curl_multi_exec($this->multi, $running);
        while (($info = curl_multi_info_read($this->multi)) !== false) {
            ($this->busy[spl_object_id($info['handle'])] ?? null)?->end($info['result']);
        }
    }

    private function newHandle(): \CurlHandle
    {
        $handle = curl_init();
        curl_setopt_array($handle, [
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HEADER => true,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_PROXY => '', // the environment's proxy is for the world outside
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
            CURLOPT_TCP_NODELAY => true,
            CURLOPT_MAXFILESIZE => 1 << 28,
        ]);
        if ($this->share !== null) {
            curl_setopt($handle, CURLOPT_SHARE, $this->share);
        }
        return $handle;
    }
}
