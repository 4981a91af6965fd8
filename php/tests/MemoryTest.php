<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Error;
use Fenrun\Forest;
use Fenrun\Order;
use Fenrun\Plan;
use PHPUnit\Framework\TestCase;

/** What is created is freed: by the process's memory, in C and in PHP. */
final class MemoryTest extends TestCase
{
    private const CYCLES = 10000;

    /** A leak of 200 bytes a cycle would be seen. */
    private const BOUND_KIB = 2000;

    public function testNoLeakOverTenThousandCycles(): void
    {
        $this->cycles(500);
        $before = self::resident();
        $php = memory_get_usage();
        $this->cycles(self::CYCLES);
        $this->assertLessThan(self::BOUND_KIB, self::resident() - $before, 'KiB more after the cycles');
        $this->assertLessThan(100000, memory_get_usage() - $php, 'bytes of PHP more after the cycles');
    }

    private function cycles(int $count): void
    {
        $sale = ['id' => 's', 'buyer' => 'b', 'upline' => [['id' => 'u', 'distributor' => true, 'frozen' => false]]];
        $sale['lines'] = [['paid' => 10000, 'units' => 2]];
        $refund = ['id' => 'r', 'lines' => [['line' => '1', 'units' => 1, 'amount' => 5000]]];
        for ($at = 0; $at < $count; $at++) {
            $plan = Plan::preset('two_level');
            $plan->settleOne($sale)->frozen()->reverse($refund);
            $forest = Forest::fromArrays([1, 2], [0, 1]);
            $forest->teams()->page(1);
            $forest->setFlag('distributor', [true, true]);
            $forest->setFlag('frozen', [false, false]);
            $plan->settle($forest, ['buyers' => [2], 'paid' => [100], 'components' => ['list' => [1]], 'tenant' => 't'])->keys();
            Order::create('1')->log();
            try {
                Plan::fromText('{');
            } catch (Error $error) {
                continue;
            }
        }
    }

    /** KiB in memory. */
    private static function resident(): int
    {
        preg_match('/^VmRSS:\s*(\d+)/m', (string) file_get_contents('/proc/self/status'), $found);

        return (int) $found[1];
    }
}
