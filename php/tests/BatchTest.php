<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Forest;
use Fenrun\Orders;
use Fenrun\Plan;
use PHPUnit\Framework\TestCase;

/** A batch is the same as its sales alone, and takes what databases hand out. */
final class BatchTest extends TestCase
{
    public function testABatchEqualsItsSalesAlone(): void
    {
        $plan = Plan::preset('two_level');
        $members = range(1, 50);
        $inviters = array_map(static function (int $id): int {
            return intdiv($id, 3);
        }, $members);
        $frozen = array_map(static function (int $id): bool {
            return $id % 7 === 0;
        }, $members);
        $forest = Forest::fromArrays($members, $inviters);
        $forest->setFlag('distributor', array_fill(0, 50, true));
        $forest->setFlag('frozen', $frozen);
        $paid = array_map(static function (int $id): int {
            return 997 * $id;
        }, $members);
        $rows = $plan->settle($forest, ['buyers' => $members, 'paid' => $paid, 'ids' => $members]);
        $alone = [];
        $pool = 0;
        foreach ($members as $at => $id) {
            $upline = array_map(static function (int $above) use ($frozen): array {
                return ['id' => $above, 'distributor' => true, 'frozen' => $frozen[$above - 1]];
            }, $forest->upline($id, 2));
            $sale = ['id' => $id, 'buyer' => $id, 'upline' => $upline, 'lines' => [['paid' => $paid[$at]]]];
            $outcome = $plan->settleOne($sale);
            $alone = array_merge($alone, array_column($outcome->rows(), 'amount', 'key'));
            $pool += $outcome->pool();
        }
        $this->assertSame($alone, array_combine($rows->keys(), $rows->amounts()));
        $this->assertSame($pool, $rows->pool());
        $this->assertSame($pool, array_sum($rows->amounts()) + array_sum($rows->retained()));
        $this->assertCount(count($alone), $rows);
    }

    public function testTextsAreIdsOfSavedForests(): void
    {
        $path = sys_get_temp_dir() . '/fenrun-texts-' . getmypid() . '.forest';
        $made = Forest::fromArrays([], []);
        $made->append(['join' => ['甲', null]]);
        $made->save($path);
        $forest = Forest::open($path);
        $forest->append('{"join": ["乙", "甲"], "from": 5}');
        $forest->append(['join' => ['丙', null]]);
        $forest->append(['rebind' => ['乙', '丙'], 'from' => 7]);
        $opened = Forest::open($path);
        $this->assertSame('乙', $opened->find('乙'));
        $this->assertSame(['丙'], $opened->upline('乙'));
        $this->assertSame(['甲', '乙', '丙'], $opened->members());
        $this->assertSame([], Forest::fromArrays([], [])->members());
        try {
            $opened->find('丁');
            $this->fail('nobody is called so');
        } catch (\Fenrun\ForestError $error) {
            $this->assertSame('unknown_member', $error->getName());
        }
        array_map('unlink', [$path, $path . '.journal', $path . '.lock']);
    }

