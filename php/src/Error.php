<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * What went wrong: a stable code (getCode), its name, one line that names the value and the rule, and the
 * failing row of a batch. One subclass per family of codes, so that a caller catches what an error is about.
 */
class Error extends \RuntimeException
{
    /** @var string */
    private $name;

    /** @var int|null */
    private $index;

    /** @var int|null */
    private $textLine;

    final public function __construct(int $code, string $name, ?int $index, string $message, ?int $textLine = null)
    {
        parent::__construct($message, $code);
        $this->name = $name;
        $this->index = $index;
        $this->textLine = $textLine;
    }

    /** The stable name, such as pays_too_much. */
    public function getName(): string
    {
        return $this->name;
    }

    /** The failing row of a batch, from 0; null when no row is at fault. */
    public function getIndex(): ?int
    {
        return $this->index;
    }

    /** The line of the text that is at fault, from 1; null when no line is. getLine is PHP's own: where it was thrown. */
    public function getTextLine(): ?int
    {
        return $this->textLine;
    }

    /** The exception of a code, in its family. */
    public static function of(int $code, string $name, ?int $index, string $message, ?int $textLine = null): self
    {
        $family = Constants::FAMILIES[$code] ?? self::class;

        return new $family($code, $name, $index, $message, $textLine);
    }

    /** The same error, known to be the plan's. */
    public static function ofPlan(self $error): PlanError
    {
        return new PlanError($error->getCode(), $error->name, $error->index, $error->getMessage(), $error->textLine);
    }

    /** Refuses a float by its place and value: 19.99 is not 19.99 in binary, and no moment has a fraction. */
    public static function float(string $what, float $value, ?int $index = null): self
    {
        // The last word of the place says what stands there.
        preg_match('/([a-z_]+)[^a-z_]*$/', $what, $word);
        if (preg_match('/^(at|from|now|until|expires|campaign|.*_(at|days))$/', $word[1] ?? '') === 1) {
            $message = sprintf('%s is the float %s; give a whole number, as int', $what, var_export($value, true));

            return self::of(205, 'invalid_value', $index, $message);
        }
        $message = sprintf(
            '%s is the float %s; floats are not exact: give minor units as int, or decimal text to Fenrun\\Money::minor',
            $what,
            var_export($value, true)
        );

        return self::of(103, 'invalid_amount', $index, $message);
    }

    /** Refuses an id that is a float: above 2^53 it is another one. */
    public static function floatId(string $what, float $value, ?int $index = null): self
    {
        $message = sprintf('%s is the float %s; floats cannot hold every id: give int or text', $what, var_export($value, true));

        return self::of(408, 'invalid_id', $index, $message);
    }
}
