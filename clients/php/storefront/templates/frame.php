<?php

declare(strict_types=1);

namespace Storefront;

/**
 * The frame of every page.
 *
 * @var string $title
 * @var string $main the page's own part, as HTML
 * @var list<array{category_id: int, name: string}> $menu
 * @var int $room the category of the menu that the page belongs to; 0: none
 * @var string $address of this page
 * @var string $text what was searched for
 * @var Source $source
 * @var Meter $meter
 */
?>
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title><?= e($title === App::NAME ? $title . ' – things for the house' : $title . ' – ' . App::NAME) ?></title>
<link rel="stylesheet" href="/shop.css">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<div class="wide top-row">
<a class="brand" href="/"<?= $address === '/' ? ' aria-current="page"' : '' ?>>
<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M4 15 16 5l12 10v13H4z" fill="currentColor"/><path class="fire" d="M16 13c4 4 5 6 5 9a5 5 0 0 1-10 0c0-2 1-3 2-4 1 2 2 2 2 2 1-2 0-4 1-7z"/></svg>
<span><?= e(App::NAME) ?></span>
</a>
<form class="search" action="/search" role="search">
<label class="unseen" for="sku">Article numbers</label>
<input id="sku" name="sku" value="<?= e($text) ?>" placeholder="Article number" maxlength="1000" autocomplete="off" spellcheck="false">
<button>Find</button>
</form>
</div>
<?php if ($menu !== []) : ?>
<nav class="wide rooms" aria-label="Rooms">
<ul>
    <?php foreach ($menu as $item) : ?>
        <?php $link = '/category/' . $item['category_id']; ?>
        <?php $current = $link === $address ? ' aria-current="page"' : ($item['category_id'] === $room ? ' aria-current="true"' : ''); ?>
<li><a href="<?= e($link) ?>"<?= $current ?>><?= e($item['name']) ?></a></li>
    <?php endforeach ?>
</ul>
</nav>
<?php endif ?>
</header>
<main id="main" class="wide" tabindex="-1">
<?= $main ?>
</main>
<footer class="bottom">
<div class="wide">
<?= View::part('report', ['address' => $address, 'source' => $source, 'meter' => $meter]) ?>
<p class="small"><?= e(App::NAME) ?> is the sample shop of Productcache. Nothing here is for sale, and no picture is a photograph.</p>
</div>
</footer>
</body>
</html>
