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
     * @param string|array<int, array<string, mixed>> $before      the refunds that came before this one, each as $refund;
     *                                                             a refund is not its own earlier one, also when it
     *                                                             is a retry
     *
     * @return array{rows: array<int, array<string, mixed>>, left: array<int, array<string, mixed>>} rows to post, whose
     *         amounts are normally below zero, and what stands afterwards
     */
    public function reverse($refund, $before = []): array
    {
        $earlier = Text::of($before, 'before');
        $refunded = Text::of($refund, 'refund');

        return Text::read(Library::text(function (\FFI $ffi, $out, $error) use ($earlier, $refunded) {
            return $ffi->fenrun_reverse(
                $this->text,
                strlen($this->text),
                $earlier,
                strlen($earlier),
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
