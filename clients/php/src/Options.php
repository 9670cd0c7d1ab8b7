<?php

declare(strict_types=1);

namespace Productcache;

use Psr\Log\LoggerInterface;

/** The client's settings. The defaults suit a service on the same machine or in the same rack. */
final class Options
{
    public readonly ?\Closure $fallback;
    public readonly ?\Closure $pageFallback;
    public readonly ?\Closure $observer;
    /** @var list<string> */
    public readonly array $adminUrls;

    /**
     * @param int $connectTimeout milliseconds in which a connection must be made, and in which a service that
     *     lets a request wait must show that it is alive
     * @param int $timeout milliseconds in which a call must be answered, whatever happens
     * @param ?callable $fallback the shop's own SQL, for when the service is away or has no answer:
     *     fn (string $lookup, list<int|string> $keys): array, which returns what was found by key, and leaves
     *     out what does not exist. Its exceptions reach the caller of the client
     * @param ?callable $pageFallback the same for a page of a listing: fn (string $lookup, int|string $key,
     *     int $page, int $perPage): array{items: list<array>, total: int}. Without it, $fallback is asked for the
     *     whole listing, which is then cut
     * @param int $retryAfter milliseconds for which a base URL that has failed is left alone. It is then probed, without
     *     any call waiting for that
     * @param int|float $localTtl seconds for which answers are kept in APCu and served without asking the service:
     *     a change in MySQL shows this much later. Afterwards the service is asked whether they still hold, by ETag.
     *     0: no answer is kept
     * @param int $localKeep seconds for which an answer stays in APCu to be asked about
     * @param int $maxKeys keys in one request, at most what the service's -max-keys allows; more are split into several
     *     requests that run at the same time
     * @param string|list<string> $adminUrl base URLs of the admin API, one of each node, or of any if they
     *     share a second tier (-l2): where purges go
     * @param ?string $adminToken the token of the service's -admin-token-file, if it has one
     * @param int $purgeTimeout milliseconds for a purge, for all nodes together
     * @param ?LoggerInterface $logger told of dead services and of their return, at level warning and notice
     * @param ?callable $observer told of each call: fn (Observation $o): void
     * @param ?string $transport 'stream' or 'curl'; null: streams for http: and unix:, whose connections outlive a
     *     request in php-fpm, and curl for https:, whose connections do so from PHP 8.5
     * @param ?string $stateFolder folder in which PHP processes without APCu tell each other of dead services; null: one
     *     of this user's below the system's for temporary files
     *
     * @throws InvalidOptions
     */
    public function __construct(
        public readonly int $connectTimeout = 50,
        public readonly int $timeout = 300,
        ?callable $fallback = null,
        ?callable $pageFallback = null,
        public readonly int $retryAfter = 1000,
        public readonly int|float $localTtl = 0,
        public readonly int $localKeep = 600,
        public readonly int $maxKeys = 100,
        string|array $adminUrl = 'http://127.0.0.1:8081',
        #[\SensitiveParameter]
        public readonly ?string $adminToken = null,
        public readonly int $purgeTimeout = 5000,
        public readonly ?LoggerInterface $logger = null,
        ?callable $observer = null,
        public readonly ?string $transport = null,
        public readonly ?string $stateFolder = null,
    ) {
        $this->fallback = $fallback === null ? null : $fallback(...);
        $this->pageFallback = $pageFallback === null ? null : $pageFallback(...);
        $this->observer = $observer === null ? null : $observer(...);
        $this->adminUrls = array_values((array) $adminUrl);
        $broken = $this->broken();
        if ($broken !== []) {
            throw new InvalidOptions('productcache: ' . implode('; ', $broken));
        }
    }

    /** @return list<string> the broken rules */
    private function broken(): array
    {
        $rules = [];
        foreach (['connectTimeout', 'timeout', 'retryAfter', 'maxKeys', 'purgeTimeout'] as $name) {
            if ($this->$name < 1) {
                $rules[] = "$name is {$this->$name}, but must be at least 1";
            }
        }
        if ($this->localTtl < 0 || $this->localKeep < 0) {
            $rules[] = 'localTtl and localKeep must not be negative';
        }
        if ($this->localTtl > 0 && !(function_exists('apcu_enabled') && apcu_enabled())) {
            $rules[] = 'localTtl needs the extension apcu, enabled (on the command line by apc.enable_cli=1)';
        }
        if (!in_array($this->transport, [null, 'stream', 'curl'], true)) {
            $rules[] = "transport is '$this->transport', but must be 'stream', 'curl' or null";
        }
        if ($this->adminToken !== null && preg_match('/^[\x21-\x7e]+\z/', $this->adminToken) !== 1) {
            $rules[] = 'adminToken must be visible ASCII without blanks or line ends (trim what you read from a file)';
        }
        return $rules;
    }
}
