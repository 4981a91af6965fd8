<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Error;
use Fenrun\Forest;
use Fenrun\Library;
use Fenrun\Money;
use Fenrun\Order;
use Fenrun\Plan;

/** The operations of vectors/README.md, done as a user of this package does them. It knows no case. */
final class Vectors
{
    /** What the package has a method for; everything else goes through Library::run. */
    private const METHODS = [
        'allocate' => 'allocate',
        'telescope' => 'telescope',
        'parse_money' => 'parseMoney',
        'multiply' => 'multiply',
        'settle_one' => 'settleOne',
        'reverse' => 'reverse',
        'settle' => 'settle',
        'bind' => 'bind',
        'order' => 'order',
    ];

    /**
     * The cases of a file, maps as objects, so that an empty map is no list.
     *
     * @return array<int, \stdClass>
     */
    public static function read(string $file): array
    {
        $document = json_decode((string) file_get_contents($file), false, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);

        return ($document->schema ?? '') === 'fenrun.vectors/1' ? $document->cases : [];
    }

    /** Why a case does not hold; nothing when it does. */
    public static function fault(\stdClass $case): ?string
    {
        $wanted = $case->error ?? 'no error';
        try {
            $answer = self::answer($case);
        } catch (Error $error) {
            return $error->getName() === $wanted ? null : "{$error->getName()}, not $wanted: {$error->getMessage()}";
        }

        return isset($case->error) ? "no error, not $wanted" : self::mismatch($case->expect, $answer, 'answer');
    }

    /** @return array<string, mixed> */
    private static function answer(\stdClass $case): array
    {
        $plan = null;
        if (isset($case->plan)) {
            $plan = is_string($case->plan) ? Plan::preset($case->plan) : Plan::fromText(json_encode($case->plan));
        }
        $method = self::METHODS[$case->op] ?? null;

        return $method === null ? Library::run($case->op, $plan, $case->input) : self::$method($case->input, $plan);
    }

    private static function allocate(\stdClass $input): array
    {
        return Money::allocate(
            $input->total,
            $input->weights,
            $input->caps ?? null,
            $input->ids ?? null,
            $input->mode ?? 'largest_remainder',
            $input->share_round ?? 'floor'
        );
    }

    private static function telescope(\stdClass $input): array
    {
        $parts = [];
        $from = 0;
        foreach ($input->parts as $units) {
            $parts[] = Money::telescope($input->total, $from, $from + $units, $input->units);
            $from += $units;
        }

        return ['parts' => $parts, 'left' => $input->total - array_sum($parts)];
    }

    private static function parseMoney(\stdClass $input): array
    {
        $minor = Money::minor($input->text, $input->currency);

        return ['minor' => $minor, 'text' => Money::text($minor, $input->currency)];
    }

    private static function multiply(\stdClass $input): array
    {
        if (isset($input->units)) {
            return Library::run('multiply', null, $input);
        }

        return ['minor' => Money::multiply($input->minor, $input->rate, $input->mode)];
    }

    private static function settleOne(\stdClass $input, Plan $plan): array
    {
        return json_decode($plan->settleOne($input->sale)->toJson(), true);
    }

    private static function reverse(\stdClass $input, Plan $plan): array
    {
        $outcome = $plan->settleOne($input->sale);
        $before = [];
        $steps = [];
        $left = $outcome->frozen()->reverse(['id' => 'nothing', 'lines' => []])['left'];
        foreach ($input->refunds as $refund) {
            $reversal = $outcome->frozen()->reverse($refund, $before);
            $before[] = $refund;
            $steps[] = $reversal['rows'];
            $left = $reversal['left'];
        }

        return ['steps' => $steps, 'left' => $left];
    }

    private static function bind(\stdClass $input): array
    {
        $forest = Forest::fromArrays([], []);
        $seen = [];
        foreach ($input->joins as [$member, $inviter]) {
            $nobody = in_array($inviter, [null, 0, '', '0'], true);
            if (isset($seen[$member]) && !$nobody) {
                $forest->bind($member, $inviter);
            } else {
                $forest->join($member, $inviter);
            }
            $seen[$member] = true;
        }
        $parents = [];
        foreach (array_keys($seen) as $member) {
            $above = $forest->upline($member, 1);
            $parents[$member] = $above === [] ? null : (string) $above[0];
        }

        return ['parents' => $parents];
    }

