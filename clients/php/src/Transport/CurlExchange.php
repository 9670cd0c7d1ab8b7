<?php

declare(strict_types=1);

namespace Productcache\Transport;

use Productcache\Response;

/** A request over libcurl. */
final class CurlExchange implements Exchange
{
    private ?Response $response = null;
    private ?string $failure = null;
    private bool $ended = false;

    public function __construct(private readonly CurlTransport $transport, private readonly \CurlHandle $handle)
    {
    }

    public function response(): ?Response
    {
        return $this->response;
    }

    public function failure(): ?string
    {
        return $this->failure;
    }

    public function cancel(): void
    {
        if (!$this->ended) {
            $this->ended = true;
            $this->transport->release($this->handle, false);
        }
    }

    /** @param int $result one of CURLE_* */
    public function end(int $result): void
    {
        if ($this->ended) {
            return;
        }
        $this->ended = true;
        if ($result === CURLE_OK) {
            $this->response = $this->read();
        } else {
            $this->failure = lcfirst(curl_error($this->handle) ?: (string) curl_strerror($result));
        }
        $this->transport->release($this->handle, $result === CURLE_OK);
    }

    private function read(): Response
    {
        $text = (string) curl_multi_getcontent($this->handle);
        $from = curl_getinfo($this->handle, CURLINFO_HEADER_SIZE);
        $head = rtrim(substr($text, 0, $from), "\r\n");
        $interim = strrpos($head, "\r\n\r\n"); // RFC 9110, section 15.2: a head before the response's own
        return new Response(
            curl_getinfo($this->handle, CURLINFO_RESPONSE_CODE),
            $interim === false ? $head : substr($head, $interim + 4),
            substr($text, $from),
        );
    }
}
