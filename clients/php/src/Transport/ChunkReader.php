<?php

declare(strict_types=1);

namespace Productcache\Transport;

/** Reads a body in chunks (RFC 9112, section 7.1), as proxies send it. */
final class ChunkReader
{
    private string $bytes = '';
    private string $body = '';
    private bool $broken = false;
    private bool $complete = false;

    public function __construct(private readonly int $most)
    {
    }

    public function take(string $bytes): void
    {
        $this->bytes .= $bytes;
        while (!$this->broken && !$this->complete && $this->readChunk()) {
            $this->broken = strlen($this->body) > $this->most;
        }
    }

    public function isBroken(): bool
    {
        return $this->broken;
    }

    public function isComplete(): bool
    {
        return $this->complete;
    }

    /** Whether nothing came behind the body. */
    public function isAtEnd(): bool
    {
        return $this->bytes === '';
    }

    public function body(): string
    {
        return $this->body;
    }

    private function readChunk(): bool
    {
        $end = strpos($this->bytes, "\r\n");
        if ($end === false || $end > 256) {
            $this->broken = strlen($this->bytes) > 256;
            return false;
        }
        if (preg_match('/^([0-9a-fA-F]{1,7})[ \t]*(?:;.*)?\z/', substr($this->bytes, 0, $end), $line) !== 1) {
            $this->broken = true;
            return false;
        }
        $size = (int) hexdec($line[1]);
        if ($size === 0) {
            return $this->readTrailer($end);
        }
        if (strlen($this->bytes) < $end + $size + 4) {
            return false;
        }
        $this->broken = substr($this->bytes, $end + 2 + $size, 2) !== "\r\n";
        $this->body .= substr($this->bytes, $end + 2, $size);
        $this->bytes = substr($this->bytes, $end + $size + 4);
        return true;
    }

    private function readTrailer(int $end): bool
    {
        if (substr($this->bytes, $end, 4) === "\r\n\r\n") {
            $close = $end;
        } else {
            $close = strpos($this->bytes, "\r\n\r\n", $end);
        }
        if ($close === false) {
            $this->broken = strlen($this->bytes) > 65536;
            return false;
        }
        $this->complete = true;
        $this->bytes = substr($this->bytes, $close + 4);
        return false;
    }
}
