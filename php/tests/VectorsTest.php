<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use PHPUnit\Framework\TestCase;

/** Every golden vector, through the API a user calls. */
final class VectorsTest extends TestCase
{
    /** @dataProvider files */
    public function testEveryCaseHolds(string $file): void
    {
        $faults = [];
        foreach (Vectors::read($file) as $case) {
            $fault = Vectors::fault($case);
            if ($fault !== null) {
                $faults[] = $case->id . ': ' . $fault;
            }
        }
        $this->assertSame([], $faults);
    }

    /** @return iterable<string, array{string}> every file that holds cases */
    public static function files(): iterable
    {
        foreach (glob(self::folder() . '/*.json') as $file) {
            if (Vectors::read($file) !== []) {
                yield basename($file) => [$file];
            }
        }
    }

    /** The control: one changed value in a case must be reported. */
    public function testAPlantedBugIsReported(): void
    {
        foreach (['allocate.json', 'levels.json', 'reversal.json', 'forest.json', 'errors.json', 'orders.json'] as $file) {
            foreach (Vectors::read(self::folder() . '/' . $file) as $case) {
                if (isset($case->error)) {
                    $case->error .= '!';
                } else {
                    $case->expect = $this->changed($case->expect);
                }
                $this->assertNotNull(Vectors::fault($case), $case->id);
            }
        }
    }

    /**
     * The document with its first leaf changed, or with an element more in its first list.
     *
     * @param mixed $document
     *
     * @return mixed
     */
    private function changed($document)
    {
        if (is_int($document)) {
            return $document === PHP_INT_MAX ? 0 : $document + 1;
        }
        if (is_string($document)) {
            return $document . '!';
        }
        if (is_bool($document)) {
            return !$document;
        }
        if ($document === null || $document === []) {
            return [0];
        }
        $map = (array) $document;
        $key = array_key_first($map);
        $map[$key] = $this->changed($map[$key]);

        return is_array($document) ? $map : (object) $map;
    }

    private static function folder(): string
    {
        return dirname(__DIR__, 2) . '/vectors';
    }
}
