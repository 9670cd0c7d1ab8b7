<?php

declare(strict_types=1);

namespace Productcache\Tests\Fixture;

use Psr\Log\AbstractLogger;

/** Keeps what is logged. */
final class Logbook extends AbstractLogger
{
    /** @var list<string> "level message" with the context put in */
    public array $lines = [];

    public function log($level, $message, array $context = []): void
    {
        $values = [];
        foreach ($context as $name => $value) {
            $values['{' . $name . '}'] = (string) $value;
        }
        $this->lines[] = "$level " . strtr((string) $message, $values);
    }
}
