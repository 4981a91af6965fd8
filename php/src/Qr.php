<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * QR images of share links, or of any text: the same bytes as in every other language.
 *
 * The style may say `correction` (low, medium, quartile or high: 7, 15, 25 or 30 % of the code may be covered;
 * medium), `module` (dots along the side of its smallest square, 1 to 64; 8) and `margin` (squares of white around it,
 * at most 64; 4). A text too long for any code is a DocumentError that names both lengths.
 */
final class Qr
{
    /**
     * An image that stands in a page as it is.
     *
     * @param array<string, int|string> $style
     */
    public static function svg(string $text, array $style = []): string
    {
        return self::draw($text, ['format' => 'svg'] + $style);
    }

    /**
     * The bytes of a PNG file.
     *
     * @param array<string, int|string> $style
     */
    public static function png(string $text, array $style = []): string
    {
        return self::draw($text, ['format' => 'png'] + $style);
    }

    /** @param array<string, int|string> $style */
    private static function draw(string $text, array $style): string
    {
        $json = Text::of($style, 'style');

        return Library::text(static function (\FFI $ffi, $out, $error) use ($text, $json) {
            return $ffi->fenrun_qr_draw($text, strlen($text), $json, strlen($json), $out, $error);
        });
    }

    private function __construct()
    {
    }
}
