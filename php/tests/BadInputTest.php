<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Constants;
use Fenrun\DocumentError;
use Fenrun\Error;
use Fenrun\Forest;
use Fenrun\ForestError;
use Fenrun\Frozen;
use Fenrun\Library;
use Fenrun\LibraryError;
use Fenrun\Money;
use Fenrun\MoneyError;
use Fenrun\Order;
use Fenrun\Orders;
use Fenrun\Plan;
use Fenrun\PlanError;
use Fenrun\SaleError;
use Fenrun\TableError;
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
        $this->refused(DocumentError::class, 201, '19.99', static function () use ($plan, $sale) {
            $plan->settleOne(json_encode($sale));
        });
        $this->refused(MoneyError::class, 103, 'paid[1] is the float 19.99', static function () use ($plan, $forest) {
            $plan->settle($forest, ['buyers' => [2, 2], 'paid' => [1, 19.99]]);
        });
        // Moments and days are no money.
        $moment = 'change[from] is the float 1.5; give a whole number, as int';
        $this->refused(DocumentError::class, 205, $moment, static function () use ($forest) {
            $forest->append(['unbind' => 2, 'from' => 1.5]);
        });
        $this->refused(DocumentError::class, 205, 'placed_at[0] is the float 2.0', static function () use ($plan, $forest) {
            $plan->settle($forest, ['buyers' => [2], 'paid' => [1], 'placed_at' => [2.0]]);
        });
        $this->refused(DocumentError::class, 205, 'input[policy][protect_days] is the float 0.5', static function () {
            Library::run('binding', null, ['policy' => ['mode' => 'protect', 'protect_days' => 0.5]]);
        });
        $this->refused(MoneyError::class, 103, 'weights[1] is the float 0.5', static function () {
            Money::allocate(10, [1, 0.5]);
        });
        $this->refused(DocumentError::class, 408, 'members[1] is the float 2.0; floats cannot hold every id', static function () {
            Forest::fromArrays([1, 2.0], [0, 1]);
        });
        $this->refused(PlanError::class, 201, '0.05', static function () {
            Plan::fromText(str_replace('"%s"', '0.05', self::PLAN));
        });
    }

    /** Files without strict types have floats made into ints before a function sees them. */
    public function testFloatsFromLooseFiles(): void
    {
        $loose = <<<'PHP'
            use Fenrun\Money;
            return [
                'minor is the float 19.99' => function () { Money::multiply(19.99, '100%'); },
                'rate is 0.05' => function () { Money::multiply(100, 0.05); },
                'minor is the float 1999.0' => function () { Money::text(1999.0, 'CNY'); },
                'total is the float 100.5' => function () { Money::allocate(100.5, [1, 1]); },
                'total is the float 10.0' => function () { Money::allocate(10.0, ['1/2', '1/2']); },
                'total is the float 1.5' => function () { Money::telescope(1.5, 0, 1, 2); },
                'units is the float 2.5' => function () { Money::telescope(1, 0, 1, 2.5); },
                'minor is true' => function () { Money::text(true, 'CNY'); },
                'minor is NULL' => function () { Money::text(null, 'CNY'); },
            ];
            PHP;
        foreach (eval($loose) as $says => $call) {
            $this->refused(MoneyError::class, strpos($says, 'rate') === 0 ? 106 : 103, $says, $call);
        }
        $this->assertSame('19.99', Money::text('1999', 'CNY'));
        foreach ([[-1, 1, 2], [0, -1, 2], [0, 1, -1]] as [$from, $to, $units]) {
            $this->refused(DocumentError::class, 205, 'is -1; at least 0', static function () use ($from, $to, $units) {
                Money::telescope(100, $from, $to, $units);
            });
        }
    }

    public function testFloatsInColumnsNameTheirRow(): void
    {
        $this->refused(MoneyError::class, 103, 'paid[1]', static function () {
            new Orders(['buyers' => [1, 2], 'paid' => [1, 2.5]]);
        }, 1);
        $this->refused(DocumentError::class, 408, 'buyers[1]', static function () {
            new Orders(['buyers' => [1, 2.0], 'paid' => [1, 2]]);
        }, 1);
    }

    /** One row's rates are never another's, and what is no map of rates is not taken for none. */
    public function testOverridesOfRows(): void
    {
        $plan = self::plan();
        $forest = Forest::fromArrays([1, 2], [0, 1]);
        $settle = static function (array $overrides) use ($plan, $forest): array {
            return $plan->settle($forest, ['buyers' => [2, 2], 'paid' => [1000, 1000], 'overrides' => $overrides])->amounts();
        };
        $this->assertSame([10, 20], $settle(['{"r":["1%"]}', ['r' => ['2%']]]));
        $this->assertSame([100, 20], $settle([null, (object) ['r' => '2%']]));
        $this->assertSame([100, 100], $settle([[], null]));
        $wrong = [
            '{"r":["1%"]},{"r":["90%"]}' => 201, '{"r":["1%"]}]' => 201, '' => 201, '[null]' => 205, '0' => 205,
            '[{"r":["1%"]}]' => 205, 'null' => 205, '"r"' => 205,
        ];
        foreach ($wrong as $text => $code) {
            $this->refused(DocumentError::class, $code, 'overrides[0]', static function () use ($settle, $text) {
                $settle([(string) $text, null]);
            }, 0);
        }
        foreach ([false, true, 0, 1.5, [null]] as $other) {
            $this->refused(DocumentError::class, 205, 'overrides[1]', static function () use ($settle, $other) {
                $settle([null, $other]);
            }, 1);
        }
    }

    public function testColumnsThatAreNone(): void
    {
        $wrong = [
            'buyers' => ['buyers' => 1, 'paid' => [1]],
            'units' => ['buyers' => [1], 'paid' => [1], 'units' => 2],
            'overrides' => ['buyers' => [1], 'paid' => [1], 'overrides' => '{}'],
            'components' => ['buyers' => [1], 'paid' => [1], 'components' => 'list'],
            'list' => ['buyers' => [1], 'paid' => [1], 'components' => ['list' => 1]],
            'tenant' => ['buyers' => [1], 'paid' => [1], 'tenant' => 5],
        ];
        foreach ($wrong as $what => $columns) {
            $this->refused(DocumentError::class, 205, "`$what` is ", static function () use ($columns) {
                new Orders($columns);
            });
        }
        $this->refused(DocumentError::class, 205, 'orders are integer', static function () {
            self::plan()->settle(Forest::fromArrays([1], [0]), 5);
        });
        foreach ([1.5, true, []] as $rank) {
            $this->refused(DocumentError::class, 205, 'rank[0] is ', static function () use ($rank) {
                Forest::fromArrays([1], [0])->setRank([$rank], ['1']);
            }, 0);
        }
        $this->refused(DocumentError::class, 205, 'names[0] is integer', static function () {
            Forest::fromArrays([1], [0])->setRank([null], [1]);
        }, 0);
        $this->refused(TableError::class, 901, 'a folder', static function () {
            Plan::load(__DIR__);
        });
    }

    public function testWhatContainsItself(): void
    {
        $sale = ['id' => 1];
        $sale['facts'] = &$sale;
        $this->refused(DocumentError::class, 201, 'sale is nested deeper than 512', static function () use ($sale) {
            self::plan()->settleOne($sale);
        });
    }

    /** PHP has one type for lists and maps: the table of the ranks 0 and 1 is a list to everybody else. */
    public function testATableOfTheRanksFromZero(): void
    {
        $text = str_replace('["%s"]', '{ 0 = ["1%%", "1%%"], 1 = ["10%%", "5%%"] }', self::PLAN);
        $plan = Plan::fromText(sprintf(str_replace('[[rule]]', 'ranks = ["0", "1"]' . "\n[[rule]]", $text)));
        $settle = static function ($table) use ($plan): array {
            $upline = [['id' => 2, 'rank' => '1'], ['id' => 1, 'rank' => '0']];
            $line = ['paid' => 1000, 'override' => ['r' => $table]];

            return array_column($plan->settleOne(['id' => 1, 'buyer' => 3, 'upline' => $upline, 'lines' => [$line]])->rows(), 'amount');
        };
        $rates = ['0' => '2%', '1' => '4%'];
        $this->refused(SaleError::class, 301, 'name each rank', static function () use ($settle, $rates) {
            $settle($rates);
        });
        $this->assertSame([40], $settle((object) $rates));
    }

    public function testTextThatIsNoAmount(): void
    {
        $this->refused(MoneyError::class, 104, '19.999', static function () {
            Money::minor('19.999', 'CNY');
        });
        $this->refused(MoneyError::class, 105, 'RMB', static function () {
            Money::minor('1', 'RMB');
        });
        $this->refused(DocumentError::class, 205, "paid[0] is '19.99'; give an int", static function () {
            new Orders(['buyers' => [1], 'paid' => ['19.99']]);
        });
        $this->refused(MoneyError::class, 103, 'amount is 1999, an int, which is minor units already', static function () {
            Money::minor(1999, 'CNY');
        });
        foreach ([null, true, []] as $other) {
            $this->refused(MoneyError::class, 103, 'an amount is text', static function () use ($other) {
                Money::minor($other, 'CNY');
            });
        }
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
        $this->refused(PlanError::class, 106, '5 %', static function () {
            Plan::fromText(sprintf(self::PLAN, '5 %'));
        });
        $this->refused(PlanError::class, 105, 'XXX', static function () {
            Plan::fromText(sprintf(str_replace('CNY', 'XXX', self::PLAN), '5%'));
        });
        $this->refused(PlanError::class, 209, 'no_such', static function () {
            Plan::preset('no_such');
        });
        $this->refused(TableError::class, 901, 'missing.toml', static function () {
            Plan::load('missing.toml');
        });
    }

    public function testAPlansErrorNamesItsLine(): void
    {
        try {
            Plan::fromText("schema = \"fenrun.plan/1\"\nname = \"n\"\ncurrency = \"CNY\"\ncurency = 1\n"
                . "[[rule]]\nid = \"r\"\nto = \"self\"\npay = { levels = [\"1%\"] }\n");
            $this->fail('accepted');
        } catch (PlanError $error) {
            $this->assertSame(4, $error->getTextLine());
            $this->assertStringContainsString('did you mean `currency`?', $error->getMessage());
        }
    }

    public function testForests(): void
    {
        $this->refused(ForestError::class, 401, '', static function () {
            Forest::fromArrays([1, 2, 3], [3, 1, 2]);
        });
        $this->refused(ForestError::class, 402, '9', static function () {
            Forest::fromArrays([1, 2], [null, 9]);
        }, 1);
        $this->refused(DocumentError::class, 205, 'the ranks are V1, V2', static function () {
            Forest::fromArrays([1], [0])->setRank(['V9'], ['V1', 'V2']);
        }, 0);
        $this->refused(DocumentError::class, 110, '1 inviters for 2 members', static function () {
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
        $this->refused(SaleError::class, 407, '7', $settle($twice), 2);
        $this->refused(SaleError::class, 301, '-1', $settle(['buyers' => [2], 'paid' => [-1]]), 0);
        $this->refused(DocumentError::class, 204, 'paid', $settle(['buyers' => [2]]));
        $this->refused(DocumentError::class, 203, '`price`', $settle(['buyers' => [2], 'paid' => [1], 'price' => [1]]));
        $this->refused(DocumentError::class, 110, 'units has 2 values for 1 rows', $settle([
            'buyers' => [2], 'paid' => [1], 'units' => [1, 1],
        ]));
        foreach ([-1, 257, 4294967295, 4294967296, 4294967297] as $threads) {
            $says = "$threads threads; at most 256";
            $this->refused(LibraryError::class, 801, $says, static function () use ($plan, $forest, $threads) {
                $plan->settle($forest, ['buyers' => [2], 'paid' => [1]], $threads);
            });
        }
        $this->refused(TableError::class, 902, '`prce`', $settle([
            'buyers' => [2], 'paid' => [1], 'components' => ['prce' => [1]],
        ]));
        $this->refused(SaleError::class, 301, 'tenant', $settle([
            'buyers' => [2], 'paid' => [1], 'tenant' => str_repeat('t', 65),
        ]));
        $this->refused(DocumentError::class, 205, '4294967296', $settle(['buyers' => [2], 'paid' => [1], 'units' => [4294967296]]), 0);
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
        $first = ['id' => 'r', 'lines' => [['line' => '1', 'units' => 1, 'amount' => 500]]];
        $this->refused(SaleError::class, 305, 'refund r was taken back before', static function () use ($frozen, $first) {
            $frozen->reverse($first, [$first]);
        });
        $this->refused(DocumentError::class, 204, 'before[0]', static function () use ($frozen, $first) {
            $frozen->reverse(['id' => 'r2'] + $first, $first['lines']);
        });
        $this->assertSame([], $frozen->reverse(['id' => 'r2'] + $first, [$first])['left']);
        $this->refused(SaleError::class, 304, '', static function () use ($frozen) {
            $damaged = new Frozen(substr((string) $frozen, 0, -5));
            $damaged->reverse(['id' => 'r', 'lines' => []]);
        });
    }

    public function testAnEmptyArrayIsAnEmptyListAndAnEmptyMap(): void
    {
        $lines = [['paid' => 1000, 'facts' => [], 'override' => []]];
        $sale = ['id' => 's', 'buyer' => 'b', 'upline' => [], 'facts' => [], 'roles' => [], 'lines' => $lines];
        $this->assertSame(['no_upline' => 100], self::plan()->settleOne($sale)->retained());
        $order = Order::create('A1');
        $envelope = ['order_id' => 'A1', 'actor' => 'shop', 'now' => 0];
        $terms = ['currency' => 'CNY', 'lines' => [['id' => 1, 'paid' => 100]], 'terms' => []];
        $order->apply(['command_id' => 'c1', 'command' => ['place' => $terms]] + $envelope);
        $paid = ['transaction_id' => 't', 'amount' => 100];
        $order->apply(['command_id' => 'c2', 'command' => ['capture' => $paid]] + $envelope);
        $release = ['command_id' => 'c3', 'command' => ['release' => []]] + $envelope;
        $this->assertFalse($order->apply($release)['repeat']);
        // The same command in its other spelling is a retry, not another command.
        $this->assertTrue($order->apply(['command' => 'release'] + $release)['repeat']);
    }

    public function testAListWithGapsIsRefused(): void
    {
        $plan = self::plan();
        $upline = array_filter(['u', null, 'v']);
        $sale = ['id' => 's', 'buyer' => 'b', 'upline' => $upline, 'lines' => [['paid' => 1000]]];
        $says = 'sale[upline] is a list with the keys 0, 2; give array_values() of it';
        $this->refused(DocumentError::class, 205, $says, static function () use ($plan, $sale) {
            $plan->settleOne($sale);
        });
        $this->refused(DocumentError::class, 205, 'before is a list with the keys 1', static function () use ($plan, $sale) {
            $frozen = $plan->settleOne(['upline' => []] + $sale)->frozen();
            $frozen->reverse(['id' => 'r', 'lines' => []], [1 => ['id' => 'q', 'lines' => []]]);
        });
        $this->refused(DocumentError::class, 205, 'sale[upline] is a map with the keys id', static function () use ($plan, $sale) {
            $plan->settleOne(['upline' => ['id' => 7]] + $sale);
        });
        $this->assertCount(1, $plan->settleOne(['upline' => array_values($upline)] + $sale)->rows());
        // Numbers as keys of a map: ranks are called so.
        $rates = ['r' => ['1' => ['5%'], '2' => ['6%'], 'any' => ['7%']]];
        $override = ['paid' => 1000, 'override' => $rates];
        $ranked = Plan::fromText(str_replace('[[rule]]', 'ranks = ["1", "2"]' . "\n[[rule]]", sprintf(self::PLAN, '10%')));
        $this->assertSame(70, $ranked->settleOne(['upline' => ['u'], 'lines' => [$override]] + $sale)->rows()[0]['amount']);
    }

    public function testFloatsInsideObjects(): void
    {
        $plan = self::plan();
        $line = new class implements \JsonSerializable {
            /** @return array<string, mixed> */
            #[\ReturnTypeWillChange]
            public function jsonSerialize()
            {
                return ['paid' => 2000.0];
            }
        };
        $sale = ['id' => 's', 'buyer' => 'b', 'lines' => [$line]];
        $this->refused(MoneyError::class, 103, 'sale[lines][0][paid] is the float 2000.0', static function () use ($plan, $sale) {
            $plan->settleOne($sale);
        });
        $plain = new class {
            /** @var float */
            public $paid = 2000.0;
        };
        $this->refused(DocumentError::class, 201, 'floats are not exact', static function () use ($plan, $sale, $plain) {
            $plan->settleOne(['lines' => [$plain]] + $sale);
        });
    }

    public function testEveryCodeHasItsClass(): void
    {
        foreach (Constants::FAMILIES as $code => $family) {
            $error = Error::of($code, 'name', 3, 'a message');
            $this->assertSame($family, get_class($error));
            $this->assertSame([$code, 'name', 3], [$error->getCode(), $error->getName(), $error->getIndex()]);
        }
        $this->assertSame(Error::class, get_class(Error::of(1, 'name', null, 'of a newer library')));
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
        $this->refused(LibraryError::class, 801, 'Fenrun\\Orders cannot be unserialised', static function () {
            unserialize('O:13:"Fenrun\\Orders":0:{}');
        });
        foreach ([$plan, Forest::fromArrays([1], [0]), Order::create('1')] as $handle) {
            $handle->__destruct();
            $handle->__destruct();
        }
        $this->refused(LibraryError::class, 801, '`plan` is null', static function () use ($plan) {
            $plan->hash();
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
            $this->assertSame($family, get_class($error));
            $this->assertSame($code, $error->getCode(), $error->getMessage());
            $this->assertStringContainsString($says === '' ? ' ' : $says, $error->getMessage());
            $this->assertSame($index ?? $error->getIndex(), $error->getIndex(), $error->getMessage());
            $this->assertStringNotContainsString("\n", $error->getMessage());

            return;
        }
        $this->fail("not refused: $family $code $says");
    }
}
