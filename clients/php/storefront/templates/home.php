<?php

declare(strict_types=1);

namespace Storefront;

/**
 * @var list<array{category_id: int, name: string}> $rooms
 * @var array<int, list<array{category_id: int, name: string}>> $below the categories of each room
 * @var ?\Productcache\Page $shelf
 * @var string $shelfName
 * @var int $featured
 */
?>
<section class="hero">
<div>
<h1>Good things for every room</h1>
<p>Mugs, lamps, rugs and what else a house wants, by makers who put their name on the underside.</p>
</div>
<div class="hero-pictures" aria-hidden="true">
<?= Picture::of(7, 'Copper Kettle', '') . Picture::of(10, 'Wool Armchair', '') . Picture::of(4, 'Terracotta Plant Pot', '') . Picture::of(9, 'Brass Desk Lamp', '') ?>
</div>
</section>
<section aria-labelledby="rooms-title">
<h2 id="rooms-title">Shop by room</h2>
<?php if ($rooms === []) : ?>
<p>There is nothing in the shop yet.</p>
<?php endif ?>
<ul class="room-list">
<?php foreach ($rooms as $room) : ?>
    <?php $kinds = $below[$room['category_id']] ?? []; ?>
<li class="room">
<h3><a href="/category/<?= e($room['category_id']) ?>"><?= e($room['name']) ?></a></h3>
    <?php if ($kinds !== []) : ?>
<ul>
        <?php foreach ($kinds as $kind) : ?>
<li><a href="/category/<?= e($kind['category_id']) ?>"><?= e($kind['name']) ?></a></li>
        <?php endforeach ?>
</ul>
    <?php else : ?>
<p>A bit of everything, well chosen.</p>
    <?php endif ?>
</li>
<?php endforeach ?>
</ul>
</section>
<?php if ($shelf !== null && count($shelf) > 0) : ?>
<section aria-labelledby="shelf-title">
<div class="section-head">
<h2 id="shelf-title"><?= e($shelfName) ?></h2>
<a href="/category/<?= e($featured) ?>">All <?= e(number_format($shelf->total)) ?></a>
</div>
<ul class="grid">
    <?php foreach ($shelf as $card) : ?>
        <?= View::part('card', ['card' => $card, 'heading' => 'h3']) ?>
    <?php endforeach ?>
</ul>
</section>
<?php endif ?>
