<?php

declare(strict_types=1);

namespace Storefront;

/** Text as HTML, fit for attributes too. */
function e(string|int|float|null $text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

/** A DECIMAL of the database as a price. */
function price(string $decimal): string
{
    return "€\u{A0}" . number_format((float) $decimal, 2);
}

/** A number of things: "1 query", "2 queries". */
function count_of(int $n, string $one, string $many): string
{
    return number_format($n) . ' ' . ($n === 1 ? $one : $many);
}

/** A duration in milliseconds. */
function milliseconds(float $ms): string
{
    return number_format($ms, $ms < 10 ? 2 : ($ms < 100 ? 1 : 0)) . ' ms';
}
