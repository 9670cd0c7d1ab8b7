<?php

declare(strict_types=1);

namespace Productcache;

use Productcache\Transport\Exchange;
use Productcache\Transport\Transports;

/** A purge, sent to all nodes at the same time. */
final class Purge
{
    public function __construct(
        private readonly Transports $transports,
        private readonly float $connectSeconds,
        private readonly float $seconds,
    ) {
    }

    /**
     * Returns when all nodes have confirmed it.
     *
     * @param non-empty-list<Endpoint> $nodes their admin listeners
     * @throws PurgeFailed
     */
    public function send(array $nodes, string $body, #[\SensitiveParameter] ?string $token): void
    {
        $request = new Request('/api/purge', body: $body, token: $token);
        $exchanges = [];
        foreach ($nodes as $i => $node) {
            $exchanges[$i] = $this->transports->for($node)->start($node, $request, $this->connectSeconds);
        }
        $deadline = microtime(true) + $this->seconds;
        $failed = [];
        foreach ($nodes as $i => $node) {
            // One after the other: the others go on meanwhile, in their sockets.
            $transport = $this->transports->for($node);
            while (self::isOpen($exchanges[$i]) && microtime(true) < $deadline) {
                $transport->advance([$exchanges[$i]], $deadline - microtime(true));
            }
            $why = $this->failure($exchanges[$i], $request);
            if ($why !== null) {
                $failed[] = "$node->url: $why";
            }
        }
        if ($failed !== []) {
            throw new PurgeFailed('productcache: a purge was not confirmed, so that old values may be served: ' . implode('; ', $failed));
        }
    }

    private static function isOpen(Exchange $exchange): bool
    {
        return $exchange->response() === null && $exchange->failure() === null;
    }

    private function failure(Exchange $exchange, Request $request): ?string
    {
        if (self::isOpen($exchange)) {
            $exchange->cancel();
            return 'no answer within ' . (int) ($this->seconds * 1000) . ' ms';
        }
        $response = $exchange->response();
        return match (true) {
            $response === null => (string) $exchange->failure(),
            $response->status === 200 && $response->isOurs($request) => null,
            $response->unconfirmed() !== [] => 'done there, but not confirmed by ' . implode(', ', $response->unconfirmed()),
            $response->status === 401 => $response->explanation() . ' Set Options::$adminToken to what the service\'s -admin-token-file holds.',
            $response->problem() !== null => $response->explanation(),
            default => "it answers $response->status, but not as productcache's admin API does (Options::\$adminUrl)",
        };
    }
}
