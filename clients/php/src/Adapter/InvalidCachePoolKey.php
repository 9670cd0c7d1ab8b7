<?php

declare(strict_types=1);

namespace Productcache\Adapter;

use Productcache\ProductcacheException;
use Psr\Cache\InvalidArgumentException;

/** CachePool was asked for what is no key: not by PSR-6, or not by the service. */
final class InvalidCachePoolKey extends \InvalidArgumentException implements InvalidArgumentException, ProductcacheException
{
}
