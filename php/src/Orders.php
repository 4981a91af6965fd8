<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * Order lines as columns, one row a line, packed once; settle them as often as you like.
 *
 * | key          | a value a row                                                                          |
 * |--------------|----------------------------------------------------------------------------------------|
 * | `buyers`     | who bought, under the ids of the forest; required                                      |
 * | `paid`       | minor units, net of discounts, without shipping and added tax; required                |
 * | `ids`        | order ids; absent: the row number from 1                                               |
 * | `lines`      | line ids, unique in their order, whose rows stand together; absent: a row is an order  |
 * | `units`      | units sold; absent: 1                                                                  |
 * | `placed_at`  | milliseconds of UTC: the upline of that moment; absent: now                            |
 * | `components` | further amounts by name: `['list' => […], 'pv' => […]]`                                |
 * | `overrides`  | null, or rates that replace the plan's: `['<rule id>' => ['2%', '1%']]`                |
 * | `tenant`     | one text for all rows, part of their keys                                              |
 */
final class Orders
{
    private const KEYS = ['buyers', 'paid', 'ids', 'lines', 'units', 'placed_at', 'components', 'overrides', 'tenant'];

    /** @var \FFI\CData */
    private $struct;

    /** @var array<int, \FFI\CData> what the struct points to, kept alive with it */
    private $kept = [];

    /** @var int */
    private $len;

    /** @var array<int|string> */
    private $buyers;

    /** @var \FFI\CData|null the buyers where their ids are numbers */
    private $numbers;

    /** @var \FFI\CData|null the buyers as the forest of the last batch calls them */
    private $found;

    /** @param array<string, mixed> $columns */
    public function __construct(array $columns)
    {
        foreach (array_keys($columns) as $key) {
            if (!in_array($key, self::KEYS, true)) {
                $known = implode(', ', self::KEYS);
                throw Error::of(203, 'unknown_key', null, "orders have no column `$key`; they have $known");
            }
        }
        foreach (['buyers', 'paid'] as $key) {
            if (!isset($columns[$key])) {
                throw Error::of(204, 'missing_key', null, "orders need the column `$key`");
            }
        }
        foreach ($columns as $key => $column) {
            if ($key === 'tenant' ? !is_string($column) : $column !== null && !is_array($column)) {
                $rule = $key === 'tenant' ? 'give text' : 'give an array';
                throw Error::of(205, 'invalid_value', null, "the column `$key` is " . gettype($column) . '; ' . $rule);
            }
        }
        $this->len = count($columns['buyers']);
        $this->struct = Library::make('fenrun_orders');
        $this->struct->size = \FFI::sizeof($this->struct);
        $this->struct->len = $this->len;
        $this->buyers = $columns['buyers'];
        if (Column::areNumbers($this->buyers)) {
            $this->numbers = Column::ids($this->buyers, 'buyers');
        }
        $this->struct->paid = $this->amounts($columns['paid'], 'paid');
        $this->optional($columns);
        $this->components($columns['components'] ?? []);
        $this->overrides($columns['overrides'] ?? []);
        $tenant = $columns['tenant'] ?? '';
        $this->struct->tenant = $this->keep(Column::text($tenant));
        $this->struct->tenant_len = strlen($tenant);
    }

    public function count(): int
    {
        return $this->len;
    }

    /** @internal */
    public function struct(Forest $forest): \FFI\CData
    {
        $known = $this->numbers !== null && !$forest->hasTexts();
        $this->found = $known ? $this->numbers : $forest->numbers($this->buyers, 'buyers');
        $this->struct->buyers = $this->found === null ? null : self::pointer($this->found);

        return $this->struct;
    }

    /** @param array<string, mixed> $columns */
    private function optional(array $columns): void
    {
        foreach (['ids', 'lines'] as $key) {
            if (isset($columns[$key])) {
                $this->sameLength($columns[$key], $key);
                $this->struct->$key = $this->keep(Column::ids($columns[$key], $key));
            }
        }
        foreach (['units' => 'uint32_t', 'placed_at' => 'int64_t'] as $key => $type) {
            if (isset($columns[$key])) {
                $this->sameLength($columns[$key], $key);
                $this->struct->$key = $this->keep(Column::of($type, $columns[$key], $key));
            }
        }
    }

