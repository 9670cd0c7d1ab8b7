<?php

declare(strict_types=1);

namespace Storefront;

/**
 * Draws a product as SVG, since the demo's shop has names of images alone. The
 * shape comes from the last words of the product's name, the colours from its
 * material and id, the composition from id and number: always the same.
 */
final class Picture
{
    /** Two colours each: of the wall and of what stands before it. */
    private const ROOMS = [
        ['#e9e1d2', '#dccfb8'], ['#dfe6dd', '#cbd7c9'], ['#ecdfd8', '#dfcabf'], ['#d9e3e7', '#c3d3da'],
        ['#efe4cd', '#e2d1ac'], ['#e4dfe8', '#d1c9d9'], ['#e0e4d0', '#ccd4b4'], ['#f0ded5', '#e5c8ba'],
    ];

    private const MATERIALS = [
        'Stoneware' => '#a9927a', 'Enamel' => '#f3f4f0', 'Porcelain' => '#faf8f3', 'Glass' => '#a5cdd0',
        'Cast Iron' => '#45484b', 'Steel' => '#a4adb3', 'Copper' => '#bd7748', 'Aluminium' => '#bcc2c6',
        'Oak' => '#c2945c', 'Olive' => '#a88748', 'Beech' => '#d4b182', 'Slate' => '#5b666d', 'Ceramic' => '#ded5c8',
        'Damascus' => '#79828a', 'Walnut' => '#76503a', 'Tin' => '#b0b8bb', 'Crystal' => '#c2d9e0', 'Marble' => '#eeebe6',
        'Pine' => '#d8b177', 'Rattan' => '#c39756', 'Linen' => '#cdbfa4', 'Cotton' => '#f2ebde', 'Damask' => '#a95c68',
        'Jute' => '#b8945d', 'Birch' => '#dcc294', 'Brass' => '#c59c41', 'Bamboo' => '#bbaa62', 'Velvet' => '#3d6a64',
        'Leather' => '#87563a', 'Bouclé' => '#eee6d8', 'Wool' => '#9c5f55', 'Sisal' => '#c0a571', 'Terracotta' => '#bd6748',
        'Cashmere' => '#c6afa0', 'Alpaca' => '#93796a', 'Percale' => '#eef1f4', 'Satin' => '#cfb6c1', 'Flannel' => '#828ba0',
        'Hemp' => '#b0a378', 'Cork' => '#b4855a', 'Zinc' => '#939fa3', 'Concrete' => '#9e9b95',
    ];

