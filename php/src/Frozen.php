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
     *                                                             a retry keeps the id and gets the same keys;
     *                                                             'standing' => [['rule', 'payee', 'account',
     *                                                             'amount']] where your journal holds something
     *                                                             else than the earlier reversals left
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

    /**
     * Why everybody got each cent, or nothing: a sentence a slot, long after the plan file is gone.
     *
     * @param string $lang 'en' or 'zh'
     *
     * @return array<int, string>
     */
    public function explain(string $lang = 'en'): array
    {
        return $this->explained($lang)['lines'];
    }

    /**
     * @internal
     *
     * @return array{lines: array<int, string>, trace: array<int, array<string, mixed>>}
     */
    public function explained(string $lang): array
    {
        return Library::run('explain', null, ['frozen' => $this->text, 'lang' => $lang]);
    }

    public function __toString(): string
    {
        return $this->text;
    }
}
