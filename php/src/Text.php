<?php

declare(strict_types=1);

namespace Fenrun;

/** Documents on their way in and out: arrays become JSON, floats are refused by their place. */
final class Text
{
    /** Where documents have lists: an array with gaps in its keys would be sent as a map. */
    private const LISTS = ['upline', 'lines', 'refunds', 'standing', 'before', 'events', 'weights', 'caps', 'ids'];

    private const DEEPEST = 512;

    /**
     * JSON of a document. An empty array may stand for an empty list and for an empty map. A list has the keys
     * 0, 1, 2 …: what array_filter leaves of one is refused, because only its author knows whether the others
     * should move up.
     *
     * @param string|array<mixed>|\stdClass $document
     */
    public static function of($document, string $what): string
    {
        if (is_string($document)) {
            return $document;
        }
        if (!is_array($document) && !$document instanceof \stdClass) {
            throw Error::of(205, 'invalid_value', null, $what . ' is ' . gettype($document) . '; give an array or JSON text');
        }
        self::check($document, $what, $what, 1);
        // A whole float inside an object keeps its point, so the library refuses it too.
        $json = json_encode($document, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION);
        if ($json === false) {
            throw Error::of(201, 'syntax', null, $what . ': ' . json_last_error_msg());
        }

        return $json;
    }

    /**
     * The document of a JSON text.
     *
     * @return array<mixed>
     */
    public static function read(string $json): array
    {
        return json_decode($json, true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * Refuses floats, and lists with gaps, by their place.
     *
     * @param mixed      $value
     * @param int|string $key
     */
    private static function check($value, string $what, $key, int $depth): void
    {
        // What contains itself has no end.
        if ($depth > self::DEEPEST) {
            $root = explode('[', $what)[0];
            throw Error::of(201, 'syntax', null, "$root is nested deeper than " . self::DEEPEST . '; or does it contain itself?');
        }
        if (is_float($value)) {
            throw Error::float($what, $value);
        }
        if ($value instanceof \JsonSerializable) {
            self::check($value->jsonSerialize(), $what, $key, $depth + 1);
        }
        if (is_array($value) && in_array($key, self::LISTS, true)) {
            self::refuseGaps($value, $what);
        }
        if (is_array($value) || $value instanceof \stdClass) {
            foreach ((array) $value as $below => $inner) {
                self::check($inner, $what . '[' . $below . ']', $below, $depth + 1);
            }
        }
    }

    /** @param array<mixed> $list */
    private static function refuseGaps(array $list, string $what): void
    {
        if ($list !== [] && array_keys($list) !== range(0, count($list) - 1)) {
            $keys = implode(', ', array_slice(array_keys($list), 0, 5));
            $message = array_filter(array_keys($list), 'is_string') === []
                ? "$what is a list with the keys $keys; give array_values() of it"
                : "$what is a map with the keys $keys; give a list, such as [[…]]";
            throw Error::of(205, 'invalid_value', null, $message);
        }
    }
}
