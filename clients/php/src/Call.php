<?php

declare(strict_types=1);

namespace Productcache;

/** A call of the client, while it runs. */
final class Call
{
    public string $source = Observation::NONE;
    public ?string $cacheStatus = null;
    private readonly int $began;

    public function __construct(public readonly string $lookup, private readonly int $keys)
    {
        $this->began = hrtime(true);
    }

    public function observation(): Observation
    {
        return new Observation($this->lookup, $this->keys, $this->source, $this->cacheStatus, (hrtime(true) - $this->began) / 1e6);
    }
}