    /** Under texts everybody is asked for, and paid, as the host calls them; rows and keys are those of the sales alone. */
    public function testTextsAreIdsOfBatches(): void
    {
        $forest = Forest::fromArrays(['丙', '乙', 12, 'u-1'], ['乙', '12', null, '丙']);
        $this->assertTrue($forest->hasTexts());
        $forest->join('丁', '丙');
        $forest->join('自', '0');
        $forest->bind('自', '丁');
        $this->assertSame(['丁', '丙', '乙', '12'], $forest->upline('自'));
        $this->assertSame(['乙', '12'], $forest->upline('丙', PHP_INT_MAX));
        $this->assertSame([], $forest->upline(12));
        $this->assertSame(['丙', '乙', '12', 'u-1', '丁', '自'], $forest->members());
        $forest->setFlag('distributor', array_fill(0, 6, true));
        $forest->setFlag('frozen', [0, 1, 0, 0, 0, 0]);
        $plan = Plan::preset('two_level');
        $orders = new Orders(['buyers' => ['u-1', '丙', 12, 'u-1'], 'paid' => [1000, 2000, 3000, 4000]]);
        $rows = $plan->settle($forest, $orders);
        $forest->append(['close' => '丙', 'downline' => 'roll_up']);
        unset($forest);
        $this->assertSame(['丙', '12', '丙'], $rows->payees());
        $this->assertSame(['', '', ''], $rows->after());
        $this->assertSame(['丙', '12', '丙'], array_column(iterator_to_array($rows), 'payee'));
        $sale = ['id' => 2, 'buyer' => '丙', 'lines' => [['paid' => 2000]], 'upline' => [
            ['id' => '乙', 'distributor' => true, 'frozen' => true], ['id' => 12, 'distributor' => true, 'frozen' => false],
        ]];
        $this->assertSame([$rows->keys()[1] => '12'], array_column($plan->settleOne($sale)->rows(), 'payee', 'key'));
        $numbers = Forest::fromArrays([1, 12], [0, 1]);
        $this->assertFalse($numbers->hasTexts());
        $this->assertSame([1], $numbers->upline('12'));
        $again = Forest::fromTexts(['1', 12], [0, 1]);
        foreach ([$numbers, $again] as $members) {
            $members->setFlag('distributor', [true, true]);
            $members->setFlag('frozen', [false, false]);
        }
        $same = new Orders(['buyers' => [12], 'paid' => [1000]]);
        $this->assertSame(['1'], $plan->settle($again, $same)->payees());
        $this->assertSame([1], $plan->settle($numbers, $same)->payees());
        $this->assertSame(['1'], $plan->settle($again, $same)->payees());
    }

    public function testAnOrderOfBeforeAMergeBelongsToItsAccount(): void
    {
        $plan = Plan::preset('two_level');
        foreach ([[1, 2, 4, 5], ['a', 'b', 'd', 'e']] as $ids) {
            [$one, $two, $four, $five] = $ids;
            $forest = Forest::fromArrays($ids, [null, $one, null, $four]);
            $forest->setFlag('distributor', [true, true, true, true]);
            $forest->setFlag('frozen', [false, false, false, false]);
            $forest->append(['merge' => [$five, $two], 'from' => 1000]);
            $orders = ['buyers' => [$two, $two], 'paid' => [10000, 10000], 'placed_at' => [999, 1000]];
            $this->assertSame([$one, $four], $plan->settle($forest, $orders)->payees());
        }
    }

    /** What each member gets in all, by account where a rule splits it: the sums of the rows. */
    public function testTotalsAddUpTheRows(): void
    {
        $up = ['to' => ['up' => 'referral'], 'pay' => ['levels' => ['10%', '5%']]];
        $document = ['schema' => 'fenrun.plan/1', 'name' => 'halves', 'currency' => 'CNY'];
        $plain = Plan::fromText((string) json_encode($document + ['rule' => [['id' => 'up'] + $up]]));
        $split = ['id' => 'up', 'split' => ['cash' => '90%', 'shop' => '10%']] + $up;
        $halves = Plan::fromText((string) json_encode($document + ['rule' => [$split]]));
        foreach ([[10, 20, 30], ['甲', '乙', '丙']] as [$one, $two, $three]) {
            $forest = Forest::fromArrays([$one, $two, $three], [null, $one, $two]);
            $rows = $plain->settle($forest, ['buyers' => [$three, $two, $three], 'paid' => [1000, 2000, 3000]]);
            $totals = array_column($rows->totals(), 'amount', 'payee');
            $this->assertSame([$two => 400, $one => 400], $totals);
            $this->assertSame(array_sum($rows->amounts()), array_sum($totals));
            $rows = $halves->settle($forest, ['buyers' => [$two, $two], 'paid' => [1000, 1000]]);
            $this->assertSame([
                ['payee' => $one, 'account' => 'cash', 'amount' => 180],
                ['payee' => $one, 'account' => 'shop', 'amount' => 20],
            ], $rows->totals());
            $none = $plain->settle($forest, ['buyers' => [$one], 'paid' => [1000]]);
            $this->assertSame([], $none->totals());
        }
    }

