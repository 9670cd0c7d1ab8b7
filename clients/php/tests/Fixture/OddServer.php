<?php

declare(strict_types=1);

namespace Productcache\Tests\Fixture;

/**
 * A fake: a server that is not the service. It reads a request's head and sends the given bytes, whatever was asked, and then
 * closes the connection or keeps it open in silence.
 */
final class OddServer
{
    /** @var ?resource */
    private $process;
    /** @var array<int, resource> */
    private array $pipes = [];
    public readonly string $url;

    public function __construct(string $answer, bool $close = true)
    {
        $program = <<<'PHP'
            $server = stream_socket_server('tcp://127.0.0.1:0');
            echo stream_socket_get_name($server, false), "\n";
            for ($open = []; ; ) {
                $connection = stream_socket_accept($server, -1);
                while (($line = fgets($connection)) !== false && $line !== "\r\n");
                fwrite($connection, base64_decode($argv[1]));
                $argv[2] === '1' ? fclose($connection) : $open[] = $connection;
            }
            PHP;
        $command = [PHP_BINARY, '-r', $program, '--', base64_encode($answer), $close ? '1' : '0'];
        $this->process = proc_open($command, [1 => ['pipe', 'w']], $this->pipes);
        $this->url = 'http://' . trim((string) fgets($this->pipes[1]));
    }

    public function __destruct()
    {
        posix_kill(proc_get_status($this->process)['pid'], SIGKILL);
        fclose($this->pipes[1]);
        proc_close($this->process);
    }
}
