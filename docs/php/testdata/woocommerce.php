<?php

// Stand-ins for what WordPress and WooCommerce bring, around the blocks of woocommerce.md.

declare(strict_types=1);

$shortcodes = $actions = [];

function add_shortcode(string $tag, callable $callback): void
{
    global $shortcodes;
    $shortcodes[$tag] = $callback;
}

function do_shortcode(string $content): string
{
    return "WooCommerce shows $content";
}

function add_action(string $hook, callable $callback): void
{
    global $actions;
    $actions[$hook] = $callback;
}

function wp_parse_id_list(string $list): array
{
    return array_unique(array_map('intval', preg_split('/[\s,]+/', $list, -1, PREG_SPLIT_NO_EMPTY)));
}

function home_url(string $path): string
{
    return "https://shop.example$path";
}

function wp_get_upload_dir(): array
{
    return ['baseurl' => 'https://shop.example/wp-content/uploads'];
}

function esc_url(string $url): string
{
    return htmlspecialchars($url);
}

function esc_html(string $text): string
{
    return htmlspecialchars($text);
}

function wc_format_price_range(string $from, string $to): string
{
    return (float) $from . '–' . (float) $to;
}

class WC_Product_Simple
{
    private array $props = [];

    public function set_props(array $props): void
    {
        $this->props = $props;
    }

    public function get_price_html(): string
    {
        $p = $this->props;
        $sale = $p['sale_price'] !== '' && $p['regular_price'] > $p['sale_price'];
        return $sale ? "<del>$p[regular_price]</del> <ins>$p[price]</ins>" : (string) $p['price'];
    }
}

require __DIR__ . '/wp-content/mu-plugins/productcache.php';
//BLOCK wp-content/mu-plugins/productcache.php, without -follow-binlog

echo $shortcodes['cached_products'](['ids' => '43, 42,44']), "\n";
if (getenv('SHOP_IS_SERVED')) {
    foreach ($actions as $hook => $action) {
        echo "$hook ";
        $action(42);
    }
    echo "\n";
//BLOCK feed.php
}
