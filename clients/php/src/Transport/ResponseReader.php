<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Response;

/**
 * Reads one HTTP/1.1 response (RFC 9112) from the bytes that come in. Strict: what it does not understand is a failure,
 * since a misread response would be taken for a product.
 */
final class ResponseReader
{
    private const MOST_HEAD = 65536;
    private const MOST_BODY = 1 << 28;

    private string $bytes = '';
    private ?string $head = null;
    private int $status = 0;
    /** where the body begins in $bytes */
    private int $from = 0;
    /** the body's length; -1: up to the connection's end; -2: in chunks */
    private int $length = 0;
    private bool $keeps = false;
    private ?string $failure = null;
    private ?Response $response = null;
    private ?ChunkReader $chunks = null;

    public function response(): ?Response
    {
        return $this->response;
    }

    public function failure(): ?string
    {
        return $this->failure;
    }

    public function isEmpty(): bool
    {
        return $this->bytes === '';
    }

    /** Whether the connection can carry another request, once there is a response. */
    public function keepsConnection(): bool
    {
        return $this->keeps;
    }

    public function take(string $bytes): void
    {
        $this->bytes .= $bytes;
        if ($this->head === null && !$this->readHead()) {
            return;
        }
        if ($this->chunks !== null) {
            $this->readChunks();
            return;
        }
        $missing = $this->from + $this->length - strlen($this->bytes);
        if ($this->length >= 0 && $missing <= 0) {
            $this->keeps = $this->keeps && $missing === 0;
            $this->finish(substr($this->bytes, $this->from, $this->length));
        } elseif (strlen($this->bytes) > self::MOST_BODY) {
            $this->failure = 'its response is too large';
        }
    }

    /** The connection has ended. */
    public function end(): void
    {
        if ($this->response !== null || $this->failure !== null) {
            return;
        }
        if ($this->head !== null && $this->length === -1) {
            $this->finish(substr($this->bytes, $this->from));
        } else {
            $this->failure = $this->isEmpty() ? 'it closed the connection without a response' : 'its response was cut short';
        }
    }

    private function finish(string $body): void
    {
        $this->response = new Response($this->status, (string) $this->head, $body);
    }

    private function readHead(): bool
    {
        $end = strpos($this->bytes, "\r\n\r\n");
        if ($end === false) {
            if (strlen($this->bytes) > self::MOST_HEAD || strncmp($this->bytes, 'HTTP/1.', min(7, strlen($this->bytes))) !== 0) {
                $this->failure = 'it does not speak HTTP';
            }
            return false;
        }
        if (preg_match('~^HTTP/1\.([01]) ([1-5]\d\d)[ \r]~', $this->bytes, $line) !== 1) {
            $this->failure = 'it does not speak HTTP';
            return false;
        }
        $this->status = (int) $line[2];
        if ($this->status < 200) { // RFC 9110, section 15.2: a final response follows
            $this->bytes = substr($this->bytes, $end + 4);
            return $this->bytes !== '' && $this->readHead();
        }
        $this->head = substr($this->bytes, 0, $end);
        $this->from = $end + 4;
        $this->keeps = $line[1] === '1' && stripos($this->head, "\r\nconnection:") === false;
        return $this->readLength();
    }

    /** RFC 9112, section 6.3. */
    private function readLength(): bool
    {
        $fields = new Response($this->status, (string) $this->head, '');
        $length = $fields->field('Content-Length');
        $coding = $fields->field('Transfer-Encoding');
        if ($this->status === 204 || $this->status === 304) {
            $this->length = 0;
        } elseif ($coding !== null) {
            if (strcasecmp($coding, 'chunked') !== 0 || $length !== null) {
                $this->failure = 'the length of its response is unclear';
                return false;
            }
            $this->length = -2;
            $this->chunks = new ChunkReader(self::MOST_BODY);
        } elseif ($length === null) {
            $this->length = -1;
            $this->keeps = false;
        } elseif (preg_match('/^\d{1,9}\z/', $length) === 1 && (int) $length <= self::MOST_BODY) {
            $this->length = (int) $length;
        } else {
            $this->failure = 'the length of its response is unclear';
            return false;
        }
        return true;
    }

    private function readChunks(): void
    {
        $this->chunks?->take(substr($this->bytes, $this->from));
        $this->bytes = substr($this->bytes, 0, $this->from);
        if ($this->chunks?->isBroken() === true) {
            $this->failure = 'its response is garbled';
        } elseif ($this->chunks?->isComplete() === true) {
            $this->keeps = $this->keeps && $this->chunks->isAtEnd();
            $this->finish($this->chunks->body());
        }
    }
}
