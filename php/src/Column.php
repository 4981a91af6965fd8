<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * Arrays of whole numbers on their way into C columns, packed once.
 *
 * Database drivers hand integers out as text, so decimal text of a whole number is one too.
 *
 * @internal
 */
final class Column
{
    /** The largest value of each unsigned type; ids and weights stay below 2^63. */
    private const LARGEST = ['uint8_t' => 255, 'uint32_t' => 4294967295, 'uint64_t' => PHP_INT_MAX];

    /**
     * A column of amounts, counts or codes; nothing for an empty one.
     *
     * @param array<int|string> $values
     */
    public static function of(string $type, array $values, string $what): ?\FFI\CData
    {
        if ($values === []) {
            return null;
        }
        $least = isset(self::LARGEST[$type]) ? 0 : PHP_INT_MIN;
        $largest = self::LARGEST[$type] ?? PHP_INT_MAX;
        $column = Library::make($type . '[' . count($values) . ']');
        $at = 0;
        foreach ($values as $value) {
            $number = is_int($value) ? $value : self::whole($value, $what, $at);
            if ($number < $least || $number > $largest) {
                throw Error::of(205, 'invalid_value', $at, "{$what}[$at] is $number; at least $least, at most $largest");
            }
            $column[$at++] = $number;
        }

        return $column;
    }

    /**
     * A column of ids, each above zero.
     *
     * @param array<int|string> $values
     */
    public static function ids(array $values, string $what): ?\FFI\CData
    {
        if ($values === []) {
            return null;
        }
        $column = Library::make('uint64_t[' . count($values) . ']');
        $at = 0;
        foreach ($values as $value) {
            $column[$at] = self::id($value, "{$what}[$at]", $at);
            $at++;
        }

        return $column;
    }

    /**
     * A column of inviters: null, 0, "0" and empty text are nobody.
     *
     * @param array<int|string|null> $values
     */
    public static function inviters(array $values, string $what): ?\FFI\CData
    {
        if ($values === []) {
            return null;
        }
        $column = Library::make('uint64_t[' . count($values) . ']');
        $at = 0;
        foreach ($values as $value) {
            $column[$at] = self::inviter($value, "{$what}[$at]", $at);
            $at++;
        }

        return $column;
    }

    /**
     * Whether ids are whole numbers, as int or decimal text; what is no id at all is left to the column of them.
     *
     * @param array<mixed> $values
     */
    public static function areNumbers(array $values): bool
    {
        foreach ($values as $value) {
            if (is_string($value) && $value !== '' && self::number($value) === null) {
                return false;
            }
        }

        return true;
    }

    /**
     * A column of ids as texts: all of them one behind the other, and where each ends.
     *
     * @param array<int|string|null> $values
     *
     * @return array{0: ?\FFI\CData, 1: ?\FFI\CData}
     */
    public static function texts(array $values, string $what, bool $inviters = false): array
    {
        if ($values === []) {
            return [null, null];
        }
        $ends = Library::make('uint64_t[' . count($values) . ']');
        $texts = [];
        $end = 0;
        $at = 0;
        foreach ($values as $value) {
            $text = $inviters && self::isNobody($value) ? '' : self::name($value, "{$what}[$at]", $at);
            $texts[] = $text;
            $end += strlen($text);
            $ends[$at++] = $end;
        }

        return [self::text(implode('', $texts)), $ends];
    }

    /**
     * One id as text: an int and its text are the same id.
     *
     * @param mixed $value
     */
    public static function name($value, string $what, ?int $index = null): string
    {
        if (is_float($value)) {
            throw Error::floatId($what, $value, $index);
        }
        if (!is_string($value) && !is_int($value)) {
            $shown = is_scalar($value) ? var_export($value, true) : gettype($value);
            throw Error::of(408, 'invalid_id', $index, "$what is $shown; an id is text or an int");
        }

        return (string) $value;
    }

    /**
     * Whether a value stands for nobody where an inviter belongs.
     *
     * @param mixed $value
     */
    public static function isNobody($value): bool
    {
        return $value === null || $value === 0 || $value === '' || $value === '0';
    }

    /**
     * One id.
     *
     * @param mixed $value
     */
    public static function id($value, string $what, ?int $index = null): int
    {
        if (is_float($value)) {
            throw Error::floatId($what, $value, $index);
        }
        $id = is_int($value) ? $value : self::number($value);
        if ($id === null || $id <= 0) {
            $shown = is_scalar($value) ? var_export($value, true) : gettype($value);
            throw Error::of(408, 'invalid_id', $index, "$what is $shown; an id is a whole number from 1 to 2^63 - 1");
        }

        return $id;
    }

    /**
     * One inviter, 0 for nobody.
     *
     * @param mixed $value
     */
    public static function inviter($value, string $what, ?int $index = null): int
    {
        return self::isNobody($value) ? 0 : self::id($value, $what, $index);
    }

    /**
     * Text for a struct that keeps a pointer to it; nothing for empty text.
     */
    public static function text(string $text): ?\FFI\CData
    {
        if ($text === '') {
            return null;
        }
        $bytes = Library::make('char[' . strlen($text) . ']');
        \FFI::memcpy($bytes, $text, strlen($text));

        return $bytes;
    }

    /** @param mixed $value */
    private static function whole($value, string $what, int $at): int
    {
        if (is_float($value)) {
            throw Error::float("{$what}[$at]", $value, $at);
        }
        $number = self::number($value);
        if ($number === null) {
            $shown = is_scalar($value) ? var_export($value, true) : gettype($value);
            $rule = 'give an int; Fenrun\\Money::minor reads decimal text';
            throw Error::of(205, 'invalid_value', $at, "{$what}[$at] is $shown; $rule");
        }

        return $number;
    }

    /** @param mixed $value */
    private static function number($value): ?int
    {
        return is_string($value) && (string) (int) $value === $value ? (int) $value : null;
    }
}
