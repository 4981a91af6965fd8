<?php

declare(strict_types=1);

namespace Fenrun;

/** A checked commission plan. */
final class Plan
{
    use Handle;

    private const INSTEAD = 'keep its text (toJson)';

    private const FREE = 'fenrun_plan_free';

    private const LARGEST_UINT32 = 4294967295;

    /**
     * Reads a plan from TOML or JSON. Floats, unknown keys and pay above 100 % are refused by name, with a
     * PlanError whatever is wrong.
     */
    public static function fromText(string $text): self
    {
        try {
            return new self(Library::handle('fenrun_plan', static function (\FFI $ffi, $out, $error) use ($text) {
                return $ffi->fenrun_plan_new($text, strlen($text), $out, $error);
            }));
        } catch (LibraryError $fault) {
            throw $fault;
        } catch (Error $error) {
            throw Error::ofPlan($error);
        }
    }

    /** Reads a plan from a file. */
    public static function load(string $path): self
    {
        $text = is_dir($path) ? false : @file_get_contents($path);
        if ($text === false) {
            throw Error::of(901, 'file', null, 'cannot read ' . $path . (is_dir($path) ? ', which is a folder' : ''));
        }

        return self::fromText($text);
    }

    /** A plan that comes with the library, such as crmeb or two_level. */
    public static function preset(string $name): self
    {
        return new self(Library::handle('fenrun_plan', static function (\FFI $ffi, $out, $error) use ($name) {
            return $ffi->fenrun_plan_preset($name, strlen($name), $out, $error);
        }));
    }

    /**
     * The names of the plans that come with the library, sorted.
     *
     * @return list<string>
     */
    public static function presets(): array
    {
        return array_column(Library::run('presets', null, new \stdClass())['presets'], 'name');
    }

    /** SHA-256 of the canonical JSON, 64 hex digits: the identity of the plan. */
    public function hash(): string
    {
        return Library::text(function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_plan_hash($this->handle, $out, $error);
        });
    }

    /** The canonical JSON of the plan. */
    public function toJson(): string
    {
        return Library::text(function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_plan_json($this->handle, $out, $error);
        });
    }

    /**
     * Proven bounds, warnings and what the author allowed.
     *
     * @return array<string, mixed>
     */
    public function check(): array
    {
        return Text::read(Library::text(function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_plan_check($this->handle, $out, $error);
        }));
    }

    /**
     * Settles one sale from its own upline: no forest, store or file.
     *
     * @param string|array<string, mixed> $sale see docs/reference/plan.md
     */
    public function settleOne($sale): Outcome
    {
        $text = Text::of($sale, 'sale');
        $blob = Library::make('fenrun_buffer');
        $json = Library::text(function (\FFI $ffi, $out, $error) use ($text, $blob) {
            return $ffi->fenrun_settle_one($this->handle, $text, strlen($text), $out, \FFI::addr($blob), $error);
        });

        return new Outcome($json, Library::take($blob));
    }

    /**
     * Settles a batch over a forest, all of it or nothing: each order gives the rows it would give alone.
     *
     * @param Orders|array<string, mixed> $orders  columns, see Orders
     * @param int                         $threads at most 256, 0 for as many as the machine has; the rows are the same
     */
    public function settle(Forest $forest, $orders, int $threads = 1): Rows
    {
        // C would see another number of 32 bits; how many there may be it says itself.
        if ($threads < 0 || $threads > self::LARGEST_UINT32) {
            throw Error::of(801, 'invalid_argument', null, "$threads threads; at most 256, or 0 for as many as the machine has");
        }
        if (!is_array($orders) && !$orders instanceof Orders) {
            $rule = 'give Fenrun\\Orders or an array of columns';
            throw Error::of(205, 'invalid_value', null, 'orders are ' . gettype($orders) . '; ' . $rule);
        }
        $packed = $orders instanceof Orders ? $orders : new Orders($orders);

        return new Rows(Library::handle('fenrun_rows', function (\FFI $ffi, $out, $error) use ($forest, $packed, $threads) {
            $orders = \FFI::addr($packed->struct($forest));

            return $ffi->fenrun_settle($this->handle, $forest->handle(), $orders, $threads, $out, $error);
        }));
    }
}
