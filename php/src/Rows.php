<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * What a batch gave: a row for each payee, rule, level and line, as columns or one by one.
 *
 * Columns are copied when they are asked for; take what you need.
 */
final class Rows implements \Countable, \IteratorAggregate
{
    use Handle;

    private const INSTEAD = 'keep its columns';

    private const FREE = 'fenrun_rows_free';

    private const KEY_DIGITS = 32;

    /** @var array<int, string> texts of members, by what C calls them, as far as they were asked for */
    private $texts = [];

    public function count(): int
    {
        return Library::number('size_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_rows_len($this->handle, $out, $error);
        });
    }

    /**
     * The place of the input row each row is paid for, from 0.
     *
     * @return array<int, int>
     */
    public function sources(): array
    {
        return $this->column('source', 'uint32_t', 'L*');
    }

    /**
     * The order each row is paid for.
     *
     * @return array<int, int>
     */
    public function orders(): array
    {
        return $this->column('order', 'uint64_t', 'q*');
    }

    /**
     * The line each row is paid for, 0 when its rule rounds per order.
     *
     * @return array<int, int>
     */
    public function lines(): array
    {
        return $this->column('line', 'uint64_t', 'q*');
    }

    /**
     * Who gets it: the ids of the forest, int or text.
     *
     * @return array<int, int|string>
     */
    public function payees(): array
    {
        return $this->members('payee');
    }

    /**
     * The id of each row's rule.
     *
     * @return array<int, string>
     */
    public function rules(): array
    {
        return $this->names($this->column('rule', 'uint32_t', 'L*'), 'rule');
    }

    /**
     * The level of each row, from 1.
     *
     * @return array<int, int>
     */
    public function levels(): array
    {
        return $this->column('level', 'uint32_t', 'L*');
    }

    /**
     * Minor units, above zero.
     *
     * @return array<int, int>
     */
    public function amounts(): array
    {
        return $this->column('amount', 'int64_t', 'q*');
    }

    /**
     * The account of each row, `cash` where its rule does not split amounts.
     *
     * @return array<int, string>
     */
    public function accounts(): array
    {
        return $this->names($this->column('account', 'uint32_t', 'L*'), 'account');
    }

    /**
     * Whose amount each row's rule runs after; 0, or an empty text, for a rule of the order itself.
     *
     * @return array<int, int|string>
     */
    public function after(): array
    {
        return $this->members('after');
    }

    /**
     * What each member gets in all, in the order of their first rows: one entry a member, or one for each of their
     * accounts where rules split amounts. array_column($rows->totals(), 'amount', 'payee') is a map of them.
     *
     * @return array<int, array{payee: int|string, account: string, amount: int}>
     */
    public function totals(): array
    {
        $room = max(1, $this->count());
        $payees = Library::make('uint64_t[' . $room . ']');
        $places = Library::make('uint32_t[' . $room . ']');
        $amounts = Library::make('int64_t[' . $room . ']');
        $count = Library::number('size_t', function (\FFI $ffi, $out, $error) use ($payees, $places, $amounts, $room) {
            return $ffi->fenrun_rows_totals($this->handle, $payees, $places, $amounts, $room, $out, $error);
        });
        if ($count === 0) {
            return [];
        }
        $accounts = $this->names(array_values(unpack('L*', \FFI::string($places, 4 * $count))), 'account');
        $sums = array_values(unpack('q*', \FFI::string($amounts, 8 * $count)));
        $totals = [];
        foreach ($this->ids(array_values(unpack('q*', \FFI::string($payees, 8 * $count)))) as $at => $payee) {
            $totals[] = ['payee' => $payee, 'account' => $accounts[$at], 'amount' => $sums[$at]];
        }

        return $totals;
    }

    /**
     * 32 hex digits a row, for a UNIQUE index: the same as when each order is settled alone.
     *
     * @return array<int, string>
     */
    public function keys(): array
    {
        $digits = Library::text(function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_rows_keys($this->handle, $out, $error);
        });

        return $digits === '' ? [] : str_split($digits, self::KEY_DIGITS);
    }

    /** What the plan offered for the whole batch: the sum of all amounts and of what was retained. */
    public function pool(): int
    {
        return Library::number('int64_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_rows_pool($this->handle, $out, $error);
        });
    }

    /**
     * What nobody got, by reason, in minor units.
     *
     * @return array<string, int>
     */
    public function retained(): array
    {
        $retained = [];
        foreach (Constants::REASONS as $reason) {
            $retained[$reason] = Library::number('int64_t', function (\FFI $ffi, $out, $error) use ($reason) {
                return $ffi->fenrun_rows_retained($this->handle, $reason, strlen($reason), $out, $error);
            });
        }

        return array_filter($retained);
    }

    /**
     * Row by row: key, order, line, payee, rule, level, amount, account, after, source.
     *
     * @return \Traversable<int, array<string, int|string>>
     */
    public function getIterator(): \Traversable
    {
        $columns = [
            'key' => $this->keys(),
            'order' => $this->orders(),
            'line' => $this->lines(),
            'payee' => $this->payees(),
            'rule' => $this->rules(),
            'level' => $this->levels(),
            'amount' => $this->amounts(),
            'account' => $this->accounts(),
            'after' => $this->after(),
            'source' => $this->sources(),
        ];
        foreach (array_keys($columns['key']) as $at) {
            yield array_combine(array_keys($columns), array_column($columns, $at));
        }
    }

    /**
     * The names of rules or accounts by their places, each asked for once.
     *
     * @param array<int, int> $places
     *
     * @return array<int, string>
     */
    private function names(array $places, string $kind): array
    {
        $names = [];
        foreach (array_unique($places) as $place) {
            $names[$place] = Library::text(function (\FFI $ffi, $out, $error) use ($kind, $place) {
                return $ffi->{'fenrun_rows_' . $kind}($this->handle, $place, $out, $error);
            });
        }

        return array_map(static function (int $place) use ($names): string {
            return $names[$place];
        }, $places);
    }

    /**
     * A column of members.
     *
     * @return array<int, int|string>
     */
    private function members(string $name): array
    {
        return $this->ids($this->column($name, 'uint64_t', 'q*'));
    }

    /**
     * The ids of members. A text is asked for once, however many rows have it, and shared by all of them.
     *
     * @param array<int, int> $numbers
     *
     * @return array<int, int|string>
     */
    private function ids(array $numbers): array
    {
        $texts = Library::number('uint8_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_rows_has_texts($this->handle, $out, $error);
        });
        if ($texts === 0) {
            return $numbers;
        }
        $asked = array_keys(array_diff_key(array_flip($numbers), $this->texts));
        $count = count($asked);
        $column = Column::of('uint64_t', $asked, 'members');
        $found = Library::texts($count, function (\FFI $ffi, $out, $ends, $error) use ($column, $count) {
            return $ffi->fenrun_rows_ids($this->handle, $column, $count, $out, $ends, $error);
        });
        $this->texts += $found === [] ? [] : array_combine($asked, $found);

        return array_map(function (int $number): string {
            return $this->texts[$number];
        }, $numbers);
    }

    /** @return array<int, int> */
    private function column(string $name, string $type, string $format): array
    {
        $count = $this->count();
        if ($count === 0) {
            return [];
        }
        $column = Library::make($type . '[' . $count . ']');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($name, $column, $count) {
            return $ffi->{'fenrun_rows_copy_' . $name}($this->handle, $column, $count, $error);
        });

        return array_values(unpack($format, \FFI::string($column, \FFI::sizeof($column))));
    }
}
