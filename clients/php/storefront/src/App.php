<?php

declare(strict_types=1);

namespace Storefront;

use Productcache\ProductcacheException;
use Productcache\Refused;
use Productcache\Unavailable;

/** The shop: an address becomes a page. */
final class App
{
    public const NAME = 'Hearth & Hall';
    private const PER_PAGE = 24;
    private const FEATURED = 8;
    private const SIMILAR = 24;
    private const MOST_SKUS = 24;
    private const COOKIE_DAYS = 30;
    private const RETRY_SECONDS = 10;

    private Goods $goods;
    private Source $source = Source::Cache;
    private string $address = '/';
    /** @var ?list<array{category_id: int, name: string}> */
    private ?array $menu = null;

    private function __construct(
        private readonly Settings $settings,
        private readonly Meter $meter,
        private readonly Queries $queries,
    ) {
    }

    public static function start(Settings $settings): self
    {
        $meter = new Meter((float) ($_SERVER['REQUEST_TIME_FLOAT'] ?? microtime(true)));
        return new self($settings, $meter, new Queries(new Database($settings, $meter)));
    }

    /**
     * @param array<string, mixed> $server
     * @param array<string, mixed> $query
     * @param array<string, mixed> $form
     * @param array<string, mixed> $cookies
     */
    public function answer(array $server, array $query, array $form, array $cookies): Response
    {
        $this->address = $this->local((string) ($server['REQUEST_URI'] ?? '/'));
        $path = (string) parse_url('http://shop' . $this->address, PHP_URL_PATH);
        $method = (string) ($server['REQUEST_METHOD'] ?? 'GET');
        try {
            $this->source = Source::tryFrom($this->text($cookies, 'source')) ?? Source::Cache;
            if ($path === '/source') {
                return $method === 'POST' ? $this->switch($form) : $this->wrongMethod('POST');
            }
            if ($method !== 'GET' && $method !== 'HEAD') {
                return $this->wrongMethod('GET, HEAD');
            }
            $this->goods = match ($this->source) {
                Source::Direct => new Direct($this->queries),
                Source::Cache => Cached::connect($this->settings, $this->queries, $this->meter),
            };
            return $this->page($path, $query);
        } catch (Away | Unavailable) {
            return $this->away();
        } catch (\Throwable $e) {
            error_log("storefront: $this->address: $e");
            return $this->sorry(500, 'Something is broken', 'This is our fault, and has been noted. Other pages may work.');
        }
    }

    /**
     * @param array<string, mixed> $query
     * @throws Away|ProductcacheException
     */
    private function page(string $path, array $query): Response
    {
        if ($path === '/') {
            return $this->home();
        }
        if ($path === '/search') {
            return $this->search($this->text($query, 'sku'));
        }
        if (preg_match('~^/(category|product)/([1-9]\d{0,8})$~', $path, $of) === 1) {
            return $of[1] === 'product' ? $this->product((int) $of[2]) : $this->category((int) $of[2], $query);
        }
        return $this->missing();
    }

    private function home(): Response
    {
        $rooms = $this->menu();
        $ids = array_column($rooms, 'category_id');
        $below = $ids === [] ? [] : $this->goods->menus($ids);
        $shelf = $this->settings->featured === 0 ? null
            : $this->goods->page($this->settings->featured, 1, self::FEATURED);
        $names = array_column($rooms, 'name', 'category_id');
        return $this->show(200, self::NAME, 'home', [
            'rooms' => $rooms,
            'below' => $below,
            'shelf' => $shelf,
            'shelfName' => $names[$this->settings->featured] ?? 'Our choice',
            'featured' => $this->settings->featured,
        ]);
    }

    /** @param array<string, mixed> $query */
    private function category(int $id, array $query): Response
    {
        $number = $this->text($query, 'page', '1');
        $category = $this->goods->category($id);
        if ($category === null || preg_match('/^[1-9]\d{0,5}$/', $number) !== 1) {
            return $this->missing();
        }
        try {
            $page = $this->goods->page($id, (int) $number, self::PER_PAGE);
        } catch (Refused) {
            return $this->missing(); // there are no listings with so many pages
        }
        if ($page->page > $page->pages()) {
            return $this->missing();
        }
        $menus = $this->goods->menus([0, $id]);
        $this->menu = $menus[0];
        $rooms = array_column($menus[0], 'name', 'category_id');
        $title = $category['name'] . ($page->page > 1 ? ", page $page->page" : '');
        return $this->show(200, $title, 'category', [
            'category' => $category,
            'roomId' => $category['parent_id'] ?: $id,
            'room' => $rooms[$category['parent_id']] ?? null,
            'below' => $menus[$id],
            'page' => $page,
        ]);
    }

