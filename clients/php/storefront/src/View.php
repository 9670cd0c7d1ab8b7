<?php

declare(strict_types=1);

namespace Storefront;

/** Makes pages of the templates. What a template prints goes through e(), or is a template's output itself. */
final class View
{
    /** @param array<string, mixed> $variables */
    public static function part(string $template, array $variables): string
    {
        return (static function (string $file, array $variables): string {
            extract($variables, EXTR_SKIP);
            ob_start();
            try {
                require $file;
            } finally {
                $text = (string) ob_get_clean();
            }
            return $text;
        })(dirname(__DIR__) . "/templates/$template.php", $variables);
    }

    /** A description: as text, but for the <b> that the shop's editors write. */
    public static function prose(string $text): string
    {
        return preg_replace('~&lt;b&gt;(.*?)&lt;/b&gt;~s', '<b>$1</b>', e($text));
    }

    /**
     * @return list<string> a long text as paragraphs of some sentences each
     */
    public static function paragraphs(string $text): array
    {
        $sentences = preg_split('/(?<=[.!?])\s+/', trim($text));
        return array_map(static fn (array $some): string => implode(' ', $some), array_chunk($sentences, 4));
    }

    /**
     * The pages to link to: first, last, and those around this one; null is a gap.
     *
     * @return list<?int>
     */
    public static function pagination(int $page, int $pages): array
    {
        $near = array_filter(
            range(1, $pages),
            static fn (int $n): bool => $n === 1 || $n === $pages || abs($n - $page) <= 1,
        );
        $links = [];
        $last = 0;
        foreach ($near as $n) {
            if ($n === $last + 2) {
                $links[] = $last + 1;
            } elseif ($n > $last + 1) {
                $links[] = null;
            }
            $links[] = $last = $n;
        }
        return $links;
    }
}
