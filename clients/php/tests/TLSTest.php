<?php

declare(strict_types=1);

namespace Productcache\Tests;

use PHPUnit\Framework\TestCase;
use Productcache\Tests\Fixture\Place;
use Productcache\Tests\Fixture\Service;
use Productcache\Tests\Fixture\Shop;

/** A service with -tls-cert. */
final class TLSTest extends TestCase
{
    public function testCertificateIsChecked(): void
    {
        Shop::fresh();
        $folder = Place::folder();
        $key = openssl_pkey_new(['private_key_bits' => 2048]);
        file_put_contents("$folder/openssl.cnf", "[req]\ndistinguished_name=name\n[name]\n[own]\nsubjectAltName=IP:127.0.0.1\n");
        $settings = ['config' => "$folder/openssl.cnf", 'x509_extensions' => 'own', 'digest_alg' => 'sha256'];
        $request = openssl_csr_new(['commonName' => 'cache'], $key, $settings);
        openssl_x509_export_to_file(openssl_csr_sign($request, null, $key, 2, $settings), "$folder/cert.pem");
        openssl_pkey_export_to_file($key, "$folder/key.pem", null, $settings);
        $service = new Service(['-tls-cert', "$folder/cert.pem", '-tls-key', "$folder/key.pem"]);
        self::assertStringStartsWith('https://', $service->url);

        self::assertSame('Product 42', $this->ask($service->url, "$folder/1", '-d', "curl.cainfo=$folder/cert.pem"));
        self::assertStringContainsString('certificate', $this->ask($service->url, "$folder/2"));
        Place::remove($folder);
    }

    private function ask(string $url, string $state, string ...$settings): string
    {
        $code = <<<'PHP'
            require $argv[1];
            try {
                $options = new Productcache\Options(timeout: 5000, connectTimeout: 4000, stateFolder: $argv[3]);
                echo (new Productcache\Client($argv[2], $options))->get('products', 42)['name'];
            } catch (Productcache\Unavailable $e) {
                echo $e->getMessage();
            }
            PHP;
        $command = [PHP_BINARY, ...$settings, '-r', $code, '--', __DIR__ . '/../autoload.php', $url, $state];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        $said = (string) stream_get_contents($pipes[1]);
        proc_close($process);
        return $said;
    }
}
