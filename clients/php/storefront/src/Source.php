<?php

declare(strict_types=1);

namespace Storefront;

/** Where pages get their data. */
enum Source: string
{
    case Direct = 'direct';
    case Cache = 'cache';
}
