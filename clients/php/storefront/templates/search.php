<?php

declare(strict_types=1);

namespace Storefront;

/**
 * @var int $asked how many article numbers were asked for
 * @var list<array<string, mixed>> $products
 * @var list<string> $missing the numbers that no product has
 */
?>
<div class="section-head">
<h1>Search by article number</h1>
<?php if ($asked > 0) : ?>
<p><?= e(count_of(count($products), 'product', 'products')) ?> found</p>
<?php endif ?>
</div>
<?php if ($asked === 0) : ?>
<p>Type an article number above, or several with blanks between them. They are on every product’s page, such as MU-00042.</p>
<?php endif ?>
<?php if ($missing !== []) : ?>
<p class="notice" id="missing">No product has <?= count($missing) === 1 ? 'the number ' : 'the numbers ' ?><b><?= e(implode(', ', $missing)) ?></b>.</p>
<?php endif ?>
<ul class="grid">
<?php foreach ($products as $card) : ?>
    <?= View::part('card', ['card' => $card, 'heading' => 'h2']) ?>
<?php endforeach ?>
</ul>
