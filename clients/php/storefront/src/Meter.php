<?php

declare(strict_types=1);

namespace Storefront;

use Productcache\Observation;

/** Notes what a page has cost: its queries to MySQL and its calls of the service. */
final class Meter
{
    private const NOWHERE = 'nowhere';

    /** @var array<string, array{count: int, milliseconds: float}> by statement */
    private array $queries = [];
    /** @var list<Observation> */
    private array $calls = [];
    private bool $away = false;

    /** @param float $began Unix time at which the page began */
    public function __construct(private readonly float $began)
    {
    }

    public function query(string $statement, float $milliseconds): void
    {
        $known = $this->queries[$statement] ?? ['count' => 0, 'milliseconds' => 0.0];
        $this->queries[$statement] = [
            'count' => $known['count'] + 1,
            'milliseconds' => $known['milliseconds'] + $milliseconds,
        ];
    }

    /** Notes that MySQL does not answer on this page. */
    public function away(): void
    {
        $this->away = true;
    }

    public function call(Observation $call): void
    {
        $this->calls[] = $call;
    }

    /** Milliseconds since the page began. */
    public function milliseconds(): float
    {
        return (microtime(true) - $this->began) * 1000;
    }

    /** @return array<string, array{count: int, milliseconds: float}> by statement */
    public function queries(): array
    {
        return $this->queries;
    }

    public function queryCount(): int
    {
        return array_sum(array_column($this->queries, 'count'));
    }

    /** Milliseconds in which the page waited for MySQL. */
    public function queryMilliseconds(): float
    {
        return array_sum(array_column($this->queries, 'milliseconds'));
    }

    /** @return list<Observation> */
    public function calls(): array
    {
        return $this->calls;
    }

    /** Milliseconds in which the page waited for the service. */
    public function callMilliseconds(): float
    {
        return array_sum(array_map(static fn (Observation $c): float => $c->milliseconds, $this->calls));
    }

    /** How many calls were answered from where, in words: the most first, those without an answer last. */
    public function summary(): string
    {
        $sources = array_count_values(array_map($this->source(...), $this->calls));
        $lost = $sources[self::NOWHERE] ?? 0;
        unset($sources[self::NOWHERE]);
        arsort($sources);
        $parts = [];
        foreach ($sources as $where => $n) {
            $count = $parts === [] ? count_of($n, 'call was answered', 'calls were answered') : (string) $n;
            $parts[] = "$count from $where";
        }
        if ($lost > 0) {
            $parts[] = count_of($lost, 'call', 'calls') . ' had no answer';
        }
        return implode(', ', $parts) . '.';
    }

    /** Tells whether the shop had to do without the service somewhere on this page. */
    public function fellBack(): bool
    {
        foreach ($this->calls as $call) {
            if ($call->source === Observation::FALLBACK || $call->source === Observation::NONE) {
                return true;
            }
        }
        return false;
    }

    /** Where a call's answer came from, in words. */
    public function source(Observation $call): string
    {
        $status = (string) $call->cacheStatus;
        return match (true) {
            $call->source === Observation::LOCAL => 'this machine’s APCu',
            $call->source === Observation::NONE => self::NOWHERE,
            $call->source === Observation::FALLBACK => $this->away ? self::NOWHERE : 'the shop’s own SQL',
            str_contains($status, 'stale-error') => 'the cache’s memory, since MySQL fails',
            str_contains($status, 'fwd=') => 'MySQL through the cache',
            default => 'the cache’s memory',
        };
    }
}
