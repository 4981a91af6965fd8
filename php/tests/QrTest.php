<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\DocumentError;
use Fenrun\Library;
use Fenrun\Qr;
use PHPUnit\Framework\TestCase;

/** The images that a reader of QR codes has read in the tests of the crate, byte for byte. */
final class QrTest extends TestCase
{
    private const LINK = 'https://shop.example/p/7?color=red&s=AQEAAAAA6QcA0zgW44XUpsYF7A#top';

    private const SMALL = ['correction' => 'quartile', 'module' => 3, 'margin' => 4];

    public function testTheGoldenImages(): void
    {
        $golden = dirname(__DIR__, 2) . '/qr/tests/golden/';
        $this->assertContains('qr', explode(' ', Library::features()));
        $this->assertStringEqualsFile($golden . 'link.svg', Qr::svg(self::LINK));
        $this->assertStringEqualsFile($golden . 'small.svg', Qr::svg(self::LINK, self::SMALL));
        $this->assertStringEqualsFile($golden . 'small.png', Qr::png(self::LINK, self::SMALL));
        [$width, $height, $type] = getimagesizefromstring(Qr::png('1', ['module' => 10, 'margin' => 0]));
        $this->assertSame([210, 210, IMAGETYPE_PNG], [$width, $height, $type]);
    }

    public function testWhatCannotBeDrawn(): void
    {
        foreach ([
            ['too_large', '1274 bytes; a QR code of correction `high` holds at most 1273', str_repeat('a', 1274), ['correction' => 'high']],
            ['too_large', '2332 bytes', str_repeat('a', 2332), []],
            ['invalid_value', 'an empty text', '', []],
            ['invalid_value', 'a module of 0 dots; from 1 to 64', 'a', ['module' => 0]],
            ['unknown_word', 'low, medium, quartile, high', 'a', ['correction' => 'M']],
            ['unknown_key', 'colour', 'a', ['colour' => 'red']],
        ] as [$name, $says, $text, $style]) {
            try {
                Qr::svg($text, $style);
                $this->fail($says);
            } catch (DocumentError $error) {
                $this->assertSame($name, $error->getName());
                $this->assertStringContainsString($says, $error->getMessage());
            }
        }
    }
}
