<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Library;
use Fenrun\Plan;
use PHPUnit\Framework\TestCase;

/** The plans that come with the library. */
final class PresetsTest extends TestCase
{
    public function testEachIsListedAndLoads(): void
    {
        $listed = Library::run('presets', null, new \stdClass())['presets'];
        $names = array_column($listed, 'name');
        $this->assertSame($names, Plan::presets());
        $this->assertContains('crmeb', $names);
        $sorted = $names;
        sort($sorted);
        $this->assertSame($sorted, $names);
        foreach ($listed as $preset) {
            $plan = Plan::preset($preset['name']);
            $this->assertSame($preset['hash'], $plan->hash(), $preset['name']);
            $this->assertNotSame([], $plan->check()['bounds'], $preset['name']);
        }
    }

    /** Each has its golden vector, which C, Java and Python are held to as well. */
    public function testEachSettlesTheSameSale(): void
    {
        $cases = [];
        foreach (Vectors::read(dirname(__DIR__, 2) . '/vectors/presets.json') as $case) {
            $cases[$case->id] = $case;
        }
        foreach (Plan::presets() as $name) {
            $this->assertArrayHasKey("sale-under-$name", $cases);
            $case = $cases["sale-under-$name"];
            $outcome = json_decode(Plan::preset($name)->settleOne($case->input->sale)->toJson(), true);
            $this->assertSame($case->expect->pool, $outcome['pool'], $name);
            $expected = array_map(static function ($row) {
                return [$row->payee, $row->amount];
            }, $case->expect->rows);
            $paid = array_map(static function ($row) {
                return [$row['payee'], $row['amount']];
            }, $outcome['rows']);
            $this->assertSame($expected, $paid, $name);
        }
    }
}
