<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Endpoint;
use Productcache\Request;

/** Carries requests, several at a time. */
interface Transport
{
    /**
     * Begins a request and returns at once. The connection is one that is kept, if there is one.
     *
     * @param float $connectSeconds the time in which a new connection must be made
     */
    public function start(Endpoint $endpoint, Request $request, float $connectSeconds): Exchange;

    /**
     * Lets exchanges go on, until one of them ends or the time is up. What is not in the list rests.
     *
     * @param non-empty-list<Exchange> $exchanges all of this transport, none of them ended
     */
    public function advance(array $exchanges, float $seconds): void;
}