    private static function settle(\stdClass $input, Plan $plan): array
    {
        $rows = $plan->settle(self::forest($input->members, $plan), self::columns($input->sales));
        $shown = [];
        foreach ($rows as $row) {
            $shown[] = [
                'sale' => (string) $row['order'],
                'line' => $row['line'] === 0 ? null : (string) $row['line'],
                'payee' => (string) $row['payee'],
            ] + $row;
        }
        $retained = [];
        foreach ($rows->retained() as $reason => $amount) {
            $retained[] = ['reason' => $reason, 'amount' => $amount];
        }

        return ['pool' => $rows->pool(), 'rows' => $shown, 'retained' => $retained];
    }

    /** @param array<int, \stdClass> $members */
    private static function forest(array $members, Plan $plan): Forest
    {
        $members = array_map('get_object_vars', $members);
        $forest = Forest::fromArrays(array_column($members, 'id'), array_column($members, 'inviter'));
        $names = array_keys(array_merge(...array_merge([[]], $members)));
        foreach (array_diff($names, ['id', 'inviter']) as $name) {
            $values = array_map(static function (array $member) use ($name) {
                return $member[$name] ?? null;
            }, $members);
            if ($name === 'rank') {
                $forest->setRank($values, json_decode($plan->toJson(), true)['ranks'] ?? []);
            } elseif (is_bool($values[0])) {
                $forest->setFlag($name, $values);
            } elseif (is_int($values[0])) {
                $forest->setNumber($name, $values);
            } else {
                $forest->setText($name, $values);
            }
        }

        return $forest;
    }

    /** @param array<int, \stdClass> $sales */
    private static function columns(array $sales): array
    {
        $columns = array_fill_keys(['ids', 'lines', 'buyers', 'paid', 'units', 'overrides'], []);
        $components = [];
        foreach ($sales as $sale) {
            foreach ($sale->lines as $at => $line) {
                $columns['ids'][] = $sale->id;
                $columns['buyers'][] = $sale->buyer;
                $columns['lines'][] = $line->id ?? $at + 1;
                $columns['paid'][] = $line->paid;
                $columns['units'][] = $line->units ?? 1;
                $columns['overrides'][] = isset($line->override) ? get_object_vars($line->override) : null;
                $further = array_diff_key(get_object_vars($line), array_flip(['id', 'paid', 'units', 'override']));
                foreach ($further as $name => $amount) {
                    $components[$name][] = $amount;
                }
            }
        }

        return $columns + ['components' => $components];
    }

    private static function order(\stdClass $input): array
    {
        $order = Order::create('1');
        $last = ['last' => 'ok', 'events' => [], 'error' => null];
        foreach (array_merge($input->given, $input->when) as $at => $command) {
            $sent = get_object_vars($command) + ['order_id' => '1', 'command_id' => 'c' . ($at + 1), 'actor' => 'shop', 'now' => 0];
            try {
                $answer = $order->apply($sent);
                $events = array_column($answer['events'], 'type');
                $last = ['last' => $answer['repeat'] ? 'repeat' : 'ok', 'events' => $events, 'error' => null];
            } catch (Error $error) {
                if ($at < count($input->given)) {
                    throw $error;
                }
                $last = ['last' => 'rejected', 'events' => [], 'error' => $error->getName()];
            }
        }

        return $last + $order->state();
    }

    /**
     * Where an answer differs from what is expected of it: maps as subsets, lists whole.
     *
     * @param mixed $expected
     * @param mixed $actual
     */
    private static function mismatch($expected, $actual, string $at): ?string
    {
        if ($expected instanceof \stdClass || is_array($expected)) {
            $keys = (array) $expected;
            if (!is_array($actual)) {
                return "$at is " . json_encode($actual) . ', not ' . json_encode($expected);
            }
            if (is_array($expected) && array_keys($expected) !== array_keys($actual)) {
                return $at . ' has ' . count($actual) . ' elements, not ' . count($expected);
            }
            foreach ($keys as $key => $value) {
                if (!array_key_exists($key, $actual)) {
                    return "$at has no $key";
                }
                $fault = self::mismatch($value, $actual[$key], "$at.$key");
                if ($fault !== null) {
                    return $fault;
                }
            }

            return null;
        }

        return $expected === $actual ? null : "$at is " . json_encode($actual) . ', not ' . json_encode($expected);
    }
}
