<?php

declare(strict_types=1);

namespace Storefront;

/**
 * @var array<string, mixed> $product
 * @var list<array{category_id: int, name: string}> $trail
 * @var ?list<array<string, mixed>> $similar null: not known at the moment
 */

$images = array_column($product['images'], 'image');
$paragraphs = View::paragraphs($product['description']);
?>
<nav class="trail" aria-label="Where you are">
<ol>
<li><a href="/">Home</a></li>
<?php foreach ($trail as $category) : ?>
<li><a href="/category/<?= e($category['category_id']) ?>"><?= e($category['name']) ?></a></li>
<?php endforeach ?>
<li><a href="/product/<?= e($product['product_id']) ?>" aria-current="page"><?= e($product['name']) ?></a></li>
</ol>
</nav>
<article class="product" aria-labelledby="product-name">
<div class="gallery">
<?= Picture::of($product['product_id'], $product['name'], $images[0] ?? null, 0, true) ?>
<?php if (count($images) > 1) : ?>
<div class="views">
    <?php foreach (array_slice($images, 1, 3, true) as $n => $image) : ?>
        <?= Picture::of($product['product_id'], $product['name'], $image, $n) ?>
    <?php endforeach ?>
</div>
<?php endif ?>
</div>
<div class="facts">
<p class="maker"><?= e($product['manufacturer']) ?></p>
<h1 id="product-name"><?= e($product['name']) ?></h1>
<?= View::part('price', ['of' => $product]) ?>
<p class="stock <?= $product['quantity'] > 0 ? 'in' : 'out' ?>"><?= $product['quantity'] > 0
    ? e('In stock, ' . number_format($product['quantity']) . ' left')
    : 'Sold out at the moment' ?></p>
<?php foreach (array_slice($paragraphs, 0, 2) as $paragraph) : ?>
<p class="prose"><?= View::prose($paragraph) ?></p>
<?php endforeach ?>
<?php if (count($paragraphs) > 2) : ?>
<details>
<summary>More about it</summary>
    <?php foreach (array_slice($paragraphs, 2) as $paragraph) : ?>
<p class="prose"><?= View::prose($paragraph) ?></p>
    <?php endforeach ?>
</details>
<?php endif ?>
<h2 class="unseen">Details</h2>
<dl class="attributes">
<?php foreach ($product['attributes'] as $attribute) : ?>
<div><dt><?= e($attribute['name']) ?></dt><dd><?= e($attribute['value']) ?></dd></div>
<?php endforeach ?>
<div><dt>Article number</dt><dd><?= e($product['sku']) ?></dd></div>
<div><dt>Found in</dt><dd><?php
foreach ($product['categories'] as $i => $category) {
    printf('%s<a href="/category/%d">%s</a>', $i > 0 ? ', ' : '', $category['category_id'], e($category['name']));
}
?></dd></div>
</dl>
</div>
</article>
<?php if ($similar === null) : ?>
<p>Similar products cannot be shown at the moment.</p>
<?php elseif ($similar !== []) : ?>
<section aria-labelledby="similar-title">
<h2 id="similar-title">Similar products</h2>
<ul class="strip" tabindex="0" aria-labelledby="similar-title">
    <?php foreach ($similar as $card) : ?>
        <?= View::part('card', ['card' => $card, 'heading' => 'h3']) ?>
    <?php endforeach ?>
</ul>
</section>
<?php endif ?>
