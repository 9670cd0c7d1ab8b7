<?php

declare(strict_types=1);

namespace Productcache;

use Productcache\Breaker\Breaker;
use Productcache\Transport\Exchange;
use Productcache\Transport\Transports;

/**
 * Gets requests answered in time, by the first endpoint that is alive.
 *
 * An endpoint that refuses, breaks off or answers nonsense is dead, and the next one is asked at once. One that is
 * silent may be dead or only wait for MySQL. So shortly before its time is over it gets a probe, over a connection of its own,
 * for something that it knows by itself. If it answers that, MySQL is slow: the other endpoints would wait for the
 * same, and are not asked. If not, it is dead.
 */
final class Dispatcher
{
    /** Why the last requests have no answer; for messages. */
    private string $trouble = '';

    /** @param non-empty-list<Endpoint> $endpoints in the order in which they are asked */
    public function __construct(
        private readonly array $endpoints,
        private readonly Transports $transports,
        private readonly Breaker $breaker,
        private readonly float $connectSeconds,
        private readonly float $seconds,
    ) {
    }

    public function trouble(): string
    {
        return $this->trouble;
    }

    /**
     * Sends requests at the same time, and waits for their responses.
     *
     * @param array<int, Request> $requests
     * @return array<int, Response> those that were answered, by the keys of their requests
     */
    public function ask(array $requests): array
    {
        $this->breaker->look();
        $deadline = microtime(true) + $this->seconds;
        $up = array_values(array_filter($this->endpoints, $this->breaker->isUp(...)));
        $this->trouble = $up === [] ? $this->allDead() : '';
        $responses = [];
        foreach ($up as $i => $endpoint) {
            $now = microtime(true);
            $share = ($deadline - $now) / (count($up) - $i);
            $probeAt = $now + max($share - $this->connectSeconds, $share / 2);
            if ($this->attempt($endpoint, $requests, $responses, $probeAt, $deadline)) {
                break;
            }
            $requests = array_diff_key($requests, $responses);
        }
        return $responses;
    }

    /** Looks after probes, while there is time. */
    public function idle(): void
    {
        $this->breaker->look();
    }

    /**
     * Asks one endpoint.
     *
     * @param array<int, Request> $requests
     * @param array<int, Response> $responses what comes in time is added
     * @return bool whether the endpoint is alive, so that no other is to be asked
     */
    private function attempt(Endpoint $endpoint, array $requests, array &$responses, float $probeAt, float $deadline): bool
    {
        $transport = $this->transports->for($endpoint);
        $exchanges = [];
        foreach ($requests as $i => $request) {
            $exchanges[$i] = $transport->start($endpoint, $request, $this->connectSeconds);
        }
        $probe = null;
        $alive = false;
        while (true) {
            $dead = $this->collect($exchanges, $requests, $responses);
            $now = microtime(true);
            if ($dead === null && $exchanges === []) {
                $this->end($probe);
                return true;
            }
            if ($dead === null && $probe !== null) {
                $alive = $alive || Breaker::verdict($probe) === true;
                if (!$alive && ($now >= $probeAt + $this->connectSeconds || Breaker::verdict($probe) === false)) {
                    $dead = 'it does not answer';
                }
            }
            if ($dead !== null || $now >= $deadline) {
                $this->end($probe, ...$exchanges);
                return $this->conclude($endpoint, $dead);
            }
            if ($probe === null && $now >= $probeAt) {
                $probe = $this->breaker->probe($endpoint);
            }
            $until = match (true) {
                $probe === null => min($probeAt, $deadline),
                $alive => $deadline,
                default => min($probeAt + $this->connectSeconds, $deadline),
            };
            $waiting = array_values($exchanges);
            if ($probe !== null && Breaker::verdict($probe) === null) {
                $waiting[] = $probe;
            }
            $transport->advance($waiting, max(0, $until - $now));
        }
    }

    /**
     * Takes what has ended out of the exchanges.
     *
     * @param array<int, Exchange> $exchanges
     * @param array<int, Request> $requests
     * @param array<int, Response> $responses
     * @return ?string why the endpoint is dead, if it is
     */
    private function collect(array &$exchanges, array $requests, array &$responses): ?string
    {
        foreach ($exchanges as $i => $exchange) {
            $response = $exchange->response();
            if ($response === null) {
                if ($exchange->failure() !== null) {
                    return $exchange->failure();
                }
                continue;
            }
            unset($exchanges[$i]);
            if (!$response->isOurs($requests[$i])) {
                return "it answers $response->status, but not as productcache does";
            }
            $responses[$i] = $response;
        }
        return null;
    }

    private function conclude(Endpoint $endpoint, ?string $dead): bool
    {
        if ($dead === null) {
            $this->trouble = "$endpoint->url did not answer within " . (int) ($this->seconds * 1000) . ' ms, though it is alive: MySQL is slow';
            return true;
        }
        $this->trouble = ($this->trouble === '' ? '' : "$this->trouble; ") . "$endpoint->url: $dead";
        $this->breaker->fail($endpoint, $dead);
        return false;
    }

    private function end(?Exchange ...$exchanges): void
    {
        foreach ($exchanges as $exchange) {
            $exchange?->cancel();
        }
    }

    private function allDead(): string
    {
        $urls = array_map(static fn (Endpoint $e): string => $e->url, $this->endpoints);
        return implode(' and ', $urls) . (count($urls) > 1 ? ' have' : ' has') . ' failed a moment ago';
    }
}
