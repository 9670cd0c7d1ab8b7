<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Endpoint;
use Productcache\Request;
use Productcache\Response;

/** A request over a stream. */
final class StreamExchange implements Exchange
{
    /** @var ?resource null once this exchange has ended */
    private $stream = null;
    private int $number = 0;
    private bool $reused = false;
    private bool $connected = false;
    private string $unsent = '';
    private ResponseReader $reader;
    private ?string $failure = null;

    public function __construct(
        private readonly StreamTransport $transport,
        private readonly Endpoint $endpoint,
        private readonly Request $request,
        private readonly float $connectUntil,
    ) {
        $this->begin(false);
        if ($this->reused) {
            $this->send(); // most often all of it goes out at once
        }
    }

    public function __destruct()
    {
        $this->cancel();
    }

    public function response(): ?Response
    {
        return $this->reader->response();
    }

    public function failure(): ?string
    {
        return $this->failure;
    }

    public function cancel(): void
    {
        $this->leave(false);
    }

    public function hasEnded(): bool
    {
        return $this->stream === null;
    }

    /** When a connection must be there; infinite once it is. */
    public function connectUntil(): float
    {
        return $this->connected || $this->hasEnded() ? INF : $this->connectUntil;
    }

    /**
     * Enters what this exchange waits for.
     *
     * @param array<int, resource> $read
     * @param array<int, resource> $write
     */
    public function await(int $i, array &$read, array &$write): void
    {
        if ($this->stream !== null && !is_resource($this->stream)) {
            $this->fail('cut off by PHP\'s shutdown'); // see StreamTransport: destructors come later
        }
        if ($this->stream !== null && $this->unsent !== '') {
            $write[$i] = $this->stream;
        }
        if ($this->stream !== null && $this->connected) {
            $read[$i] = $this->stream;
        }
    }

    public function proceed(bool $ready): void
    {
        if ($this->stream === null) {
            return;
        }
        if (!$ready) {
            if (microtime(true) >= $this->connectUntil()) {
                $this->fail('no connection in time');
            }
            return;
        }
        if ($this->unsent !== '' && !$this->send()) {
            return;
        }
        $this->receive();
    }

    private function begin(bool $fresh): void
    {
        $this->reader = new ResponseReader();
        $connection = $this->transport->connect($this->endpoint, $fresh);
        if (is_string($connection)) {
            $this->failure = $connection;
            return;
        }
        [$this->stream, $this->number, $this->reused] = $connection;
        $this->connected = $this->reused;
        $this->unsent = $this->text();
    }

    private function text(): string
    {
        $request = $this->request;
        $text = $request->body === null ? 'GET ' : 'POST ';
        $text .= "{$this->endpoint->path}$request->target HTTP/1.1\r\nHost: {$this->endpoint->host}\r\n";
        foreach ($request->fields() as $field) {
            $text .= "$field\r\n";
        }
        return $request->body === null ? "$text\r\n" : $text . 'Content-Length: ' . strlen($request->body) . "\r\n\r\n$request->body";
    }

    private function send(): bool
    {
        error_clear_last();
        $sent = @fwrite($this->stream, $this->unsent);
        if ($sent === false) {
            $this->lose(self::reason() ?? 'no connection can be made');
            return false;
        }
        if ($sent > 0) {
            $this->connected = true;
            $this->unsent = $sent === strlen($this->unsent) ? '' : substr($this->unsent, $sent);
        }
        return true;
    }

    private function receive(): void
    {
        do {
            $bytes = @fread($this->stream, 65536);
            if ($bytes === '' || $bytes === false) {
                if (feof($this->stream)) {
                    $this->reader->end();
                    $this->settle();
                }
                return;
            }
            $this->reader->take($bytes);
            $this->settle();
        } while ($this->stream !== null && strlen($bytes) === 65536);
    }

    /** Ends this exchange, if the response says so. */
    private function settle(): void
    {
        if ($this->reader->response() !== null) {
            $this->leave($this->reader->keepsConnection() && $this->unsent === '');
        } elseif ($this->reader->failure() !== null) {
            $this->lose($this->reader->failure());
        }
    }

    /**
     * A kept connection that ends before it answers has been closed by the server while it was idle: a new one will do.
     * All requests may be sent twice, purges too.
     */
    private function lose(string $failure): void
    {
        if (!$this->reused || !$this->reader->isEmpty()) {
            $this->fail($failure);
            return;
        }
        $this->leave(false);
        $this->begin(true);
    }

    private function fail(string $failure): void
    {
        $this->failure = $failure;
        $this->leave(false);
    }

    private function leave(bool $keep): void
    {
        if ($this->stream !== null) {
            $this->transport->release($this->endpoint, $this->stream, $this->number, $keep);
            $this->stream = null;
        }
    }

    private static function reason(): ?string
    {
        $message = error_get_last()['message'] ?? '';
        return preg_match('/errno=\d+ (.+)$/', $message, $match) === 1 ? lcfirst($match[1]) : null;
    }
}
