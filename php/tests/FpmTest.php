<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use PHPUnit\Framework\TestCase;

/** Both recipes for php-fpm, and what a third says. */
final class FpmTest extends TestCase
{
    private const SETTLE = '
$plan = Fenrun\Plan::preset("two_level");
$person = ["distributor" => true, "frozen" => false];
$sale = ["id" => "s1", "buyer" => "b", "upline" => [["id" => "u"] + $person], "lines" => [["paid" => 10000, "units" => 2]]];
$outcome = $plan->settleOne($sale);
$reversal = $outcome->frozen()->reverse(["id" => "r1", "lines" => [["line" => "1", "units" => 1, "amount" => 5000]]]);
$forest = Fenrun\Forest::fromArrays([1, 2], [null, 1]);
$forest->setFlag("distributor", [1, 1]);
$forest->setFlag("frozen", [0, 0]);
$batch = $plan->settle($forest, ["buyers" => [2], "paid" => [10000]]);
echo json_encode([$outcome->rows(), $reversal["rows"], $batch->amounts()]);
';

    /** A batch that is large enough for four threads, and how many threads are left behind it. */
    private const THREADS = '
$plan = Fenrun\Plan::preset("two_level");
$forest = Fenrun\Forest::fromArrays([1, 2, 3], [null, 1, 2]);
$forest->setFlag("distributor", [1, 1, 1]);
$forest->setFlag("frozen", [0, 0, 0]);
$orders = ["buyers" => array_fill(0, 20000, 3), "paid" => range(1, 20000)];
$amounts = $plan->settle($forest, $orders, 4)->amounts();
preg_match("/^Threads:\\s*(\\d+)/m", file_get_contents("/proc/self/status"), $threads);
return json_encode(["paid" => array_sum($amounts), "rows" => count($amounts), "process" => getmypid(), "threads" => $threads[1]]);
';

    public function testPreloaded(): void
    {
        $this->settles(Fpm::preload(self::package() . '/preload.php'), self::SETTLE);
    }

    /** Use, fork, use: the master settles on four threads before it forks its workers, and these settle again. */
    public function testTheLibraryIsUsedBeforeTheForkAndAfterIt(): void
    {
        $folder = Process::folder();
        $preload = var_export(self::package() . '/preload.php', true);
        $report = var_export($folder . '/before', true);
        file_put_contents(
            $folder . '/preload.php',
            "<?php require $preload; \$said = (function () { " . self::THREADS . " })(); file_put_contents($report, \$said);"
        );
        $fpm = new Fpm(Fpm::preload($folder . '/preload.php'));
        try {
            $before = json_decode((string) file_get_contents($folder . '/before'), true);
            $this->assertGreaterThan(0, $before['paid']);
            $workers = [];
            for ($at = 0; $at < 200 && ($at < 20 || count($workers) < 2); $at++) {
                $after = json_decode($fpm->ask('echo (function () { ' . self::THREADS . ' })();'), true);
                $this->assertSame([$before['paid'], $before['rows']], [$after['paid'], $after['rows']]);
                $this->assertSame('1', $after['threads'], 'no thread outlives the call');
                $workers[$after['process']] = true;
            }
            $this->assertCount(2, $workers, 'both workers answered');
            $this->assertArrayNotHasKey($before['process'], $workers, 'the master forked them');
        } finally {
            $fpm->stop();
            Process::remove($folder);
        }
    }

    public function testEnabled(): void
    {
        $this->settles(['ffi.enable' => 'true'], 'require "' . self::package() . '/preload.php";' . self::SETTLE);
    }

    public function testAnErrorOfTheLibraryArrives(): void
    {
        $fpm = new Fpm(Fpm::preload(self::package() . '/preload.php'));
        try {
            $code = 'try { Fenrun\Plan::fromText("{"); } catch (Fenrun\PlanError $e) { echo $e->getName(); }';
            $this->assertSame('syntax', $fpm->ask($code));
            $said = $fpm->ask('echo json_encode(Fenrun\Doctor::judge(Fenrun\Doctor::here()));');
            $this->assertSame('[]', $said, 'the doctor finds nothing');
        } finally {
            $fpm->stop();
        }
    }

    public function testWithoutPreloadTheMessageNamesTheFix(): void
    {
        $fpm = new Fpm(['ffi.enable' => 'preload', 'opcache.enable' => '1']);
        try {
            $load = 'require "' . self::package() . '/preload.php";';
            $said = $fpm->ask($load . 'try { Fenrun\Library::version(); } catch (Fenrun\LibraryError $e) { echo $e->getMessage(); }');
            $this->assertStringContainsString('restricted', $said);
            $this->assertStringContainsString('preload this package (opcache.preload) or set ffi.enable=true', $said);
            $said = $fpm->ask($load . 'echo json_encode(Fenrun\Doctor::judge(Fenrun\Doctor::here()));');
            $this->assertStringContainsString('nothing is preloaded', $said);
        } finally {
            $fpm->stop();
        }
    }

    /** Fifty requests, in both workers, give what the command line gives. */
    private function settles(array $settings, string $code): void
    {
        $expected = Process::php(self::SETTLE);
        $this->assertStringContainsString('"amount":-250', $expected);
        $fpm = new Fpm($settings);
        try {
            for ($at = 0; $at < 50; $at++) {
                $this->assertSame($expected, $fpm->ask($code));
            }
        } finally {
            $fpm->stop();
        }
    }

    private static function package(): string
    {
        return dirname(__DIR__);
    }
}
