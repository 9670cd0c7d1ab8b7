<?php

// Stand-ins for what osCommerce's product_info.php needs, around the blocks of oscommerce.md. They count what MySQL is asked.

declare(strict_types=1);

$db_link = new mysqli(null, 'root', '', getenv('SHOP_DATABASE'), 0, getenv('SHOP_SOCKET'));
$queries = 0;
$languages_id = '1';

function tep_db_query($query)
{
    global $db_link, $queries;
    $queries++;
    return mysqli_query($db_link, $query);
}

chdir(__DIR__); // the shop's folder, with includes/functions/productcache.php

//BLOCK includes/application_top.php

function product_info(): void
{
    global $languages_id;
//BLOCK product_info.php
    if ($product_check['total'] < 1) {
        echo "no such product\n";
        return;
    }
//BLOCK product_info.php, further down
    echo "$product_info[products_name] [$product_info[products_model]] $product_info[products_price] ", $new_price ?? '-',
        ", added $product_info[products_date_added], $product_info[manufacturers_name], $reviews[count] review\n";
    foreach ($product_info['images'] as $pi) {
        echo "  $pi[image] $pi[htmlcontent]\n";
    }
    foreach ($product_info['options'] as $products_options_name) {
        echo "  $products_options_name[products_options_name] ($products_options_name[products_options_id]):";
        foreach ($products_options_name['values'] as $products_options) {
            echo " $products_options[products_options_values_name] $products_options[price_prefix]$products_options[options_values_price]";
        }
        echo "\n";
    }
}

foreach (['1', '3', '4'] as $id) {
    $_GET['products_id'] = $id;
    product_info();
}
echo getenv('SHOP_IS_SERVED') ? 'served' : 'direct', ": $queries queries\n";
$languages_id = '2';
$_GET['products_id'] = '1';
product_info();

if (getenv('SHOP_IS_SERVED')) {
    $current_category_id = '11';
//BLOCK category.php
}
