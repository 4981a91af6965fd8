<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use PHPUnit\Framework\TestCase;

/** The package installs from a path repository into an empty folder, without a network. */
final class ComposerTest extends TestCase
{
    public function testInstallsIntoAnEmptyFolder(): void
    {
        $folder = Process::folder();
        try {
            $options = ['symlink' => false, 'versions' => ['fenrun/fenrun' => '0.1.0']];
            $project = [
                'repositories' => [
                    ['type' => 'path', 'url' => dirname(__DIR__), 'options' => $options],
                    ['packagist.org' => false],
                ],
                'require' => ['fenrun/fenrun' => '^0.1'],
            ];
            file_put_contents($folder . '/composer.json', json_encode($project));
            $environment = ['COMPOSER_ALLOW_SUPERUSER' => '1', 'COMPOSER_DISABLE_NETWORK' => '1', 'COMPOSER_HOME' => $folder];
            [$status, $said] = Process::run(['composer', 'install', '--no-interaction', '--no-progress'], $environment, $folder);
            $this->assertSame(0, $status, $said);
            $code = 'require "vendor/autoload.php"; echo Fenrun\Money::text(1999, "CNY");';
            $this->assertSame('19.99', Process::run([PHP_BINARY, '-r', $code], [], $folder)[1]);
            // The classes of exceptions stand together in one file.
            $refused = 'require "vendor/autoload.php"; try { Fenrun\Money::text(1, "x"); } catch (Fenrun\MoneyError $e) {'
                . ' echo $e->getName(); }';
            $this->assertSame('unknown_currency', Process::run([PHP_BINARY, '-r', $refused], [], $folder)[1]);
            [$status, $said] = Process::run([PHP_BINARY, 'vendor/bin/fenrun-doctor'], [], $folder);
            $this->assertSame(0, $status, $said);
            mkdir($folder . '/vendor/fenrun/fenrun/lib');
            copy((string) getenv('FENRUN_LIBRARY'), $folder . '/vendor/fenrun/fenrun/lib/libfenrun.so');
            $this->assertSame('19.99', Process::run([PHP_BINARY, '-r', $code], ['FENRUN_LIBRARY' => ''], $folder)[1]);
        } finally {
            Process::remove($folder);
        }
    }
}
