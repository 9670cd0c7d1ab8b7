<?php

declare(strict_types=1);

namespace Productcache;

/** What all exceptions of this package are. */
interface ProductcacheException extends \Throwable
{
}
