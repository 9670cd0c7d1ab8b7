<?php

declare(strict_types=1);

namespace Productcache\Breaker;

use Productcache\Endpoint;
use Productcache\Request;
use Productcache\Transport\Exchange;
use Productcache\Transport\Transports;
use Psr\Log\LoggerInterface;

/**
 * Leaves dead endpoints alone, and finds out when they are back, so that nobody waits for one that is dead.
 *
 * An endpoint is up until it fails. Then it is down for all processes that share the memory. When its time is over,
 * one process claims it and sends a probe: a request for something that the service knows without MySQL. The probe
 * is only looked at again when there is something else to do, or at the end of the PHP request. If it has been
 * answered by then the endpoint is up, or else the next process has a go a while later.
 */
final class Breaker
{
    private const LAST_LOOK = 0.0005; // s for which the end of a PHP request may wait for a probe

    /** @var array<string, int> what this process knows, in case the memory forgets */
    private array $down = [];
    /** @var array<string, array{Endpoint, Exchange}> */
    private array $probes = [];

    public function __construct(
        private readonly Memory $memory,
        private readonly Transports $transports,
        private readonly int $retryAfter,
        private readonly float $connectSeconds,
        private readonly ?LoggerInterface $logger,
    ) {
    }

    public function __destruct()
    {
        $this->look(self::LAST_LOOK);
    }

    /** Whether an endpoint is to be asked. If it is time, a probe is sent to one that is down. */
    public function isUp(Endpoint $endpoint): bool
    {
        $id = self::id($endpoint);
        $until = max($this->memory->downUntil($id), $this->down[$id] ?? 0);
        if ($until === 0) {
            return true;
        }
        $now = self::now();
        if ($now < $until && $until <= $now + 2 * $this->retryAfter) { // else a clock was set
            return false;
        }
        if (isset($this->probes[$id])) {
            $this->probes[$id][1]->cancel(); // it had its time
            unset($this->probes[$id]);
        }
        $later = $now + $this->retryAfter;
        $known = $this->memory->downUntil($id);
        if ($known !== 0 && !$this->memory->claim($id, $known, $later)) {
            return false;
        }
        $this->down[$id] = $later;
        $this->probes[$id] = [$endpoint, $this->probe($endpoint)];
        return false;
    }

    /** @param string $why for the log */
    public function fail(Endpoint $endpoint, string $why): void
    {
        $id = self::id($endpoint);
        $this->down[$id] = self::now() + $this->retryAfter;
        $this->memory->down($id, $this->down[$id]);
        $this->logger?->warning(
            'productcache: {url} is dead: {why}. It is left alone until it answers a probe.',
            ['url' => $endpoint->url, 'why' => $why],
        );
    }

    /** Sends a request that any living service answers at once. */
    public function probe(Endpoint $endpoint): Exchange
    {
        return $this->transports->for($endpoint)->start($endpoint, new Request('/v1/'), $this->connectSeconds);
    }

    /** Whether a probe has been answered as the service does; null while that is open. */
    public static function verdict(Exchange $probe): ?bool
    {
        $response = $probe->response();
        if ($response !== null) {
            return $response->problem() === 'not-found';
        }
        return $probe->failure() === null ? null : false;
    }

    /** Sees what has become of probes that were sent, waiting for so many seconds at most. */
    public function look(float $seconds = 0): void
    {
        foreach ($this->probes as $id => [$endpoint, $probe]) {
            if (self::verdict($probe) === null) {
                $this->transports->for($endpoint)->advance([$probe], $seconds);
            }
            $verdict = self::verdict($probe);
            if ($verdict === null) {
                continue;
            }
            unset($this->probes[$id]);
            if ($verdict) {
                unset($this->down[$id]);
                $this->memory->up($id);
                $this->logger?->notice('productcache: {url} is back.', ['url' => $endpoint->url]);
            }
        }
    }

    private static function id(Endpoint $endpoint): string
    {
        return md5($endpoint->url);
    }

    private static function now(): int
    {
        return (int) (microtime(true) * 1000);
    }
}
