<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Endpoint;

/** Chooses the transport of an endpoint. */
final class Transports
{
    private ?StreamTransport $streams = null;
    private ?CurlTransport $curl = null;

    /** @param ?string $kind see Options::$transport */
    public function __construct(private readonly ?string $kind)
    {
    }

    public function for(Endpoint $endpoint): Transport
    {
        return $endpoint->tls || $this->kind === 'curl'
            ? $this->curl ??= new CurlTransport()
            : $this->streams ??= new StreamTransport();
    }
}
