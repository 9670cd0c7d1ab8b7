<?php

declare(strict_types=1);

namespace Productcache\Adapter;

use Productcache\ProductcacheException;
use Psr\SimpleCache\InvalidArgumentException;

/** SimpleCache was asked for what is no key: not by PSR-16, or not by the service. */
final class InvalidSimpleCacheKey extends \InvalidArgumentException implements InvalidArgumentException, ProductcacheException
{
}
