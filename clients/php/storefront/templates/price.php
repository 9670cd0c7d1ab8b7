<?php

declare(strict_types=1);

namespace Storefront;

/** @var array{price: string, special: ?string} $of */
?>
<?php if ($of['special'] !== null) : ?>
<p class="price"><ins><span class="unseen">Now </span><?= e(price($of['special'])) ?></ins> <del><span class="unseen">before </span><?= e(price($of['price'])) ?></del></p>
<?php else : ?>
<p class="price"><?= e(price($of['price'])) ?></p>
<?php endif ?>
