<?php

declare(strict_types=1);

namespace Productcache;

/**
 * The service has refused a request that cannot work: an unknown lookup, a malformed key, a page out of
 * bounds. Asking again does not help: the calling code or the catalog is wrong.
 */
final class Refused extends \LogicException implements ProductcacheException
{
}
