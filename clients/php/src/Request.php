<?php

declare(strict_types=1);

namespace Productcache;

/** A request, but for where it goes. */
final class Request
{
    /**
     * @param string $target path and query, percent-encoded
     * @param ?string $etag the ETag of an answer that is at hand, for If-None-Match
     * @param ?string $body a POST's body, in JSON; null makes it a GET
     * @param ?string $token for Authorization: Bearer
     * @param ?string $holds the member that the JSON of a 200 must have, so that it is taken for the service's
     */
    public function __construct(
        public readonly string $target,
        public readonly ?string $etag = null,
        public readonly ?string $body = null,
        #[\SensitiveParameter]
        public readonly ?string $token = null,
        public readonly ?string $holds = null,
    ) {
    }

    /** @return list<string> the header fields, but Host and Content-Length */
    public function fields(): array
    {
        $fields = [];
        if ($this->etag !== null) {
            $fields[] = "If-None-Match: $this->etag";
        }
        if ($this->body !== null) {
            $fields[] = 'Content-Type: application/json';
        }
        if ($this->token !== null) {
            $fields[] = "Authorization: Bearer $this->token";
        }
        return $fields;
    }
}
