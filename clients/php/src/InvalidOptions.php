<?php

declare(strict_types=1);

namespace Productcache;

/** The client cannot be made with these URLs or options; the message names all that is wrong. */
final class InvalidOptions extends \InvalidArgumentException implements ProductcacheException
{
}
