<?php

declare(strict_types=1);

namespace Fenrun;

/** Documents on their way in and out: arrays become JSON, floats are refused by their place. */
final class Text
{
    /**
     * JSON of a document. An empty array is an empty list; write an empty map as `new \stdClass`.
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
        self::refuseFloats((array) $document, $what);
        $json = json_encode($document, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
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

    /** @param array<mixed> $document */
    private static function refuseFloats(array $document, string $what): void
    {
        foreach ($document as $key => $value) {
            if (is_float($value)) {
                throw Error::float($what . '[' . $key . ']', $value);
            }
            if (is_array($value) || $value instanceof \stdClass) {
                self::refuseFloats((array) $value, $what . '[' . $key . ']');
            }
        }
    }
}
