<?php

declare(strict_types=1);

namespace Storefront;

/** An answer to the browser. */
final class Response
{
    /** Nothing is loaded from elsewhere, and there are no scripts at all. */
    private const ALWAYS = [
        'Content-Security-Policy' => "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
            . " base-uri 'none'; frame-ancestors 'none'",
        'X-Content-Type-Options' => 'nosniff',
        'X-Frame-Options' => 'DENY',
        'Referrer-Policy' => 'same-origin',
        'Permissions-Policy' => 'camera=(), geolocation=(), microphone=()',
        'Cross-Origin-Resource-Policy' => 'same-origin',
    ];

    /** @param array<string, string> $headers */
    public function __construct(
        public readonly int $status,
        public readonly string $body,
        public readonly array $headers = [],
    ) {
    }

    public static function seeOther(string $location): self
    {
        return new self(303, '', ['Location' => $location]);
    }

    /** @param array<string, string> $headers */
    public function with(array $headers): self
    {
        return new self($this->status, $this->body, $headers + $this->headers);
    }

    public function send(): void
    {
        http_response_code($this->status);
        header_remove('X-Powered-By');
        $page = ['Content-Type' => 'text/html; charset=utf-8', 'Cache-Control' => 'private, no-cache', 'Vary' => 'Cookie'];
        foreach ($this->headers + $page + self::ALWAYS as $name => $value) {
            header("$name: $value");
        }
        echo $this->body;
    }
}
