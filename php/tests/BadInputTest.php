<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Error;
use Fenrun\Forest;
use Fenrun\ForestError;
use Fenrun\Frozen;
use Fenrun\Library;
use Fenrun\LibraryError;
use Fenrun\Money;
use Fenrun\MoneyError;
use Fenrun\Orders;
use Fenrun\Plan;
use Fenrun\PlanError;
use Fenrun\SaleError;
use PHPUnit\Framework\TestCase;

/** What is wrong is refused by name, in the right family, and names the value. */
final class BadInputTest extends TestCase
{
    private const PLAN = 'schema = "fenrun.plan/1"
name = "one level"
currency = "CNY"
[[rule]]
id = "r"
to = { up = "referral" }
pay = { levels = ["%s"] }
';

    public function testFloats(): void
    {
        $plan = self::plan();
        $forest = Forest::fromArrays([1, 2], [0, 1]);
        $sale = ['id' => 's', 'buyer' => 'b', 'upline' => ['u'], 'lines' => [['paid' => 19.99]]];
        $way = 'give minor units as int, or decimal text to Fenrun\\Money::minor';
        $this->refused(MoneyError::class, 103, "amount is the float 19.99; floats are not exact: $way", static function () {
            Money::minor(19.99, 'CNY');
        });
        $this->refused(MoneyError::class, 103, 'sale[lines][0][paid] is the float 19.99', static function () use ($plan, $sale) {
            $plan->settleOne($sale);
        });
        $this->refused(PlanError::class, 201, '19.99', static function () use ($plan, $sale) {
            $plan->settleOne(json_encode($sale));
        });
        $this->refused(MoneyError::class, 103, 'paid[1] is the float 19.99', static function () use ($plan, $forest) {
            $plan->settle($forest, ['buyers' => [2, 2], 'paid' => [1, 19.99]]);
        });
        $this->refused(MoneyError::class, 103, 'weights[1] is the float 0.5', static function () {
            Money::allocate(10, [1, 0.5]);
        });
        $this->refused(ForestError::class, 408, 'members[1] is the float 2.0; floats cannot hold every id', static function () {
            Forest::fromArrays([1, 2.0], [0, 1]);
        });
        $this->refused(PlanError::class, 201, '0.05', static function () {
            Plan::fromText(str_replace('"%s"', '0.05', self::PLAN));
        });
    }

    public function testTextThatIsNoAmount(): void
    {
        $this->refused(MoneyError::class, 104, '19.999', static function () {
            Money::minor('19.999', 'CNY');
        });
        $this->refused(MoneyError::class, 105, 'RMB', static function () {
            Money::minor('1', 'RMB');
        });
        $this->refused(PlanError::class, 205, "paid[0] is '19.99'; give an int", static function () {
            new Orders(['buyers' => [1], 'paid' => ['19.99']]);
        });
        $this->assertSame(1999, Money::minor('19.99', 'CNY'));
        $this->assertSame('19.99', Money::text(1999, 'CNY'));
    }

    public function testPlans(): void
    {
        $this->refused(PlanError::class, 207, '101%', static function () {
            Plan::fromText(sprintf(self::PLAN, '101%'));
        });
        $this->refused(PlanError::class, 202, '2', static function () {
            Plan::fromText(str_repeat('#', 2 << 20));
        });
        $this->refused(PlanError::class, 209, 'no_such', static function () {
            Plan::preset('no_such');
        });
        $this->refused(Error::class, 901, 'missing.toml', static function () {
            Plan::load('missing.toml');
        });
    }

    public function testForests(): void
    {
        $this->refused(ForestError::class, 401, '', static function () {
            Forest::fromArrays([1, 2, 3], [3, 1, 2]);
        });
        $this->refused(ForestError::class, 402, '9', static function () {
            Forest::fromArrays([1, 2], [null, 9]);
        }, 1);
        $this->refused(PlanError::class, 205, 'the ranks are V1, V2', static function () {
            Forest::fromArrays([1], [0])->setRank(['V9'], ['V1', 'V2']);
        }, 0);
        $this->refused(MoneyError::class, 110, '1 inviters for 2 members', static function () {
            Forest::fromArrays([1, 2], [0]);
        });
        foreach ([null, 0, '', '0'] as $nobody) {
            $this->assertSame([], Forest::fromArrays([1], [$nobody])->upline(1), 'nobody is nobody');
        }
    }

