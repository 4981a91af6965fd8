<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Forest;
use PHPUnit\Framework\TestCase;

/** Teams, against what the uplines of all members say. */
final class TeamsTest extends TestCase
{
    public function testTeamsAreWhoHasThemAbove(): void
    {
        foreach ([range(1, 40), array_map(static function (int $id): string { return "m$id"; }, range(1, 40))] as $ids) {
            $inviters = [];
            foreach (array_keys($ids) as $at) {
                $inviters[] = $at % 13 === 0 ? null : $ids[intdiv($at * $at % 37, 2) % $at];
            }
            // Rows in any order; columns follow them.
            $forest = Forest::fromArrays(array_reverse($ids), array_reverse($inviters));
            $teams = $forest->teams();
            $volumes = array_combine($forest->members(), $forest->teamVolumes(array_reverse(range(1, 40))));
            foreach ($ids as $member) {
                $below = array_values(array_filter($ids, static function ($id) use ($forest, $member): bool {
                    return in_array($member, $forest->upline($id), true);
                }));
                $this->assertSame(count($below), $teams->size($member));
                $page = $teams->page($member, 0, PHP_INT_MAX);
                $this->assertSame(array_slice($page, 2, 3), $teams->page($member, 2, 3));
                sort($page);
                $sorted = $below;
                sort($sorted);
                $this->assertSame($sorted, $page);
                $steps = [];
                $direct = [];
                foreach ($below as $id) {
                    $step = array_search($member, $forest->upline($id), true);
                    $steps[$step] = ($steps[$step] ?? 0) + 1;
                    if ($step === 0) {
                        $direct[] = $id;
                    }
                    $this->assertTrue($teams->isAbove($member, $id));
                    $this->assertFalse($teams->isAbove($id, $member));
                }
                ksort($steps);
                $this->assertSame(array_values($steps), $teams->generations($member));
                $seen = $teams->below($member);
                sort($seen);
                sort($direct);
                $this->assertSame($direct, $seen);
                $this->assertSame(count($forest->upline($member)), $teams->depth($member));
                $places = array_flip($ids);
                $sum = 1 + $places[$member];
                foreach ($below as $id) {
                    $sum += 1 + $places[$id];
                }
                $this->assertSame($sum, $volumes[$member]);
            }
            $this->assertSame(40, $teams->size(null));
            $this->assertCount(4, $teams->below(null));
            $forest->join(is_int($ids[0]) ? 99 : 'm99', $ids[39]);
            $this->assertSame(0, $teams->size($ids[39]));
            $this->assertSame(1, $forest->teams()->size($ids[39]));
        }
    }

    /** Teams stay as they were, also for who was merged since; what was merged before is one account. */
    public function testTeamsOfBeforeAMerge(): void
    {
        foreach ([[1, 2, 3, 4], ['甲', '乙', '丙', '丁']] as [$top, $gone, $below, $kept]) {
            $forest = Forest::fromArrays([$top, $gone, $below, $kept], [null, $top, $gone, $top]);
            $before = $forest->teams();
            $forest->append(['merge' => [$kept, $gone], 'from' => 1000]);
            $this->assertSame([1, [$below], true], [$before->size($gone), $before->page($gone), $before->isAbove($gone, $below)]);
            $this->assertSame(0, $before->size($kept));
            $after = $forest->teams();
            $this->assertSame([1, 1], [$after->size($gone), $after->size($kept)]);
        }
    }

    public function testDeepTeamsAndWhatIsRefused(): void
    {
        $chain = Forest::fromArrays(range(1, 300), range(0, 299));
        $this->assertSame(array_fill(0, 299, 1), $chain->teams()->generations(1));
        $this->assertSame([], $chain->teams()->page(300));
        $this->assertSame([], $chain->teams()->page(1, 1000));
        $this->assertSame([], $chain->teams()->page(1, 0, 0));
        $this->assertSame([], Forest::fromArrays([], [])->teamVolumes([]));
        foreach ([
            'unknown_member' => static function () use ($chain): void { $chain->teams()->size(301); },
            'invalid_value' => static function () use ($chain): void { $chain->teams()->page(1, -1); },
            'length_mismatch' => static function () use ($chain): void { $chain->teamVolumes([1]); },
            'overflow' => static function () use ($chain): void { $chain->teamVolumes(array_fill(0, 300, PHP_INT_MAX)); },
        ] as $name => $call) {
            try {
                $call();
                $this->fail($name);
            } catch (\Fenrun\Error $error) {
                $this->assertSame($name, $error->getName());
            }
        }
    }
}
