<?php

declare(strict_types=1);

namespace Productcache;

use Productcache\Breaker\ApcuMemory;
use Productcache\Breaker\Breaker;
use Productcache\Breaker\FileMemory;
use Productcache\Transport\Transports;

/**
 * Asks Productcache for products and listings.
 *
 *     $shop = new Productcache\Client('http://127.0.0.1:8080');
 *     $product = $shop->get('products', 42);
 *
 * Make one per PHP request and keep it: its connections are kept between calls. A call takes no longer than
 * Options::$timeout, beside the shop's own fallback. What the service knows to be wrong with a request throws Refused;
 * that the service is away, or that MySQL is, throws Unavailable, unless there is a fallback.
 *
 * Not for several threads or fibers at a time.
 */
final class Client
{
    /** @var non-empty-list<Endpoint> */
    private readonly array $endpoints;
    private readonly Options $options;
    private readonly Dispatcher $dispatcher;
    private readonly Transports $transports;
    private readonly ?LocalCache $local;

    /**
     * @param string|list<string> $urls base URLs of the service's nodes: http://host:port, https://host or unix:/path. The
     *     first that is alive is asked
     *
     * @throws InvalidOptions
     */
    public function __construct(string|array $urls, ?Options $options = null)
    {
        $this->options = $options ?? new Options();
        $this->endpoints = self::parse((array) $urls);
        $apcu = function_exists('apcu_enabled') && apcu_enabled();
        $this->transports = new Transports($this->options->transport);
        $connectSeconds = $this->options->connectTimeout / 1000;
        $this->dispatcher = new Dispatcher(
            $this->endpoints,
            $this->transports,
            new Breaker(
                $apcu && $this->options->stateFolder === null ? new ApcuMemory() : new FileMemory($this->options->stateFolder),
                $this->transports,
                $this->options->retryAfter,
                $connectSeconds,
                $this->options->logger,
            ),
            $connectSeconds,
            $this->options->timeout / 1000,
        );
        $this->local = $this->options->localTtl > 0
            ? new LocalCache(md5(implode(' ', (array) $urls)), $this->options->localTtl, $this->options->localKeep)
            : null;
    }

    /**
     * Returns what a lookup knows of a key.
     *
     * @return ?array<array-key, mixed> the product's fields; of a listing (rows: many) the list of its rows. Null if there is
     *     nothing with this key. DECIMALs are strings, dates are RFC 3339
     * @throws Unavailable
     * @throws Refused
     */
    public function get(string $lookup, int|string $key): ?array
    {
        $call = new Call($lookup, 1);
        try {
            return $this->answer($call, new Request(self::target($lookup, $key)), static function (Response $r): ?array {
                return $r->status === 200 ? $r->json() : null;
            });
        } catch (Unavailable $e) {
            if ($this->options->fallback === null) {
                throw $e;
            }
            $rows = $this->fallBack($call, $lookup, [$key]);
            return $rows[$key] ?? null;
        } finally {
            $this->report($call);
        }
    }

    /**
     * Returns what a lookup knows of several keys, by one request for each Options::$maxKeys of them.
     *
     * @param iterable<int|string> $keys
     * @return array{found: array<int|string, array<array-key, mixed>>, missing: list<int|string>,
     *     unavailable: list<int|string>} what was found by key, in the order of $keys; the keys that there is nothing with; and
     *     the keys that nobody had an answer for: with a fallback there are none
     * @throws Unavailable if nothing could be answered, and there is no fallback
     * @throws Refused
     */
    public function getMany(string $lookup, iterable $keys): array
    {
        $wanted = self::distinct($keys);
        $call = new Call($lookup, count($wanted));
        try {
            [$found, $missing, $trouble] = $this->many($call, $lookup, $wanted);
            $open = array_diff_key($wanted, $found, $missing);
            if ($open !== [] && $this->options->fallback !== null) {
                $found += array_intersect_key($this->fallBack($call, $lookup, array_values($open)), $open);
                $missing += array_diff_key($open, $found);
                $open = [];
            } elseif (count($open) === count($wanted) && $trouble !== null) {
                throw $trouble;
            }
            return [
                'found' => count($wanted) === count($found) && array_keys($wanted) === array_keys($found)
                    ? $found
                    : array_replace(array_intersect_key($wanted, $found), $found),
                'missing' => array_values(array_intersect_key($wanted, $missing)),
                'unavailable' => array_values($open),
            ];
        } finally {
            $this->report($call);
        }
    }

