<?php

declare(strict_types=1);

namespace Storefront;

use PDO;
use PDOException;

/** MySQL by PDO, connected when first asked. Every query is counted. */
final class Database
{
    private const CONNECT_SECONDS = 1;
    private const READ_SECONDS = 3;
    /** Error numbers of a server that is gone, or ending. */
    private const GONE = [1053, 2002, 2003, 2006, 2013];

    private ?PDO $pdo = null;
    private ?Away $away = null;

    public function __construct(private readonly Settings $settings, private readonly Meter $meter)
    {
    }

    /**
     * @param list<int|string> $parameters
     * @return list<array<string, mixed>>
     * @throws Away
     */
    public function rows(string $statement, array $parameters = []): array
    {
        $pdo = $this->connected();
        $began = hrtime(true);
        try {
            $query = $pdo->prepare($statement);
            $query->execute($parameters);
            return $query->fetchAll();
        } catch (PDOException $e) {
            throw in_array($e->errorInfo[1] ?? 0, self::GONE, true) ? $this->gone($e) : $e;
        } finally {
            $this->meter->query($statement, (hrtime(true) - $began) / 1e6);
        }
    }

    /**
     * @param list<int|string> $parameters
     * @return ?array<string, mixed> the first row
     * @throws Away
     */
    public function row(string $statement, array $parameters = []): ?array
    {
        return $this->rows($statement, $parameters)[0] ?? null;
    }

    /** A page waits only once for a server that does not answer. */
    private function connected(): PDO
    {
        if ($this->away !== null) {
            throw $this->away;
        }
        if ($this->pdo === null) {
            ini_set('mysqlnd.net_read_timeout', (string) self::READ_SECONDS);
            try {
                $this->pdo = new PDO($this->settings->mysql, $this->settings->mysqlUser, $this->settings->mysqlPassword, [
                    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
                    PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
                    PDO::ATTR_TIMEOUT => self::CONNECT_SECONDS,
                ]);
            } catch (PDOException $e) {
                throw $this->gone($e);
            }
        }
        return $this->pdo;
    }

    private function gone(PDOException $e): Away
    {
        $this->meter->away();
        return $this->away = new Away('MySQL does not answer', 0, $e);
    }
}
