<?php

declare(strict_types=1);

namespace Storefront;

/**
 * @var array{category_id: int, parent_id: int, name: string} $category
 * @var ?string $room the name of the category above
 * @var list<array{category_id: int, name: string}> $below
 * @var \Productcache\Page $page
 */

$here = '/category/' . $category['category_id'];
$link = static fn (int $n): string => $n === 1 ? $here : "$here?page=$n";
?>
<nav class="trail" aria-label="Where you are">
<ol>
<li><a href="/">Home</a></li>
<?php if ($room !== null) : ?>
<li><a href="/category/<?= e($category['parent_id']) ?>"><?= e($room) ?></a></li>
<?php endif ?>
<li><a href="<?= e($link($page->page)) ?>" aria-current="page"><?= e($category['name']) ?></a></li>
</ol>
</nav>
<div class="section-head">
<h1><?= e($category['name']) ?></h1>
<p><?= e(count_of($page->total, 'product', 'products')) ?><?= $page->pages() > 1 ? e(", page $page->page of " . $page->pages()) : '' ?></p>
</div>
<?php if ($below !== []) : ?>
<ul class="chips" aria-label="Kinds">
    <?php foreach ($below as $kind) : ?>
<li><a href="/category/<?= e($kind['category_id']) ?>"><?= e($kind['name']) ?></a></li>
    <?php endforeach ?>
</ul>
<?php endif ?>
<?php if ($page->total === 0) : ?>
<p>There is nothing here at the moment.</p>
<?php endif ?>
<ul class="grid">
<?php foreach ($page as $card) : ?>
    <?= View::part('card', ['card' => $card, 'heading' => 'h2']) ?>
<?php endforeach ?>
</ul>
<?php if ($page->pages() > 1) : ?>
<nav class="pages" aria-label="Pages">
    <?php if ($page->page > 1) : ?>
<a class="step" rel="prev" href="<?= e($link($page->page - 1)) ?>"><span aria-hidden="true">←</span> Previous</a>
    <?php endif ?>
<ul>
    <?php foreach (View::pagination($page->page, $page->pages()) as $n) : ?>
        <?php if ($n === null) : ?>
<li><span class="gap" aria-hidden="true">…</span></li>
        <?php else : ?>
<li><a href="<?= e($link($n)) ?>" aria-label="Page <?= $n ?>"<?= $n === $page->page ? ' aria-current="page"' : '' ?>><?= $n ?></a></li>
        <?php endif ?>
    <?php endforeach ?>
</ul>
    <?php if ($page->page < $page->pages()) : ?>
<a class="step" rel="next" href="<?= e($link($page->page + 1)) ?>">Next <span aria-hidden="true">→</span></a>
    <?php endif ?>
</nav>
<?php endif ?>