    /**
     * Returns a page of a listing: of a lookup with rows: many.
     *
     * @param int $page from 1; beyond the last there is nothing, but no error
     * @param int $perPage from 1 to 1000
     * @throws Unavailable
     * @throws Refused
     */
    public function page(string $lookup, int|string $key, int $page = 1, int $perPage = 24): Page
    {
        $call = new Call($lookup, 1);
        $request = new Request(self::target($lookup, $key) . "?page=$page&per_page=$perPage");
        try {
            [$items, $total] = $this->answer($call, $request, static function (Response $r): array {
                return [$r->json() ?? [], (int) $r->field('X-Total-Count')];
            });
            return new Page($items, $total, $page, $perPage);
        } catch (Unavailable $e) {
            if ($this->options->pageFallback === null && $this->options->fallback === null) {
                throw $e;
            }
            return $this->pageByFallback($call, $lookup, $key, $page, $perPage);
        } finally {
            $this->report($call);
        }
    }

    /**
     * Has all nodes forget what they know of keys. When it returns, no node answers with what MySQL said before. Answers that other
     * machines keep in their APCu stay there for up to Options::$localTtl.
     *
     * @param iterable<int|string> $keys
     * @param bool $remove do not serve the old values either while MySQL fails
     * @throws PurgeFailed which names the nodes that have not confirmed it
     */
    public function purge(string $lookup, iterable $keys, bool $remove = false): void
    {
        $keys = array_map(strval(...), array_values(self::distinct($keys)));
        if ($keys !== []) {
            $this->send($lookup, ['keys' => $keys], $remove);
        }
    }

    /**
     * Has all nodes forget what they know of a lookup, as purge does for keys.
     *
     * @throws PurgeFailed
     */
    public function purgeAll(string $lookup, bool $remove = false): void
    {
        $this->send($lookup, ['all' => true], $remove);
    }

    /**
     * Gets one request answered, by APCu or by the service.
     *
     * @template T
     * @param callable(Response): T $read what is wanted of the response
     * @return T
     */
    private function answer(Call $call, Request $request, callable $read): mixed
    {
        $key = $this->local?->key($call->lookup, $request->target) ?? '';
        $entry = $this->local?->find($key);
        if ($entry !== null && $this->local?->isFresh($entry) === true) {
            $call->source = Observation::LOCAL;
            return $entry[0];
        }
        $asked = microtime(true);
        if ($entry !== null) {
            $request = new Request($request->target, etag: $entry[1], holds: $request->holds);
        }
        $response = $this->dispatcher->ask([$request])[0] ?? null;
        if ($response === null) {
            throw $this->away($call->lookup);
        }
        return $this->read($call, $response, $read, $key, $entry, $asked);
    }

    /**
     * @template T
     * @param callable(Response): T $read
     * @param ?array{T, ?string, float} $entry
     * @return T
     */
    private function read(Call $call, Response $response, callable $read, string $key, ?array $entry, float $asked): mixed
    {
        $call->cacheStatus = $response->field('Cache-Status') ?? $call->cacheStatus;
        if ($response->status === 304 && $entry !== null) {
            $this->local?->store($key, $entry[0], $entry[1], $asked);
            $call->source = Observation::LOCAL;
            return $entry[0];
        }
        $problem = $response->problem();
        if ($problem !== null && $problem !== 'unknown-key') {
            throw $this->failed($call->lookup, $response);
        }
        $value = $read($response);
        $call->source = Observation::SERVICE;
        $partial = ($response->json()['unavailable'] ?? []) !== [];
        if ($this->local !== null && !$partial) {
            $this->local->store($key, $value, $response->field('ETag'), $asked);
        }
        return $value;
    }

    /**
     * Asks for several keys at once, and for each Options::$maxKeys of them in a request of its own.
     *
     * @param array<int|string, int|string> $wanted
     * @return array{array<int|string, array<array-key, mixed>>, array<int|string, int|string>, ?Unavailable}
     *     what was found; the missing keys; and why some are in neither
     */
    private function many(Call $call, string $lookup, array $wanted): array
    {
        $found = $missing = [];
        $trouble = null;
        [$answers, $asking] = $this->chunks($call, $lookup, $wanted);
        $asked = microtime(true);
        $responses = $asking === [] ? [] : $this->dispatcher->ask(array_column($asking, 0));
        foreach (array_values($asking) as $i => [$request, $key, $entry]) {
            if (!isset($responses[$i])) {
                $trouble = $this->away($lookup);
                continue;
            }
            try {
                $answers[] = $this->read($call, $responses[$i], self::items(...), $key, $entry, $asked);
            } catch (Unavailable $e) {
                $trouble = $e;
            }
        }
        foreach ($answers as [$items, $gone]) {
            $found = $found === [] ? $items : $found + $items;
            $missing += $gone;
        }
        return [$found, $missing, $trouble];
    }

