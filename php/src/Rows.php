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
    private $names = [];

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
        $names = [];

        return array_map(function (int $place) use (&$names): string {
            if (!isset($names[$place])) {
                $names[$place] = $this->rule($place);
            }

            return $names[$place];
        }, $this->column('rule', 'uint32_t', 'L*'));
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
        $names = [];

        return array_map(function (int $place) use (&$names): string {
            if (!isset($names[$place])) {
                $names[$place] = $this->account($place);
            }

            return $names[$place];
        }, $this->column('account', 'uint32_t', 'L*'));
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

    private function rule(int $place): string
    {
        return Library::text(function (\FFI $ffi, $out, $error) use ($place) {
            return $ffi->fenrun_rows_rule($this->handle, $place, $out, $error);
        });
    }

    private function account(int $place): string
    {
        return Library::text(function (\FFI $ffi, $out, $error) use ($place) {
            return $ffi->fenrun_rows_account($this->handle, $place, $out, $error);
        });
    }

    /**
     * A column of members. A text is asked for once, however many rows have it, and shared by all of them.
     *
     * @return array<int, int|string>
     */
    private function members(string $name): array
    {
        $numbers = $this->column($name, 'uint64_t', 'q*');
        $texts = Library::number('uint8_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_rows_has_texts($this->handle, $out, $error);
        });
        if ($texts === 0) {
            return $numbers;
        }
        $asked = array_keys(array_diff_key(array_flip($numbers), $this->names));
        $count = count($asked);
        $column = Column::of('uint64_t', $asked, 'members');
        $found = Library::texts($count, function (\FFI $ffi, $out, $ends, $error) use ($column, $count) {
            return $ffi->fenrun_rows_ids($this->handle, $column, $count, $out, $ends, $error);
        });
        $this->names += $found === [] ? [] : array_combine($asked, $found);

        return array_map(function (int $number): string {
            return $this->names[$number];
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
