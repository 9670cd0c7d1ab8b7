<?php

declare(strict_types=1);

namespace Productcache;

/**
 * The service is away, or had no answer for what was asked (MySQL is away, too slow, or the service is
 * overloaded), and there is no fallback. Asking again later may work.
 */
final class Unavailable extends \RuntimeException implements ProductcacheException
{
}
