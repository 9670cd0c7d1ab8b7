<?php

declare(strict_types=1);

namespace Storefront;

/** MySQL does not answer, and nobody else knows. */
final class Away extends \RuntimeException
{
}
