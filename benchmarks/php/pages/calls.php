<?php

declare(strict_types=1);

// Times calls from one process: php calls.php CONFIG ROUNDS CALLS IDS STORE...
// IDS are 24 products, with commas. In each round each store gets CALLS calls for one product and as many for all of
// them, the stores in turns. Prints a line of JSON for each store, number of products and round, with nanoseconds.

$config = require $argv[1];
require $config['client'];
require __DIR__ . '/stores.php';

[, , $rounds, $calls] = $argv;
$ids = array_map(intval(...), explode(',', $argv[4]));
$names = array_slice($argv, 5);
$stores = array_map(static fn (string $name): Closure => store($name, $config), $names);
$wanted = store('client-stream-tcp', $config)($ids);

foreach ($stores as $i => $get) { // warm, and give the same
    foreach ([$ids, ...array_map(static fn (int $id): array => [$id], $ids)] as $some) {
        $products = $get($some);
        foreach ($some as $id) {
            $got = $products[$id] ?? [];
            foreach (['name', 'price', 'special', 'description', 'manufacturer'] as $field) {
                if (($got[$field] ?? null) !== $wanted[$id][$field]) {
                    throw new RuntimeException("$names[$i]: product $id has another $field: " . json_encode($got));
                }
            }
        }
    }
}

for ($round = 0; $round < (int) $rounds; $round++) {
    foreach ([1, count($ids)] as $products) {
        foreach (array_keys($stores) as $i) {
            $at = ($i + $round) % count($stores);
            $get = $stores[$at];
            $nanoseconds = [];
            for ($call = 0; $call < (int) $calls; $call++) {
                $some = $products === 1 ? [$ids[$call % count($ids)]] : $ids;
                $began = hrtime(true);
                $got = $get($some);
                $nanoseconds[] = hrtime(true) - $began;
                if (count($got) !== $products) {
                    throw new RuntimeException("$names[$at]: " . count($got) . " of $products products");
                }
            }
            echo json_encode(['store' => $names[$at], 'products' => $products, 'round' => $round, 'ns' => $nanoseconds]), "\n";
        }
    }
}
