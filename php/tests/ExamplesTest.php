<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use PHPUnit\Framework\TestCase;

/** What the examples and the README print. */
final class ExamplesTest extends TestCase
{
    private const TWO_LEVELS = 'e9ba4ed24129632f92195f6ecd763c44  20  999
e8f26f15ad2fa8d4e677bc3ad34f2b15  10  499
a5bf4f2e5bbce86e1c40d356a35d5ba9  10  -250
a18b7a4622193355d8746485186030b1  20  -500
';

    private const SHOP = 'paid:            4 new rows; user 5 has 6.24, user 3 has 3.11
callback again:  0 new rows; user 5 has 6.24, user 3 has 3.11
one unit back:   2 new rows; user 5 has 4.58, user 3 has 2.28
refund again:    0 new rows; user 5 has 4.58, user 3 has 2.28
the rest back:   2 new rows; user 5 has 0.00, user 3 has 0.00
';

    public function testTwoLevels(): void
    {
        $this->assertSame(self::TWO_LEVELS, self::printed(self::folder() . '/two_levels.php'));
    }

    public function testShopCommission(): void
    {
        $this->assertSame(self::SHOP, self::printed(self::folder() . '/shop_commission.php'));
    }

    public function testOneOrderPrintsTheSameAsEveryLanguage(): void
    {
        $transcript = dirname(__DIR__, 2) . '/examples/transcript';
        $script = self::folder() . '/one_order.php';
        [$status, $said] = Process::run([PHP_BINARY, $script], [], null, $transcript . '/commands.jsonl');
        $this->assertSame([0, file_get_contents($transcript . '/answers.jsonl')], [$status, $said]);
    }

    /** A clone without a library, and one with the library cargo built: no variable is needed. */
    public function testInAClone(): void
    {
        $clone = Process::folder();
        try {
            $root = dirname(__DIR__, 2);
            mkdir("$clone/examples/php", 0700, true);
            mkdir("$clone/target/release", 0700, true);
            symlink("$root/php", "$clone/php");
            foreach (['load.php', 'two_levels.php'] as $name) {
                copy("$root/examples/php/$name", "$clone/examples/php/$name");
            }
            $script = [PHP_BINARY, "$clone/examples/php/two_levels.php"];
            [$status, $said] = Process::run($script, ['FENRUN_LIBRARY' => "$clone/none.so"]);
            $this->assertSame(1, $status);
            $this->assertSame(1, substr_count($said, "\n"), $said);
            $this->assertStringContainsString('cargo build --release -p fenrun-ffi', $said);
            copy((string) getenv('FENRUN_LIBRARY'), "$clone/target/release/libfenrun.so");
            $this->assertSame([0, self::TWO_LEVELS], Process::run($script, ['FENRUN_LIBRARY' => '']));
        } finally {
            Process::remove($clone);
        }
    }

    /** The PHP blocks of the README, one after the other as one program. */
    public function testReadme(): void
    {
        $readme = (string) file_get_contents(dirname(__DIR__) . '/README.md');
        $this->assertGreaterThan(2, preg_match_all('/^```php\n(.*?)^```$/ms', $readme, $blocks));
        $folder = Process::folder();
        try {
            $preload = var_export(dirname(__DIR__) . '/preload.php', true);
            $code = str_replace("require 'vendor/autoload.php';", "require $preload;", implode('', $blocks[1]));
            file_put_contents($folder . '/readme.php', "<?php\n" . $code);
            $printed = self::printed($folder . '/readme.php');
        } finally {
            Process::remove($folder);
        }
        preg_match_all('/\/\/ prints (.*)$/m', implode('', $blocks[1]), $promised);
        $this->assertSame(implode("\n", $promised[1]) . "\n", $printed);
    }

    private static function printed(string $script): string
    {
        [$status, $said] = Process::run([PHP_BINARY, $script]);

        return $status === 0 ? $said : "exit $status: $said";
    }

    private static function folder(): string
    {
        return dirname(__DIR__, 2) . '/examples/php';
    }
}