    /**
     * Makes the requests for keys, and answers from APCu what it can.
     *
     * @param array<int|string, int|string> $wanted
     * @return array{list<array>, list<array{Request, string, ?array}>} answers; and requests with their keys and entries in APCu
     */
    private function chunks(Call $call, string $lookup, array $wanted): array
    {
        $answers = $asking = [];
        foreach (array_chunk($wanted, $this->options->maxKeys) as $chunk) {
            $target = '/v1/' . rawurlencode($lookup) . '?keys=' . implode(',', array_map(self::encode(...), $chunk));
            $key = $this->local?->key($lookup, $target) ?? '';
            $entry = $this->local?->find($key);
            if ($entry !== null && $this->local?->isFresh($entry) === true) {
                $call->source = Observation::LOCAL;
                $answers[] = $entry[0];
            } else {
                $asking[] = [new Request($target, etag: $entry[1] ?? null, holds: 'items'), $key, $entry];
            }
        }
        return [$answers, $asking];
    }

    /** @return array{array<int|string, array>, array<int|string, int|string>} what is found and what is missing, by key */
    private static function items(Response $response): array
    {
        $json = $response->json() ?? [];
        $missing = is_array($json['missing'] ?? null) ? $json['missing'] : [];
        return [$json['items'] ?? [], array_combine($missing, $missing)];
    }

    /** @param array{keys?: list<string>, all?: true} $what */
    private function send(string $lookup, array $what, bool $remove): void
    {
        $body = json_encode(['lookup' => $lookup, 'mode' => $remove ? 'remove' : 'stale'] + $what, JSON_INVALID_UTF8_SUBSTITUTE);
        $purge = new Purge($this->transports, $this->options->connectTimeout / 1000, $this->options->purgeTimeout / 1000);
        $this->local?->forget($lookup);
        try {
            $purge->send(self::parse($this->options->adminUrls), (string) $body, $this->options->adminToken);
        } finally {
            $this->local?->forget($lookup); // what came meanwhile
        }
    }

    /**
     * @param list<int|string> $keys
     * @return array<int|string, array>
     */
    private function fallBack(Call $call, string $lookup, array $keys): array
    {
        $call->source = Observation::FALLBACK;
        $rows = ($this->options->fallback)($lookup, $keys);
        $this->dispatcher->idle();
        return array_filter($rows, is_array(...));
    }

    private function pageByFallback(Call $call, string $lookup, int|string $key, int $page, int $perPage): Page
    {
        if ($this->options->pageFallback === null) {
            $rows = array_values($this->fallBack($call, $lookup, [$key])[$key] ?? []);
            return new Page(array_slice($rows, ($page - 1) * $perPage, $perPage), count($rows), $page, $perPage);
        }
        $call->source = Observation::FALLBACK;
        $answer = ($this->options->pageFallback)($lookup, $key, $page, $perPage);
        $this->dispatcher->idle();
        return new Page(array_values($answer['items']), $answer['total'], $page, $perPage);
    }

    private function away(string $lookup): Unavailable
    {
        return new Unavailable("productcache: no answer for '$lookup': {$this->dispatcher->trouble()}. See that the service runs"
            . ' where the client looks for it, or give the client a fallback (Options::$fallback).');
    }

    /** @return Refused|Unavailable what a problem that the service has answered with is for the caller */
    private function failed(string $lookup, Response $response): Refused|Unavailable
    {
        $said = $response->explanation();
        return match (true) {
            $response->status >= 500 => new Unavailable("productcache: no answer for '$lookup': the service says: $said"
                . ' See its log and MySQL, or give the client a fallback (Options::$fallback).'),
            $response->problem() === 'too-many-keys' => new Refused("productcache: $said"
                . ' Set Options::$maxKeys to what the service\'s -max-keys allows.'),
            $response->problem() === 'unknown-lookup' => new Refused("productcache: $said"
                . ' With -table it is the name of the table.'),
            default => new Refused("productcache: '$lookup' is asked for in a way that cannot work: $said"),
        };
    }

    private function report(Call $call): void
    {
        if ($this->options->observer !== null) {
            ($this->options->observer)($call->observation());
        }
    }

    private static function target(string $lookup, int|string $key): string
    {
        return '/v1/' . rawurlencode($lookup) . '/' . self::encode($key);
    }

    private static function encode(int|string $key): string
    {
        return is_int($key) ? (string) $key : rawurlencode($key);
    }

    /**
     * @param iterable<int|string> $keys
     * @return array<int|string, int|string> each key once, by itself as PHP's arrays spell it
     */
    private static function distinct(iterable $keys): array
    {
        $distinct = [];
        foreach ($keys as $key) {
            $distinct[$key] ??= $key;
        }
        return $distinct;
    }

    /**
     * @param list<string> $urls
     * @return non-empty-list<Endpoint>
     */
    private static function parse(array $urls): array
    {
        if ($urls === []) {
            throw new InvalidOptions('productcache: there must be at least one URL');
        }
        return array_map(Endpoint::parse(...), array_values($urls));
    }
}
