<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Transport\ResponseReader;

/** Responses come in any pieces. */
final class ResponseReaderTest extends TestCase
{
    private const RESPONSES = [
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1;a=\"b\"\r\n\n\r\n1\r\n \r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}\n ",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    ];

    public function testPieces(): void
    {
        foreach (self::RESPONSES as $n => $bytes) {
            $length = strlen($bytes);
            for ($first = 0; $first < $length; $first++) {
                for ($second = $first; $second <= $length; $second += 1 + intdiv($length, 9)) {
                    $reader = new ResponseReader();
                    $reader->take(substr($bytes, 0, $first));
                    self::assertNull($reader->response(), "response $n after $first bytes");
                    $reader->take(substr($bytes, $first, $second - $first));
                    $reader->take(substr($bytes, $second));
                    self::assertNull($reader->failure());
                    self::assertSame($n === 3 ? 304 : 200, $reader->response()?->status);
                    self::assertSame($n === 3 ? '' : '{}', trim((string) $reader->response()?->body));
                    self::assertTrue($reader->keepsConnection());
                }
            }
        }
    }

    /** What is cut short is never a response, but where its end is the connection's. */
    public function testCutShort(): void
    {
        foreach (self::RESPONSES as $bytes) {
            for ($length = 0; $length < strlen($bytes); $length++) {
                $reader = new ResponseReader();
                $reader->take(substr($bytes, 0, $length));
                $reader->end();
                self::assertNull($reader->response(), "$length bytes of " . json_encode($bytes));
                self::assertNotNull($reader->failure());
            }
        }
    }

    /** A connection that brings more than was asked for, or says that it ends, is not used again. */
    public function testConnectionThatIsNotKept(): void
    {
        foreach (self::RESPONSES as $bytes) {
            foreach ([$bytes . 'H', str_replace('200 OK', "200 OK\r\nConnection: close", $bytes)] as $other) {
                $reader = new ResponseReader();
                $reader->take($other);
                self::assertNotNull($reader->response());
                self::assertSame($other === $bytes, $reader->keepsConnection(), json_encode($other));
            }
        }
    }

    /** Any change of a byte gives a response or a failure, and no error of PHP. */
    public function testChangedBytes(): void
    {
        mt_srand(2003);
        foreach (self::RESPONSES as $bytes) {
            for ($i = 0; $i < 3000; $i++) {
                $changed = $bytes;
                $changed[mt_rand(0, strlen($bytes) - 1)] = chr(mt_rand(0, 255));
                $reader = new ResponseReader();
                $reader->take($changed);
                $reader->end();
                self::assertTrue($reader->response() !== null xor $reader->failure() !== null, json_encode(base64_encode($changed)));
            }
        }
    }
}