    /** Every inviter with the moment, and the upline of a moment, also of an account that went since. */
    public function testTheHistoryOfAMember(): void
    {
        foreach ([[1, 2, 4, 5], ['a', 'b', 'd', 'e']] as $ids) {
            [$one, $two, $four, $five] = $ids;
            $forest = Forest::fromArrays($ids, [null, $one, null, $four]);
            $this->assertSame([['from' => null, 'inviter' => $one]], $forest->history($two));
            $forest->append(['rebind' => [$two, $four], 'from' => 1000]);
            $forest->append(['merge' => [$five, $two], 'from' => 2000]);
            $this->assertSame([
                ['from' => null, 'inviter' => $one],
                ['from' => 1000, 'inviter' => $four],
                ['from' => 2000, 'inviter' => null],
            ], $forest->history($two));
            $this->assertSame([['from' => null, 'inviter' => $four]], $forest->history($five));
            $this->assertSame([$one], $forest->upline($two, 9, 999));
            $this->assertSame([$four], $forest->upline($two, 9, 1000));
            $this->assertSame([], $forest->upline($four, 9, -1));
            for ($day = 3; $day < 20; $day++) {
                $forest->append(['rebind' => [$five, $day % 2 === 0 ? $four : $one], 'from' => 1000 * $day]);
            }
            $this->assertCount(18, $forest->history($five));
            $this->assertSame(['from' => 19000, 'inviter' => $one], $forest->history($five)[17]);
        }
        foreach (['history', 'upline'] as $method) {
            try {
                $forest->$method('z', ...($method === 'upline' ? [9, 1] : []));
                $this->fail('nobody is called so');
            } catch (\Fenrun\ForestError $error) {
                $this->assertSame('unknown_member', $error->getName());
            }
        }
    }

    public function testTextsThatNobodyHas(): void
    {
        $forest = Forest::fromArrays(['甲', '乙'], [null, '甲']);
        $plan = Plan::preset('two_level');
        $empty = static function (): Forest {
            return Forest::fromArrays([], []);
        };
        foreach ([
            ['unknown_member', '丁', 1, static function () use ($plan, $forest) {
                $plan->settle($forest, ['buyers' => ['乙', '丁'], 'paid' => [1, 1]]);
            }],
            ['invalid_id', "buyers[0] is '乙'", 0, static function () use ($plan) {
                $plan->settle(Forest::fromArrays([1], [0]), ['buyers' => ['乙'], 'paid' => [1]]);
            }],
            ['invalid_id', 'buyers[0] is the float', 0, static function () use ($plan, $forest) {
                $plan->settle($forest, ['buyers' => [2.0, '乙'], 'paid' => [1, 1]]);
            }],
            ['invalid_id', 'buyers[1] is NULL', 1, static function () use ($plan, $forest) {
                $plan->settle($forest, ['buyers' => ['乙', null], 'paid' => [1, 1]]);
            }],
            ['cycle', 'the inviter 甲 of member 乙', 1, static function () {
                Forest::fromArrays(['甲', '乙'], ['乙', '甲']);
            }],
            ['unknown_member', '丁', 0, static function () {
                Forest::fromArrays(['甲'], ['丁']);
            }],
            ['length_mismatch', '1 inviters for 2 members', null, static function () {
                Forest::fromTexts(['甲', '乙'], [null]);
            }],
            ['already_bound', 'member 乙 already has the upline 甲', null, static function () use ($forest) {
                $forest->bind('乙', '甲');
            }],
            ['unknown_member', 'member 2', null, static function () use ($forest) {
                $forest->upline(2);
            }],
            ['duplicate_member', '乙', null, static function () use ($forest) {
                $forest->join('乙');
            }],
            ['invalid_id', '', null, static function () use ($empty) {
                $empty()->join('');
            }],
        ] as [$name, $says, $index, $call]) {
            try {
                $call();
                $this->fail($says);
            } catch (\Fenrun\Error $error) {
                $this->assertStringContainsString($says, $error->getMessage());
                $this->assertSame([$name, $index], [$error->getName(), $error->getIndex()], $says);
            }
        }
        $first = $empty();
        $first->join('甲');
        $this->assertTrue($first->hasTexts());
        $second = $empty();
        $second->join('7');
        $this->assertFalse($second->hasTexts());
    }

