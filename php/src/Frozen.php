<?php

declare(strict_types=1);

namespace Fenrun;

/** A sale with all that its reversal needs; it works after the plan file is gone. */
final class Frozen
{
    /** @var string */
    private $text;

    /** Wraps the text that __toString gave; it is checked when it is used. */
    public function __construct(string $text)
    {
        $this->text = $text;
    }

    /**
     * Reverses one refund.
     *
     * @param string|array<string, mixed>             $refund      ['id' => …, 'lines' => [['line', 'units', 'amount']]];
     *                                                             a retry keeps the id and gets the same keys
     * @param string|array<int, array<string, mixed>> $takenBefore what earlier refunds took back, of the same form as
     *                                                             the lines
     *
     * @return array{rows: array<int, array<string, mixed>>, left: array<int, array<string, mixed>>} rows to post, whose
     *         amounts are normally below zero, and what stands afterwards
     */
    public function reverse($refund, $takenBefore = []): array
    {
        $taken = Text::of($takenBefore, 'takenBefore');
        $refunded = Text::of($refund, 'refund');

        return Text::read(Library::text(function (\FFI $ffi, $out, $error) use ($taken, $refunded) {
            return $ffi->fenrun_reverse(
                $this->text,
                strlen($this->text),
                $taken,
                strlen($taken),
                $refunded,
                strlen($refunded),
                $out,
                $error
            );
        }));
    }

    public function __toString(): string
    {
        return $this->text;
    }
}
