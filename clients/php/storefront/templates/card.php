<?php

declare(strict_types=1);

namespace Storefront;

/**
 * A product in a list.
 *
 * @var array<string, mixed> $card a row of a listing, or a whole product
 * @var string $heading h2 or h3
 */

$image = $card['image'] ?? $card['images'][0]['image'] ?? null;
?>
<li class="card">
<?= Picture::of($card['product_id'], $card['name'], $image) ?>
<<?= $heading ?> class="name"><a href="/product/<?= e($card['product_id']) ?>"><?= e($card['name']) ?></a></<?= $heading ?>>
<?= View::part('price', ['of' => $card]) ?>
</li>