    public function testColumnsAndRowsAgree(): void
    {
        $forest = Forest::fromArrays(['1', '2', '3'], [null, '1', '2']);
        $forest->setFlag('distributor', ['1', '1', '1']);
        $forest->setFlag('frozen', ['0', '0', '0']);
        $orders = new Orders(['ids' => ['9', '9'], 'lines' => ['1', '2'], 'buyers' => ['3', '3'], 'paid' => ['100', '999']]);
        $plan = Plan::preset('two_level');
        $rows = $plan->settle($forest, $orders);
        $list = iterator_to_array($rows);
        $this->assertSame(array_column($list, 'payee'), $rows->payees());
        $this->assertSame([2, 1, 2, 1], $rows->payees());
        $this->assertSame([5, 2, 49, 24], $rows->amounts());
        $this->assertSame([9, 9, 9, 9], $rows->orders());
        $this->assertSame([1, 1, 2, 2], $rows->lines());
        $this->assertSame([0, 0, 1, 1], $rows->sources());
        $this->assertSame([1, 2, 1, 2], $rows->levels());
        $this->assertSame(['upline', 'upline', 'upline', 'upline'], $rows->rules());
        $this->assertSame($rows->keys(), $plan->settle($forest, $orders, 0)->keys(), 'threads change nothing');
    }

    public function testASavedForestIsFollowed(): void
    {
        $path = sys_get_temp_dir() . '/fenrun-php-' . getmypid() . '.forest';
        Forest::fromArrays([1, 2, 3], [null, 1, 2])->save($path);
        try {
            [$writer, $reader] = [Forest::open($path), Forest::open($path)];
            $writer->join(4, 3);
            $this->assertTrue($reader->catchUp());
            $this->assertFalse($reader->catchUp());
            $this->assertSame([3, 2, 1], $reader->upline(4));
            $this->assertFalse($reader->isStale());
            $writer->save($path);
            $this->assertTrue($reader->isStale());
            $this->assertCount(4, Forest::open($path));
            file_put_contents($path . '2', "member,inviter\n");
            $this->expectException(\Fenrun\ForestError::class);
            Forest::open($path . '2');
        } finally {
            array_map('unlink', glob($path . '*') ?: []);
        }
    }

    /** Facts are those of the members there were: who joins states nothing, before and after a save. */
    public function testAForestWithFactsIsSavedAfterAJoin(): void
    {
        $path = sys_get_temp_dir() . '/fenrun-php-facts-' . getmypid() . '.forest';
        $columns = [
            static function (Forest $forest): void {
                $forest->setFlag('x', [1, 1, 1]);
            },
            static function (Forest $forest): void {
                $forest->setNumber('x', [1, 2, 3]);
            },
            static function (Forest $forest): void {
                $forest->setText('x', ['a', 'b', 'a']);
            },
            static function (Forest $forest): void {
                $forest->setRank(['V1', null, 'V1'], ['V1']);
            },
        ];
        try {
            foreach ($columns as $set) {
                $forest = Forest::fromArrays([1, 2, 3], [null, 1, 2]);
                $set($forest);
                $forest->save($path);
                $opened = Forest::open($path);
                $opened->join(4, 3);
                $opened->save($path);
                $this->assertSame([3, 2, 1], Forest::open($path)->upline(4));
                $forest->join(5, 3);
                $forest->save($path);
                $this->assertSame([3, 2, 1], Forest::open($path)->upline(5, PHP_INT_MAX));
                // The same members saved again are another file to those who hold the one before.
                $held = Forest::open($path);
                $forest->save($path);
                $this->assertTrue($held->isStale());
            }
        } finally {
            array_map('unlink', glob($path . '*') ?: []);
        }
    }

    public function testNothingIsFine(): void
    {
        $rows = Plan::preset('two_level')->settle(Forest::fromArrays([], []), ['buyers' => [], 'paid' => []]);
        $this->assertCount(0, $rows);
        $this->assertSame([], iterator_to_array($rows));
        $this->assertSame(0, $rows->pool());
    }

    public function testMembersJoinAndAreBound(): void
    {
        $forest = Forest::fromArrays([1], [0]);
        $forest->join(2);
        $forest->join('3', '2');
        $forest->bind(2, 1);
        $this->assertSame([2, 1], $forest->upline(3));
        $this->assertSame([2], $forest->upline(3, 1));
        $this->assertCount(3, $forest);
    }
}
