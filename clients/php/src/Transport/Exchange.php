<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Response;

/**
 * A request on its way, and its response. It has ended when it has a response or a failure. One that is given up before
 * takes its connection with it.
 */
interface Exchange
{
    public function response(): ?Response;

    /** Why there is no response and will be none; null while there is hope. */
    public function failure(): ?string;

    public function cancel(): void;
}