    private function product(int $id): Response
    {
        $product = $this->goods->product($id);
        if ($product === null) {
            return $this->missing();
        }
        $rooms = array_column($this->menuIfKnown(), 'name', 'category_id');
        $isRoom = static fn (array $c): bool => isset($rooms[$c['category_id']]);
        $kinds = array_filter($product['categories'], static fn (array $c): bool => !$isRoom($c));
        $kind = array_values($kinds)[0] ?? $product['categories'][0] ?? null;
        $room = array_values(array_filter($product['categories'], $isRoom))[0] ?? null;
        try {
            $similar = $kind === null ? [] : $this->goods->similar($id, $kind['category_id'], self::SIMILAR);
        } catch (Away | Unavailable) {
            $similar = null;
        }
        return $this->show(200, $product['name'], 'product', [
            'product' => $product,
            'roomId' => $room['category_id'] ?? 0,
            'trail' => $room === $kind ? array_filter([$kind]) : array_filter([$room, $kind]),
            'similar' => $similar,
        ]);
    }

    private function search(string $text): Response
    {
        preg_match_all('/[^\s,;]{1,64}/u', $text, $words);
        $skus = array_slice(array_values(array_unique(array_map('strtoupper', $words[0]))), 0, self::MOST_SKUS);
        $products = $skus === [] ? [] : $this->goods->bySku($skus);
        $found = array_map('strtoupper', array_column($products, 'sku'));
        return $this->show(200, 'Search', 'search', [
            'text' => $text,
            'asked' => count($skus),
            'products' => $products,
            'missing' => array_values(array_diff($skus, $found)),
        ]);
    }

    /**
     * Where the pages come from is a preference of the reader: no harm is done
     * by who else sets it.
     *
     * @param array<string, mixed> $form
     */
    private function switch(array $form): Response
    {
        $source = Source::tryFrom($this->text($form, 'source')) ?? Source::Cache;
        $cookie = sprintf('source=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax', $source->value, self::COOKIE_DAYS * 86400);
        return Response::seeOther($this->local($this->text($form, 'return')))->with(['Set-Cookie' => $cookie]);
    }

    private function missing(): Response
    {
        return $this->sorry(404, 'There is no such page', 'Perhaps the product is sold out for good, or the address has a mistake.');
    }

    private function away(): Response
    {
        $tell = $this->source === Source::Cache
            ? 'The shop’s database does not answer, and this page is not among those that the cache knows. Pages seen lately still work.'
            : 'The shop’s database does not answer. With the cache, below, pages seen lately still work.';
        return $this->sorry(503, 'We cannot show this page right now', $tell)
            ->with(['Retry-After' => (string) self::RETRY_SECONDS]);
    }

    private function wrongMethod(string $allowed): Response
    {
        return $this->sorry(405, 'That cannot be done here', 'This address does not take what was sent to it.')
            ->with(['Allow' => $allowed]);
    }

    private function sorry(int $status, string $title, string $tell): Response
    {
        return $this->show($status, $title, 'sorry', ['status' => $status, 'tell' => $tell]);
    }

    /**
     * The template comes before the frame, whose footer counts what both have cost.
     *
     * @param array<string, mixed> $variables
     */
    private function show(int $status, string $title, string $template, array $variables): Response
    {
        $main = View::part($template, $variables + ['title' => $title]);
        $body = View::part('frame', [
            'title' => $title,
            'main' => $main,
            'menu' => isset($this->goods) && $status !== 500 ? $this->menuIfKnown() : [],
            'address' => $this->address,
            'room' => $variables['roomId'] ?? 0,
            'text' => (string) ($variables['text'] ?? ''),
            'source' => $this->source,
            'meter' => $this->meter,
        ]);
        $timing = sprintf(
            'page;dur=%.2f, mysql;desc="%d queries";dur=%.2f, service;desc="%d calls";dur=%.2f',
            $this->meter->milliseconds(),
            $this->meter->queryCount(),
            $this->meter->queryMilliseconds(),
            count($this->meter->calls()),
            $this->meter->callMilliseconds(),
        );
        return new Response($status, $body, ['Server-Timing' => $timing]);
    }

    /**
     * @return list<array{category_id: int, name: string}>
     * @throws Away|ProductcacheException
     */
    private function menu(): array
    {
        return $this->menu ??= $this->goods->menus([0])[0];
    }

    /** @return list<array{category_id: int, name: string}> a page is worth showing without a menu */
    private function menuIfKnown(): array
    {
        try {
            return $this->menu();
        } catch (Away | ProductcacheException) {
            return $this->menu = [];
        }
    }

    /** An address of this shop, or the home page. */
    private function local(string $address): string
    {
        return preg_match('~^/(?![/\\\\])[\x21-\x7e]*$~D', $address) === 1 ? $address : '/';
    }

    /** @param array<string, mixed> $from */
    private function text(array $from, string $name, string $else = ''): string
    {
        $value = $from[$name] ?? $else;
        return is_string($value) && preg_match('//u', $value) === 1 ? $value : $else;
    }
}
