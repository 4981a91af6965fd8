<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Error;
use Fenrun\Frozen;
use Fenrun\Outcome;
use Fenrun\Plan;
use PHPUnit\Framework\TestCase;

/** Why everybody got what they got. */
final class OutcomeTest extends TestCase
{
    public function testEverySlotStandsInTheTrace(): void
    {
        $trace = self::outcome()->trace();
        $this->assertSame(['A', null], array_column($trace, 'stands'));
        $this->assertSame([999, 499], array_column($trace, 'amount'));
        $this->assertSame([null, 'no_upline'], array_column($trace, 'reason'));
    }

    public function testExplanationsSpeakBothLanguages(): void
    {
        $outcome = self::outcome();
        $this->assertSame([
            'upline · line 1 · level 1: A 9.99 CNY = 5% × 199.98 CNY',
            'upline · line 1 · level 2: – retained 4.99 CNY — nobody stands there',
        ], $outcome->explain());
        $kept = new Frozen((string) $outcome->frozen());
        $this->assertSame('upline · 明细 1 · 第 2 级: – 留存 4.99 CNY — 该层没有上级', $kept->explain('zh')[1]);
        $this->expectException(Error::class);
        $this->expectExceptionMessage('`fr`');
        $outcome->explain('fr');
    }

    /** Where the shop's journal holds something else than earlier reversals left, the shop says so. */
    public function testTheCallersStandingIsWhatIsReversed(): void
    {
        $refund = [
            'id' => 'R1',
            'lines' => [['line' => 1, 'units' => 1, 'amount' => 19998]],
            'standing' => [['rule' => 'upline', 'payee' => 'A', 'account' => 'cash', 'amount' => 900]],
        ];
        $rows = self::outcome()->frozen()->reverse($refund)['rows'];
        $this->assertSame([-900], array_column($rows, 'amount'));
    }

    private static function outcome(): Outcome
    {
        return Plan::preset('two_level')->settleOne([
            'id' => 'O1',
            'buyer' => 'B',
            'upline' => [['id' => 'A', 'distributor' => true, 'frozen' => false]],
            'lines' => [['id' => 1, 'paid' => 19998]],
        ]);
    }
}
