<?php

declare(strict_types=1);

namespace Productcache;

/** At least one node has not confirmed a purge: it may go on answering what was there before. */
final class PurgeFailed extends \RuntimeException implements ProductcacheException
{
}