    /** Shapes on a field of 100 by 100 with the ground at 80; A is the material, B its shade, C its lines. */
    private const SHAPES = [
        'Mug' => '<path d="M65 45h7a9 9 0 0 1 0 19h-8" fill="none" stroke="B" stroke-width="5"/>'
            . '<path d="M32 37h35v34a9 9 0 0 1-9 9H41a9 9 0 0 1-9-9z" fill="A"/><path d="M57 37h10v34a9 9 0 0 1-9 9h-7q6-10 6-43z" fill="B"/>',
        'Teapot' => '<path d="M31 50q-14-1-16 9 8 0 12 10z" fill="B"/><path d="M69 52q18-8 14 8-3 9-16 9" fill="none" stroke="B" stroke-width="4"/>'
            . '<path d="M29 60q0-17 21-17t21 17q0 14-10 20H39q-10-6-10-20z" fill="A"/><path d="M60 44q11 4 11 16 0 14-10 20h-8q12-12 7-36z" fill="B"/>'
            . '<path d="M40 43q10-6 20 0z" fill="B"/><circle cx="50" cy="37" r="3.5" fill="A"/>',
        'Kettle' => '<path d="M34 50Q34 24 50 24t16 26" fill="none" stroke="C" stroke-width="4"/><path d="M66 58l16-9-3 6-12 14z" fill="B"/>'
            . '<path d="M30 72q0-26 20-26t20 26q0 8-7 8H37q-7 0-7-8z" fill="A"/><path d="M56 47q14 4 14 25 0 8-7 8h-9q9-10 2-33z" fill="B"/><circle cx="50" cy="44" r="3" fill="C"/>',
        'Pan' => '<rect x="60" y="58" width="34" height="5" rx="2.5" fill="C"/><path d="M12 57h52l-4 18q-1 5-6 5H22q-5 0-6-5z" fill="A"/>'
            . '<path d="M54 57h10l-4 18q-1 5-6 5h-8q6-4 8-23z" fill="B"/><rect x="10" y="55" width="56" height="4" rx="2" fill="B"/>',
        'Chopping Board' => '<path d="M36 34h7V24a7 7 0 0 1 14 0v10h7a4 4 0 0 1 4 4v38a4 4 0 0 1-4 4H36a4 4 0 0 1-4-4V38a4 4 0 0 1 4-4z" fill="A"/>'
            . '<circle cx="50" cy="25" r="3" fill="C"/><path d="M39 42v32M46 46v26M57 40v36M62 48v20" stroke="B" stroke-width="1.5"/>',
        'Knife' => '<path d="M45 20q13 12 10 36H45z" fill="A"/><path d="M45 20q4 14 3 36h-3z" fill="B"/><rect x="44" y="56" width="10" height="24" rx="3" fill="#6b4a35"/>'
            . '<circle cx="49" cy="63" r="1.3" fill="#d9c8a8"/><circle cx="49" cy="72" r="1.3" fill="#d9c8a8"/>',
        'Storage Jar' => '<rect x="35" y="26" width="30" height="9" rx="3" fill="#b98f5f"/><rect x="31" y="35" width="38" height="45" rx="7" fill="A"/>'
            . '<path d="M58 35h4a7 7 0 0 1 7 7v31a7 7 0 0 1-7 7h-4z" fill="B"/><rect x="38" y="50" width="18" height="13" rx="1.5" fill="#fffdf7"/><path d="M41 55h12M41 59h8" stroke="#8a8378" stroke-width="1"/>',
        'Bowl' => '<path d="M20 52h60q-1 22-19 28H39Q21 74 20 52z" fill="A"/><path d="M66 52h14q-1 22-19 28h-9q13-8 14-28z" fill="B"/><ellipse cx="50" cy="52" rx="30" ry="5" fill="B"/>',
        'Plate' => '<circle cx="50" cy="52" r="28" fill="A"/><circle cx="50" cy="52" r="28" fill="none" stroke="B" stroke-width="2"/><circle cx="50" cy="52" r="18" fill="none" stroke="B" stroke-width="2.5"/>',
        'Carafe' => '<path d="M43 22h14l-1 22q13 8 13 22 0 10-6 14H37q-6-4-6-14 0-14 13-22z" fill="A"/><path d="M55 22h2l-1 22q13 8 13 22 0 10-6 14h-8q9-20 0-36z" fill="B"/>'
            . '<path d="M34 62h32q1 12-5 15H39q-6-3-5-15z" fill="B" opacity=".55"/>',
        'Table' => '<path d="M22 50l-4 30h5l6-30zM78 50l4 30h-5l-6-30z" fill="B"/><rect x="10" y="44" width="80" height="7" rx="2" fill="A"/><rect x="20" y="51" width="60" height="5" fill="B"/>',
        'Chair' => '<path d="M36 58l-4 22h4l5-22zM64 58l4 22h-4l-5-22z" fill="B"/><path d="M36 22h28l-2 26H38z" fill="none" stroke="A" stroke-width="4"/>'
            . '<path d="M46 24v24M54 24v24" stroke="B" stroke-width="3"/><rect x="32" y="52" width="36" height="7" rx="3" fill="A"/><path d="M37 47v6M63 47v6" stroke="A" stroke-width="4"/>',
        'Tablecloth' => '<path d="M20 46h60l6 28-9 5-9-5-9 6-9-6-9 6-9-6-9 5-9-5z" fill="A"/><path d="M18 42h64v6H18z" fill="B"/><path d="M32 50l-3 20M50 50v20M68 50l3 20" stroke="B" stroke-width="1.5"/>',
        'Tray' => '<ellipse cx="50" cy="62" rx="38" ry="16" fill="B"/><ellipse cx="50" cy="59" rx="38" ry="16" fill="A"/><ellipse cx="50" cy="59" rx="30" ry="11" fill="none" stroke="B" stroke-width="2"/>',
        'Armchair' => '<path d="M28 76v5M72 76v5" stroke="#5d4636" stroke-width="4"/><path d="M27 44q0-18 23-18t23 18v20H27z" fill="A"/><path d="M62 29q11 5 11 15v20H62z" fill="B"/>'
            . '<rect x="30" y="56" width="40" height="12" rx="5" fill="A" stroke="B" stroke-width="1.5"/><rect x="18" y="48" width="14" height="29" rx="7" fill="A" stroke="B" stroke-width="1.5"/><rect x="68" y="48" width="14" height="29" rx="7" fill="B"/><path d="M30 67h40v10H30z" fill="B"/>',
        'Bookshelf' => '<rect x="26" y="18" width="48" height="62" rx="2" fill="B"/><path d="M30 22h40v15H30zM30 41h40v15H30zM30 60h40v16H30z" fill="A"/>'
            . '<path d="M33 26h4v11h-4zM38 24h3v13h-3zM55 46h3v10h-3zM50 44h4v12h-4z" fill="#7a5a62"/><path d="M42 27h4v10h-4zM59 43h4v13h-4zM34 65h4v11h-4z" fill="#4d6b70"/><path d="M60 37a5 5 0 0 1 8 0zM44 76q6-11 12 0z" fill="C"/>',
        'Cushion' => '<path d="M24 34q26 7 52 0 6-1 5 5-5 18 0 34 1 7-6 6-25-6-50 0-7 1-6-6 5-16 0-34-1-6 5-5z" fill="A"/><path d="M68 35q7 0 9-1 5 0 4 5-5 18 0 34 1 7-6 6l-9-2q8-20 2-42z" fill="B"/><circle cx="50" cy="56" r="2.5" fill="B"/>',
        'Rug' => '<path d="M24 48h52l12 30H12z" fill="A"/><path d="M28 52h44l9 22H19z" fill="none" stroke="B" stroke-width="2"/><path d="M50 55l9 8-9 8-9-8z" fill="B"/><path d="M12 78l-1 4M22 78v4M32 78v4M42 78v4M58 78v4M68 78v4M78 78v4M88 78l1 4" stroke="B" stroke-width="1.5"/>',
        'Vase' => '<path d="M50 40Q44 22 34 16M50 40Q52 24 50 12M50 40q6-16 15-20" fill="none" stroke="#6f8163" stroke-width="1.8"/><path d="M34 16q-7 1-8 8 8 0 8-8zM50 12q-6 4-2 11 6-4 2-11zM65 20q8 0 8 8-8 0-8-8z" fill="#7f9270"/>'
            . '<path d="M44 38h12q-2 8 5 14 6 6 6 14 0 10-8 14H41q-8-4-8-14 0-8 6-14 7-6 5-14z" fill="A"/><path d="M53 38h3q-2 8 5 14 6 6 6 14 0 10-8 14h-8q14-16 2-42z" fill="B"/>',
        'Wall Clock' => '<circle cx="50" cy="48" r="29" fill="A"/><circle cx="50" cy="48" r="23" fill="#fdfbf5"/><path d="M50 28v4M50 64v4M30 48h4M66 48h4" stroke="#6a645c" stroke-width="2"/><path d="M50 48V34M50 48l10 7" stroke="#33302c" stroke-width="2.5" stroke-linecap="round"/><circle cx="50" cy="48" r="2" fill="#33302c"/>',
        'Candlestick' => '<path d="M50 12q4 5 0 9-4-4 0-9z" fill="#e0a73c"/><rect x="46" y="22" width="8" height="24" rx="1" fill="#f7f1e3"/><path d="M41 46h18l-3 5h-3v20l9 5q3 4-1 4H39q-4 0-1-4l9-5V51h-3z" fill="A"/><path d="M53 51v20l9 5q3 4-1 4h-8q2-4-2-9V51z" fill="B"/>',
        'Blanket' => '<path d="M22 52l-7 1M22 56l-7 1M22 69l-7 1M22 74l-7 1" stroke="A" stroke-width="2"/><rect x="20" y="47" width="61" height="16" rx="8" fill="A"/>'
            . '<rect x="20" y="64" width="61" height="16" rx="8" fill="A"/><path d="M58 47h7v16h-7zM68 47h3v16h-3zM58 64h7v16h-7zM68 64h3v16h-3z" fill="B"/><path d="M26 63.5h50" stroke="C" stroke-width="1"/>',
        'Duvet Cover' => '<rect x="14" y="32" width="72" height="22" rx="3" fill="#8a6a50"/><rect x="22" y="44" width="24" height="12" rx="5" fill="#fbf8f1"/><rect x="54" y="44" width="24" height="12" rx="5" fill="#fbf8f1"/><path d="M14 54q36-6 72 0v22H14z" fill="A"/><path d="M14 62q36-6 72 0v4q-36-6-72 0zM14 76h72v4H14z" fill="B"/>',
        'Bedside Table' => '<path d="M32 70l-3 10h4l4-10zM68 70l3 10h-4l-4-10z" fill="B"/><rect x="27" y="38" width="46" height="34" rx="2" fill="A"/><rect x="24" y="35" width="52" height="5" rx="2" fill="B"/><path d="M31 44h38v11H31zM31 58h38v10H31z" fill="none" stroke="B" stroke-width="1.5"/><circle cx="50" cy="49.5" r="1.8" fill="C"/><circle cx="50" cy="63" r="1.8" fill="C"/>',
        'Mirror' => '<ellipse cx="50" cy="48" rx="25" ry="32" fill="A"/><ellipse cx="50" cy="48" rx="20" ry="27" fill="#dfe9ea"/><path d="M40 60l18-26M46 66l16-23" stroke="#fff" stroke-width="3" stroke-linecap="round"/>',
        'Towel' => '<path d="M16 26h68" stroke="#8d8377" stroke-width="4" stroke-linecap="round"/><path d="M32 26h36v50H32z" fill="A"/><path d="M32 60h36v3H32zM32 66h36v3H32z" fill="B"/><path d="M60 26h8v50h-8z" fill="B" opacity=".7"/><path d="M34 76v4M40 76v4M46 76v4M52 76v4M58 76v4M64 76v4" stroke="A" stroke-width="2"/>',
        'Soap Dish' => '<rect x="34" y="54" width="32" height="14" rx="7" fill="#f2d9cf"/><rect x="34" y="54" width="32" height="14" rx="7" fill="none" stroke="#dcb8aa" stroke-width="1.5"/><path d="M20 64h60q-2 14-14 16H34q-12-2-14-16z" fill="A"/><path d="M68 64h12q-2 14-14 16h-8q8-4 10-16z" fill="B"/>',
        'Laundry Basket' => '<path d="M36 34q4-12 14-8 12-4 14 8z" fill="#f3ece0"/><path d="M28 34h44l-4 42q0 4-4 4H36q-4 0-4-4z" fill="A"/><path d="M29 44h42M30 54h40M31 64h38" stroke="B" stroke-width="2.5"/><path d="M40 36l2 44M50 36v44M60 36l-2 44" stroke="B" stroke-width="1.5"/><rect x="25" y="32" width="50" height="5" rx="2.5" fill="B"/>',
        'Desk Lamp' => '<path d="M38 78l-6-26 22-20" fill="none" stroke="A" stroke-width="3.5" stroke-linejoin="round"/><circle cx="32" cy="52" r="3" fill="C"/><path d="M48 24l20 16-20 8q-8-12 0-24z" fill="A"/><path d="M58 31l10 9-20 8q8-6 10-17z" fill="B"/><path d="M54 48l14-7 12 27H56z" fill="#f6e3a8" opacity=".55"/><rect x="26" y="76" width="26" height="5" rx="2.5" fill="B"/>',
        'Stool' => '<path d="M34 48l-6 32h5l6-32zM66 48l6 32h-5l-6-32zM48 48h4v32h-4z" fill="B"/><path d="M32 66h36" stroke="B" stroke-width="3"/><rect x="27" y="40" width="46" height="9" rx="4" fill="A"/>',
        'Plant Pot' => '<path d="M50 52Q34 44 32 24q15 5 18 26Q50 30 62 18q8 18-10 34 10-14 22-12-4 12-24 12z" fill="#76906a"/><path d="M50 52Q46 36 40 30M51 50q6-14 9-24" stroke="#5d7653" stroke-width="1.3" fill="none"/><path d="M33 56h34l-4 21q-1 3-4 3H41q-3 0-4-3z" fill="A"/><path d="M57 56h10l-4 21q-1 3-4 3h-7q4-6 5-24z" fill="B"/><rect x="30" y="51" width="40" height="7" rx="2" fill="B"/>',
        'Lantern' => '<path d="M42 26q0-10 8-10t8 10" fill="none" stroke="B" stroke-width="2.5"/><path d="M34 36l8-10h16l8 10z" fill="A"/><rect x="36" y="36" width="28" height="38" fill="#fbefcb"/><path d="M50 48q5 7 0 12-5-5 0-12z" fill="#e0a73c"/><rect x="46" y="60" width="8" height="14" fill="#fffaf0"/><path d="M36 36v38M64 36v38M50 36v8" stroke="A" stroke-width="3"/><rect x="32" y="73" width="36" height="7" rx="2" fill="B"/>',
    ];

