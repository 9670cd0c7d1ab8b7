<?php

declare(strict_types=1);

namespace Storefront;

/**
 * What the page has cost, and the switch between the two ways to make it.
 *
 * @var string $address
 * @var Source $source
 * @var Meter $meter
 */

$calls = $meter->calls();
$fellBack = $source === Source::Cache && $meter->fellBack();
?>
<section class="report" aria-labelledby="report-title">
<h2 id="report-title">How this page was made</h2>
<form class="switch" method="post" action="/source">
<input type="hidden" name="return" value="<?= e($address) ?>">
<span id="switch-label">Data from</span>
<span class="choices" role="group" aria-labelledby="switch-label">
<button name="source" value="cache" aria-pressed="<?= $source === Source::Cache ? 'true' : 'false' ?>">the cache</button>
<button name="source" value="direct" aria-pressed="<?= $source === Source::Direct ? 'true' : 'false' ?>">MySQL directly</button>
</span>
</form>
<?php if ($fellBack) : ?>
<p class="notice" id="report-notice"><?= $meter->queryCount() > 0
    ? 'The cache did not answer everything: the shop asked MySQL by its own SQL.'
    : 'The cache did not answer everything.' ?></p>
<?php endif ?>
<dl class="figures">
<div><dt>SQL queries</dt><dd id="report-queries"><?= number_format($meter->queryCount()) ?></dd></div>
<div><dt>Cache calls</dt><dd id="report-calls"><?= count($calls) ?></dd></div>
<div><dt>Time in PHP</dt><dd id="report-time"><?= e(milliseconds($meter->milliseconds())) ?></dd></div>
</dl>
<?php if ($calls !== []) : ?>
<p id="report-sources"><?= e($meter->summary()) ?></p>
<?php endif ?>
<?php if ($calls !== [] || $meter->queryCount() > 0) : ?>
<details>
<summary>Every call and query</summary>
<div class="tables" tabindex="0" role="region" aria-label="Calls and queries">
    <?php if ($calls !== []) : ?>
<table>
<caption>Calls of the cache</caption>
<thead><tr><th scope="col">Lookup</th><th scope="col">Keys</th><th scope="col">From</th><th scope="col">Cache-Status</th><th scope="col">Time</th></tr></thead>
<tbody>
        <?php foreach ($calls as $call) : ?>
<tr><td><?= e($call->lookup) ?></td><td class="number"><?= $call->keys ?></td><td><?= e($meter->source($call)) ?></td>
<td><code><?= e($call->cacheStatus ?? '–') ?></code></td><td class="number"><?= e(milliseconds($call->milliseconds)) ?></td></tr>
        <?php endforeach ?>
</tbody>
</table>
    <?php endif ?>
    <?php if ($meter->queryCount() > 0) : ?>
<table>
<caption>Queries to MySQL</caption>
<thead><tr><th scope="col">Query</th><th scope="col">Times</th><th scope="col">Time</th></tr></thead>
<tbody>
        <?php foreach ($meter->queries() as $statement => $of) : ?>
<tr><td><code><?= e($statement) ?></code></td><td class="number"><?= $of['count'] ?></td><td class="number"><?= e(milliseconds($of['milliseconds'])) ?></td></tr>
        <?php endforeach ?>
</tbody>
</table>
    <?php endif ?>
</div>
</details>
<?php endif ?>
</section>