    public function testBatches(): void
    {
        $plan = self::plan();
        $forest = Forest::fromArrays([1, 2], [0, 1]);
        $settle = static function (array $orders) use ($plan, $forest): callable {
            return static function () use ($plan, $forest, $orders) {
                $plan->settle($forest, $orders);
            };
        };
        $this->refused(ForestError::class, 402, '9', $settle(['buyers' => [2, 9], 'paid' => [1, 1]]), 1);
        $twice = ['ids' => [7, 8, 7], 'buyers' => [2, 2, 2], 'paid' => [1, 1, 1]];
        $this->refused(ForestError::class, 407, '7', $settle($twice), 2);
        $this->refused(SaleError::class, 301, '-1', $settle(['buyers' => [2], 'paid' => [-1]]), 0);
        $this->refused(PlanError::class, 204, 'paid', $settle(['buyers' => [2]]));
        $this->refused(PlanError::class, 203, '`price`', $settle(['buyers' => [2], 'paid' => [1], 'price' => [1]]));
        $this->refused(MoneyError::class, 110, 'units has 2 values for 1 rows', $settle([
            'buyers' => [2], 'paid' => [1], 'units' => [1, 1],
        ]));
        $this->refused(PlanError::class, 205, '4294967296', $settle(['buyers' => [2], 'paid' => [1], 'units' => [4294967296]]), 0);
    }

    public function testSalesAndRefunds(): void
    {
        $plan = self::plan();
        $sale = ['id' => 's', 'buyer' => 'b', 'upline' => ['u'], 'lines' => [['paid' => 1000, 'units' => 2]]];
        $this->refused(MoneyError::class, 101, 'sale s is in USD, the plan pays in CNY', static function () use ($plan, $sale) {
            $plan->settleOne(['currency' => 'USD'] + $sale);
        });
        $frozen = $plan->settleOne($sale)->frozen();
        $this->refused(SaleError::class, 305, '', static function () use ($frozen) {
            $frozen->reverse(['id' => 'r', 'lines' => [['line' => '1', 'units' => 3, 'amount' => 1000]]]);
        });
        $this->refused(SaleError::class, 304, '', static function () use ($frozen) {
            $damaged = new Frozen(substr((string) $frozen, 0, -5));
            $damaged->reverse(['id' => 'r', 'lines' => []]);
        });
    }

    public function testAnotherAbi(): void
    {
        $this->refused(LibraryError::class, 805, '', static function () {
            Library::checkAbi(Library::ABI_VERSION + 1);
        });
        $this->refused(LibraryError::class, 801, 'before the first call', static function () {
            Library::use('libfenrun.so');
        });
    }

    public function testHandlesAreNotCopied(): void
    {
        $plan = self::plan();
        $this->refused(LibraryError::class, 801, 'Fenrun\\Plan cannot be serialised', static function () use ($plan) {
            serialize($plan);
        });
        $this->refused(LibraryError::class, 801, 'Fenrun\\Plan cannot be unserialised', static function () {
            unserialize('O:11:"Fenrun\\Plan":0:{}');
        });
        $this->expectException(\Error::class);
        $copy = clone $plan;
    }

    private static function plan(): Plan
    {
        return Plan::fromText(sprintf(self::PLAN, '10%'));
    }

    private function refused(string $family, int $code, string $says, callable $call, ?int $index = null): void
    {
        try {
            $call();
        } catch (Error $error) {
            $this->assertInstanceOf($family, $error);
            $this->assertSame($code, $error->getCode(), $error->getMessage());
            $this->assertStringContainsString($says === '' ? ' ' : $says, $error->getMessage());
            $this->assertSame($index ?? $error->getIndex(), $error->getIndex(), $error->getMessage());
            $this->assertStringNotContainsString("\n", $error->getMessage());

            return;
        }
        $this->fail("not refused: $family $code $says");
    }
}
