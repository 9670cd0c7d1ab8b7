<?php

declare(strict_types=1);

namespace Productcache;

/** A complete response. */
final class Response
{
    private ?array $decoded = null;

    /**
     * @param string $head status line and header fields, without the empty line
     */
    public function __construct(
        public readonly int $status,
        private readonly string $head,
        public readonly string $body,
    ) {
    }

    /** The value of a header field; null if there is none. */
    public function field(string $name): ?string
    {
        $at = stripos($this->head, "\r\n$name:");
        if ($at === false) {
            return null;
        }
        $from = $at + strlen($name) + 3;
        $to = strpos($this->head, "\r\n", $from);
        return trim($to === false ? substr($this->head, $from) : substr($this->head, $from, $to - $from), " \t");
    }

    /** The body's JSON; null if it is neither an object nor an array. Integers beyond 63 bits become strings. */
    public function json(): ?array
    {
        if ($this->decoded === null) {
            $value = json_decode($this->body, true, 512, JSON_BIGINT_AS_STRING);
            $this->decoded = is_array($value) ? $value : null;
        }
        return $this->decoded;
    }

    /** The type of the problem (RFC 9457) that the service has answered with, such as "unknown-key"; null if it is none. */
    public function problem(): ?string
    {
        if ($this->status < 400 || $this->field('Content-Type') !== 'application/problem+json') {
            return null;
        }
        $type = $this->json()['type'] ?? null;
        return is_string($type) ? basename($type) : null;
    }

    /** Whether this is an answer that the service gives: JSON, a problem, or "not modified". */
    public function isOurs(Request $request): bool
    {
        return match (true) {
            $this->status === 200 => $this->field('Content-Type') === 'application/json' && $this->json() !== null
                && ($request->holds === null || isset($this->json()[$request->holds])),
            $this->status === 304 => $request->etag !== null,
            default => $this->problem() !== null,
        };
    }

    /**
     * Who has not confirmed a purge in time, where the service shares a second tier with others and has answered 202.
     *
     * @return list<string> names of nodes, and "second tier"
     */
    public function unconfirmed(): array
    {
        $names = $this->status === 202 ? $this->json()['unconfirmed'] ?? null : null;
        return is_array($names) ? array_values(array_filter($names, 'is_string')) : [];
    }

    /** What a problem says, for messages. */
    public function explanation(): string
    {
        $problem = $this->json() ?? [];
        $said = array_filter([$problem['title'] ?? null, $problem['detail'] ?? null], 'is_string');
        return "$this->status " . implode(': ', $said);
    }
}