    private const PARCEL = '<path d="M26 44h48v36H26z" fill="A"/><path d="M62 44h12v36H62z" fill="B"/><path d="M22 34h56v11H22z" fill="B"/><path d="M46 34h8v46h-8z" fill="C" opacity=".5"/>';

    /**
     * @param ?string $image the image's name; without one the drawing is a sketch
     * @param int $number which of the product's images it is; they show different parts
     * @param bool $described a screen reader is told what it is; otherwise the drawing is an ornament
     */
    public static function of(int $id, string $name, ?string $image, int $number = 0, bool $described = false): string
    {
        $kind = self::endOf($name, array_keys(self::SHAPES));
        $shape = self::SHAPES[$kind] ?? self::PARCEL;
        $material = self::MATERIALS[self::within($name, array_keys(self::MATERIALS))] ?? '#a9927a';
        [$wall, $ground] = self::ROOMS[($id * 5 + $number * 3) % count(self::ROOMS)];
        $colours = ['"A"' => "\"$material\"", '"B"' => '"' . self::shade($material, 0.82) . '"', '"C"' => '"' . self::shade($material, 0.5) . '"'];
        $view = ['0 0 100 100', '22 30 62 62', '-14 -22 128 128'][$number % 3];
        $role = $described ? sprintf('role="img" aria-label="%s"', e("Drawing: $name")) : 'aria-hidden="true"';
        $box = "<rect x=\"-20\" y=\"-30\" width=\"150\" height=\"150\" fill=\"$wall\"/>";
        return "<svg class=\"picture" . ($image === null ? ' sketch' : '') . "\" viewBox=\"$view\" $role>$box"
            . self::backdrop($id + $number, $ground)
            . '<ellipse cx="50" cy="81" rx="34" ry="3.5" fill="#3a2f22" opacity=".13"/>'
            . strtr($shape, $colours) . '</svg>';
    }