    /** @param array<string, array<int>> $components */
    private function components(array $components): void
    {
        if ($components === []) {
            return;
        }
        $list = Library::make('fenrun_component[' . count($components) . ']');
        $at = 0;
        foreach ($components as $name => $values) {
            $list[$at]->name = $this->keep(Column::text((string) $name));
            $list[$at]->name_len = strlen((string) $name);
            if (!is_array($values)) {
                $shown = gettype($values);
                throw Error::of(205, 'invalid_value', null, "the component `$name` is $shown; give an array");
            }
            $list[$at]->values = $this->amounts($values, (string) $name);
            $at++;
        }
        $this->struct->components = $this->keep($list);
        $this->struct->components_len = $at;
    }

    /** @param array<string|array<string, mixed>|\stdClass|null> $overrides */
    private function overrides(array $overrides): void
    {
        if ($overrides === []) {
            return;
        }
        $this->sameLength($overrides, 'overrides');
        $places = [];
        $column = [];
        foreach (array_values($overrides) as $at => $rates) {
            $text = $rates === null || $rates === [] ? '' : self::table($rates, $at);
            if ($text !== '' && !isset($places[$text])) {
                $places[$text] = count($places) + 1;
            }
            $column[] = $places[$text] ?? 0;
        }
        if ($places === []) {
            return;
        }
        $table = '[' . implode(',', array_keys($places)) . ']';
        $this->struct->overrides = $this->keep(Column::of('uint32_t', $column, 'overrides'));
        $this->struct->override_table = $this->keep(Column::text($table));
        $this->struct->override_table_len = strlen($table);
    }

    /**
     * The rates of one row as one JSON map: pasted together unread, two maps in the text of one row would be those
     * of the next.
     *
     * @param mixed $rates
     */
    private static function table($rates, int $at): string
    {
        $rule = 'give a map of rule and rates, JSON of one, or null for none';
        if (!is_string($rates) && !is_array($rates) && !$rates instanceof \stdClass) {
            $shown = is_scalar($rates) ? var_export($rates, true) : gettype($rates);
            throw Error::of(205, 'invalid_value', $at, "overrides[$at] is $shown; $rule");
        }
        $text = Text::of($rates, "overrides[$at]");
        $read = json_decode($text);
        if (json_last_error() !== JSON_ERROR_NONE) {
            throw Error::of(201, 'syntax', $at, "overrides[$at]: " . json_last_error_msg() . "; $rule");
        }
        if (!$read instanceof \stdClass) {
            throw Error::of(205, 'invalid_value', $at, "overrides[$at] is " . gettype($read) . "; $rule");
        }

        return $text;
    }

    /** @param array<int|string> $values */
    private function amounts(array $values, string $what): ?\FFI\CData
    {
        $this->sameLength($values, $what);

        return $this->keep(Column::of('int64_t', $values, $what));
    }

    /** @param array<mixed> $values */
    private function sameLength(array $values, string $what): void
    {
        if (count($values) !== $this->len) {
            $message = sprintf('%s has %d values for %d rows', $what, count($values), $this->len);
            throw Error::of(110, 'length_mismatch', null, $message);
        }
    }

    /** A pointer to a column, which stays as long as the struct. */
    private function keep(?\FFI\CData $data): ?\FFI\CData
    {
        if ($data === null) {
            return null;
        }
        $this->kept[] = $data;

        return self::pointer($data);
    }

    private static function pointer(\FFI\CData $data): \FFI\CData
    {
        return Library::ffi()->cast('void *', \FFI::addr($data));
    }

    private function __clone()
    {
    }

    /** @return array<mixed> */
    public function __serialize(): array
    {
        throw Error::of(801, 'invalid_argument', null, self::class . ' cannot be serialised; keep the arrays');
    }

    /** @param array<mixed> $data */
    public function __unserialize(array $data): void
    {
        throw Error::of(801, 'invalid_argument', null, self::class . ' cannot be unserialised; keep the arrays');
    }
}
