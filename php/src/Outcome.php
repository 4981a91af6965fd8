<?php

declare(strict_types=1);

namespace Fenrun;

/** What a sale came to: rows, what is retained and why, and the frozen blob its reversal needs. */
final class Outcome
{
    /** @var string */
    private $json;

    /** @var array<string, mixed> */
    private $document;

    /** @var Frozen */
    private $frozen;

    public function __construct(string $json, string $frozen)
    {
        $this->json = $json;
        $this->document = Text::read($json);
        $this->frozen = new Frozen($frozen);
    }

    /**
     * Who gets what: maps of key, payee, amount (minor units), rule, line, level, source and account.
     *
     * @return array<int, array<string, mixed>>
     */
    public function rows(): array
    {
        return $this->document['rows'];
    }

    /**
     * What nobody got, by reason, in minor units.
     *
     * @return array<string, int>
     */
    public function retained(): array
    {
        return array_column($this->document['retained'], 'amount', 'reason');
    }

    /** What the plan offered: rows and retained amounts sum to it. */
    public function pool(): int
    {
        return $this->document['pool'];
    }

    /**
     * Every slot, paid or not, with its rate, base, amount and reason.
     *
     * @return array<int, array<string, mixed>>
     */
    public function trace(): array
    {
        return $this->frozen->explained('en')['trace'];
    }

    /**
     * Why everybody got each cent, or nothing: a sentence a slot.
     *
     * @param string $lang 'en' or 'zh'
     *
     * @return array<int, string>
     */
    public function explain(string $lang = 'en'): array
    {
        return $this->frozen->explain($lang);
    }

    /** Keep it beside the order: its reversal needs nothing else, not even the plan. */
    public function frozen(): Frozen
    {
        return $this->frozen;
    }

    /** The whole document. */
    public function toJson(): string
    {
        return $this->json;
    }
}