    private static function backdrop(int $which, string $colour): string
    {
        return match ($which % 4) {
            0 => "<circle cx=\"50\" cy=\"48\" r=\"40\" fill=\"$colour\"/>",
            1 => "<path d=\"M14 130V46a36 36 0 0 1 72 0v84z\" fill=\"$colour\"/>",
            2 => "<path d=\"M-20 70h150v60H-20z\" fill=\"$colour\"/>",
            default => "<path d=\"M-20 64Q30 44 60 60t70-8v70H-20z\" fill=\"$colour\"/>",
        };
    }

    /**
     * The longest of the words with which a name ends: a bedside table is no table.
     *
     * @param list<string> $words
     */
    private static function endOf(string $name, array $words): string
    {
        $end = '';
        foreach ($words as $word) {
            if (strlen($word) > strlen($end) && str_ends_with(" $name", " $word")) {
                $end = $word;
            }
        }
        return $end;
    }

    /** @param list<string> $words */
    private static function within(string $name, array $words): string
    {
        foreach ($words as $word) {
            if (str_contains(" $name ", " $word ")) {
                return $word;
            }
        }
        return '';
    }

    /** A colour made darker: 1 leaves it as it is, 0 is black. */
    private static function shade(string $colour, float $by): string
    {
        $parts = array_map(static fn (string $hex): int => (int) (hexdec($hex) * $by), str_split(substr($colour, 1), 2));
        return vsprintf('#%02x%02x%02x', $parts);
    }
}
