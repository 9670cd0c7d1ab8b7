<?php

declare(strict_types=1);

namespace Storefront;

/**
 * @var string $title
 * @var int $status
 * @var string $tell
 */

$picture = $status === 503 ? Picture::of(6, 'Zinc Lantern', '') : Picture::of(1, 'Stoneware Vase', '');
?>
<section class="sorry">
<?= $picture ?>
<div>
<p class="maker">Error <?= $status ?></p>
<h1><?= e($title) ?></h1>
<p><?= e($tell) ?></p>
<p><a class="button" href="/">To the home page</a></p>
</div>
</section>
