<?php

declare(strict_types=1);

namespace Fenrun;

/** Exact money: amounts are minor units as int, or decimal text; never a float. */
final class Money
{
    /**
     * Minor units of an amount in text: "19.99" CNY is 1999. More decimals than the currency has are refused, and
     * so is an int, because ints are minor units already.
     *
     * @param string $amount
     */
    public static function minor($amount, string $currency): int
    {
        if (is_float($amount)) {
            throw Error::float('amount', $amount);
        }
        if (!is_string($amount)) {
            $shown = is_int($amount)
                ? $amount . ', an int, which is minor units already; whole units are text'
                : gettype($amount) . '; an amount is text';
            throw Error::of(103, 'invalid_amount', null, 'amount is ' . $shown);
        }

        return Library::number('int64_t', static function (\FFI $ffi, $out, $error) use ($amount, $currency) {
            return $ffi->fenrun_money_parse($amount, strlen($amount), $currency, strlen($currency), $out, $error);
        });
    }

    /**
     * The decimal text of so many minor units: 1999 CNY is "19.99".
     *
     * @param int|string $minor
     */
    public static function text($minor, string $currency): string
    {
        $minor = self::whole($minor, 'minor');

        return Library::text(static function (\FFI $ffi, $out, $error) use ($minor, $currency) {
            return $ffi->fenrun_money_format($minor, $currency, strlen($currency), $out, $error);
        });
    }

    /**
     * A rate such as "12.5%" of an amount of minor units, rounded once.
     *
     * @param int|string $minor
     * @param string     $rate
     */
    public static function multiply($minor, $rate, string $rounding = 'half_away'): int
    {
        $minor = self::whole($minor, 'minor');
        if (!is_string($rate)) {
            $shown = is_scalar($rate) ? var_export($rate, true) : gettype($rate);
            throw Error::of(106, 'invalid_rate', null, "rate is $shown; a rate is text such as '5%' or '1/3'");
        }
        $mode = self::word($rounding, Constants::ROUNDING, 'a rounding mode');

        return Library::number('int64_t', static function (\FFI $ffi, $out, $error) use ($minor, $rate, $mode) {
            return $ffi->fenrun_money_multiply($minor, $rate, strlen($rate), $mode, $out, $error);
        });
    }

    /**
     * Splits a total by weights; the shares, and what the caps left over, sum to it exactly.
     *
     * @param int|string        $total
     * @param array<int|string> $weights       whole numbers, or rates as text: ['1/3', '2/3'], ['12.5%', '87.5%']
     * @param array<int>|null   $caps          the most each share may get
     * @param array<int>|null   $ids           what decides ties; the position when absent
     * @param string            $shareRounding for the mode last_takes_rest alone
     *
     * @return array{shares: array<int>, unallocated: int}
     */
    public static function allocate(
        $total,
        array $weights,
        ?array $caps = null,
        ?array $ids = null,
        string $mode = 'largest_remainder',
        string $shareRounding = 'floor'
    ): array {
        $total = self::whole($total, 'total');
        $count = count($weights);
        foreach (['caps' => $caps, 'ids' => $ids] as $what => $column) {
            if ($column !== null && count($column) !== $count) {
                $message = sprintf('%s: %d given for %d weights', $what, count($column), $count);
                throw Error::of(110, 'length_mismatch', null, $message);
            }
        }
        foreach ($weights as $weight) {
            if (is_int($weight) && $weight < 0) {
                throw Error::of(107, 'negative_weight', null, 'weight ' . $weight . ' is below zero');
            }
            if (is_string($weight)) {
                return self::allocateByRates($total, $weights, $caps, $ids, $mode, $shareRounding);
            }
        }
        $columns = [
            Column::of('uint64_t', $weights, 'weights'),
            $caps === null ? null : Column::of('int64_t', $caps, 'caps'),
            $ids === null ? null : Column::ids($ids, 'ids'),
        ];
        $modes = [
            self::word($mode, Constants::ALLOCATION, 'an allocation mode'),
            self::word($shareRounding, Constants::ROUNDING, 'a rounding mode'),
        ];
        $shares = Library::make('int64_t[' . max(1, $count) . ']');
        $rest = Library::make('int64_t');
        Library::check(
            Library::ffi(),
            static function (\FFI $ffi, $error) use ($total, $columns, $count, $modes, $shares, $rest) {
                [$weights, $caps, $ids] = $columns;

                return $ffi->fenrun_money_allocate(
                    $total, $weights, $caps, $ids, $count, $modes[0], $modes[1], $shares, \FFI::addr($rest), $error
                );
            }
        );
        $split = [];
        for ($at = 0; $at < $count; $at++) {
            $split[] = $shares[$at];
        }

        return ['shares' => $split, 'unallocated' => $rest->cdata];
    }

    /**
     * The share of units $from..$to of $units in a total: the parts of any sequence sum to it.
     *
     * @param int|string $total
     * @param int|string $from
     * @param int|string $to
     * @param int|string $units
     */
    public static function telescope($total, $from, $to, $units): int
    {
        $total = self::whole($total, 'total');
        $from = self::count($from, 'from');
        $to = self::count($to, 'to');
        $units = self::count($units, 'units');

        return Library::number('int64_t', static function (\FFI $ffi, $out, $error) use ($total, $from, $to, $units) {
            return $ffi->fenrun_money_telescope($total, $from, $to, $units, $out, $error);
        });
    }

    /**
     * Minor units: without strict types PHP would make 19 of 19.99.
     *
     * @param mixed $value
     */
    private static function whole($value, string $what): int
    {
        if (is_float($value)) {
            throw Error::float($what, $value);
        }
        if (is_int($value) || (is_string($value) && (string) (int) $value === $value)) {
            return (int) $value;
        }
        $shown = is_scalar($value) ? var_export($value, true) : gettype($value);
        throw Error::of(103, 'invalid_amount', null, "$what is $shown; give minor units as int");
    }

    /**
     * A number of units, which C would read as a large one when it is negative.
     *
     * @param mixed $value
     */
    private static function count($value, string $what): int
    {
        $count = self::whole($value, $what);
        if ($count < 0) {
            throw Error::of(205, 'invalid_value', null, "$what is $count; at least 0");
        }

        return $count;
    }

    private static function allocateByRates(
        int $total,
        array $weights,
        ?array $caps,
        ?array $ids,
        string $mode,
        string $shareRounding
    ): array {
        $input = ['total' => $total, 'weights' => array_values($weights), 'mode' => $mode];
        foreach (['caps' => $caps, 'ids' => $ids] as $what => $column) {
            if ($column !== null) {
                $input[$what] = array_values($column);
            }
        }
        if ($mode === 'last_takes_rest') {
            $input['share_round'] = $shareRounding;
        }

        return Library::run('allocate', null, $input);
    }

    /** @param array<int, string> $known */
    private static function word(string $word, array $known, string $what): int
    {
        $at = array_search($word, $known, true);
        if ($at === false) {
            throw Error::of(112, 'unknown_word', null, "`$word` is not $what; one of: " . implode(', ', $known));
        }

        return $at;
    }
}
