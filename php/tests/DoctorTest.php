<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Doctor;
use Fenrun\Library;
use PHPUnit\Framework\TestCase;

/** The doctor names each fault and its fix. */
final class DoctorTest extends TestCase
{
    /** @var string */
    private $folder;

    protected function setUp(): void
    {
        $this->folder = Process::folder();
    }

    protected function tearDown(): void
    {
        Process::remove($this->folder);
    }

    public function testAHealthyMachine(): void
    {
        [$status, $said] = self::doctor();
        $this->assertSame(0, $status, $said);
        $this->assertStringContainsString('runs on PHP ' . PHP_VERSION, $said);
    }

    public function testFpmIsJudgedByItsOwnSettings(): void
    {
        [$status, $said] = self::doctor(['--fpm=' . Fpm::program()]);
        $this->assertContains($status, [0, 1], $said);
        $information = "PHP Version => 8.2.1\nFFI support => enabled\nffi.enable => preload => preload\n"
            . "opcache.enable => On => On\nopcache.preload => no value => no value\n";
        $this->assertFault('nothing is preloaded', 'opcache.preload=', Doctor::fpm($information));
        $this->assertSame([], Doctor::judge(Doctor::fpm(str_replace('=> preload', '=> 1', $information))));
    }

    public function testAMistakenCall(): void
    {
        $this->assertSame(2, self::doctor(['--nothing'])[0]);
        $this->assertSame(2, self::doctor(['--fpm=/nowhere/php-fpm'])[0]);
    }

    public function testNoFfi(): void
    {
        [$status, $said] = Process::run([PHP_BINARY, '-n', self::program()]);
        $this->assertSame(1, $status);
        $this->assertStringContainsString('the extension FFI is missing', $said);
        $this->assertStringContainsString('docker-php-ext-install ffi', $said);
    }

    public function testFfiIsOff(): void
    {
        [$status, $said] = Process::run([PHP_BINARY, '-d', 'ffi.enable=0', self::program()]);
        $this->assertSame(1, $status);
        $this->assertStringContainsString('ffi.enable is off', $said);
    }

    public function testSettingsOfFpm(): void
    {
        $ours = dirname(__DIR__) . '/preload.php';
        $facts = ['sapi' => 'fpm-fcgi', 'ffi.enable' => 'preload', 'opcache' => 'yes', 'opcache.enable' => '1'];
        $facts += ['opcache.preload' => $ours, 'opcache.preload_user' => 'www-data', 'user' => '0'] + Doctor::here();
        $this->assertSame([], Doctor::judge($facts));
        $this->assertFault('OPcache is off', 'opcache.enable=1', ['opcache.enable' => '0'] + $facts);
        $this->assertFault('OPcache is missing', 'ffi.enable=true', ['opcache' => 'no'] + $facts);
        $this->assertFault('nothing is preloaded', $ours, ['opcache.preload' => ''] + $facts);
        $this->assertFault('is not there', $ours, ['opcache.preload' => '/nowhere.php'] + $facts);
        $this->assertFault('preloads no class', "require '$ours'", ['opcache.preload' => $this->file('x', '<?php')] + $facts);
        $this->assertFault('nobody is named', 'opcache.preload_user', ['opcache.preload_user' => ''] + $facts);
        $this->assertFault('PHP is 7.3.9', 'PHP 7.4', ['php' => '7.3.9'] + $facts);
        $this->assertFault('this is Windows', 'Linux', ['system' => 'Windows'] + $facts);
    }

    public function testTheLibraryFile(): void
    {
        $here = Doctor::here();
        $this->assertFault('no readable file', 'FENRUN_LIBRARY', ['library' => $this->folder . '/none.so'] + $here);
        $this->assertFault('no Linux library', 'for Linux', ['library' => $this->file('text.so', str_repeat('x', 64))] + $here);
        $head = (string) file_get_contents(Library::candidates()[0], false, null, 0, 64);
        $other = substr_replace($head, pack('v', 40), 18, 2);
        $this->assertFault('another processor', 'for this one', ['library' => $this->file('arm.so', $other)] + $here);
        [$status, $said] = self::doctor([], ['FENRUN_LIBRARY' => '']);
        $this->assertSame(1, $status);
        $this->assertStringContainsString('libfenrun.so.0', $said);
    }

    public function testAnOlderLibrary(): void
    {
        $library = $this->compiled('uint32_t fenrun_abi_version(void) { return 0; }');
        [$status, $said] = self::doctor([], ['FENRUN_LIBRARY' => $library]);
        $this->assertSame(1, $status);
        $this->assertStringContainsString('has ABI 0 and this package needs ' . Library::ABI_VERSION, $said);
        $this->assertStringContainsString('in the same version', $said);
        $code = 'try { Fenrun\Library::version(); } catch (Fenrun\Error $e) { echo $e->getCode(), $e->getName(); }';
        $this->assertSame('805abi_mismatch', Process::php($code, ['FENRUN_LIBRARY' => $library]));
    }

    public function testAStrangeLibrary(): void
    {
        $library = $this->compiled('uint32_t nothing(void) { return 0; }');
        [$status, $said] = self::doctor([], ['FENRUN_LIBRARY' => $library]);
        $this->assertSame(1, $status);
        $this->assertStringContainsString('it is not libfenrun', $said);
    }

    public function testALibraryForANewerGlibc(): void
    {
        $library = (string) file_get_contents($this->compiled('uint32_t a(void) { return 0; }', ['-lc', '-Wl,--no-as-needed']));
        $this->assertStringContainsString('GLIBC_2.2.5', $library, 'the control: the version that is replaced');
        $name = $this->file('newer.so', str_replace('GLIBC_2.2.5', 'GLIBC_9.9.9', $library));
        $said = self::doctor([], ['FENRUN_LIBRARY' => $name])[1];
        $this->assertStringContainsString('needs glibc 9.9.9 and this system has', $said);
    }

    private function assertFault(string $fault, string $fix, array $facts): void
    {
        $found = Doctor::judge($facts);
        $this->assertCount(1, $found, json_encode($found));
        $this->assertStringContainsString($fault, $found[0]['fault']);
        $this->assertStringContainsString($fix, $found[0]['fix']);
    }

    private function file(string $name, string $content): string
    {
        file_put_contents($this->folder . '/' . $name, $content);

        return $this->folder . '/' . $name;
    }

    private function compiled(string $code, array $options = []): string
    {
        $source = $this->file('library.c', "#include <stdint.h>\n$code\n");
        $library = $this->folder . '/library.so';
        [$status, $said] = Process::run(array_merge(['cc', '-shared', '-fPIC', '-o', $library, $source], $options));
        $this->assertSame(0, $status, $said);

        return $library;
    }

    private static function program(): string
    {
        return dirname(__DIR__) . '/bin/fenrun-doctor';
    }

    private static function doctor(array $arguments = [], array $environment = []): array
    {
        return Process::run(array_merge([PHP_BINARY, self::program()], $arguments), $environment);
    }
}
