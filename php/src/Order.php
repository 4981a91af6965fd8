<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * One order, driven by commands. The host keeps the log (events) and replays it before the next command.
 *
 * Commands and states are those of docs/reference/orders.md.
 */
final class Order
{
    use Handle;

    private const INSTEAD = 'keep its log';

    private const FREE = 'fenrun_order_free';

    /** An order to which nothing has happened; the tenant is empty for a host with one shop. */
    public static function create(string $orderId, string $tenant = ''): self
    {
        return new self(Library::handle('fenrun_order', static function (\FFI $ffi, $out, $error) use ($orderId, $tenant) {
            return $ffi->fenrun_order_new($tenant, strlen($tenant), $orderId, strlen($orderId), $out, $error);
        }));
    }

    /** An order from its log, one event a line. */
    public static function replay(string $log): self
    {
        return new self(Library::handle('fenrun_order', static function (\FFI $ffi, $out, $error) use ($log) {
            return $ffi->fenrun_order_replay($log, strlen($log), $out, $error);
        }));
    }

    /**
     * Applies a command; a refused one throws and changes nothing. One that came before changes nothing either:
     * its `repeat` is true and its events are those of the first time, which the log has already.
     *
     * @param string|array<string, mixed> $command ['order_id', 'command_id', 'actor', 'now', 'command' => …]
     *
     * @return array{events: array<int, array<string, mixed>>, order: array<string, mixed>, repeat: bool} the events to
     *         store unless the command came before, the state, and whether it did
     */
    public function apply($command): array
    {
        return Text::read($this->applyJson($command));
    }

    /**
     * As apply; the answer as canonical JSON, the same bytes in every language.
     *
     * @param string|array<string, mixed> $command
     */
    public function applyJson($command): string
    {
        $text = Text::of($command, 'command');

        return Library::text(function (\FFI $ffi, $out, $error) use ($text) {
            return $ffi->fenrun_order_apply($this->handle, $text, strlen($text), $out, $error);
        });
    }

    /** @return array<string, mixed> */
    public function state(): array
    {
        return Text::read($this->stateJson());
    }

    public function stateJson(): string
    {
        return Library::text(function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_order_state($this->handle, $out, $error);
        });
    }

    /**
     * The events without the first $from.
     *
     * @return array<int, array<string, mixed>>
     */
    public function events(int $from = 0): array
    {
        $lines = explode("\n", rtrim($this->log($from), "\n"));

        return $lines === [''] ? [] : array_map([Text::class, 'read'], $lines);
    }

    /** The events without the first $from, one a line, as replay reads them. */
    public function log(int $from = 0): string
    {
        if ($from < 0) {
            throw Error::of(205, 'invalid_value', null, "from is $from; at least 0");
        }

        return Library::text(function (\FFI $ffi, $out, $error) use ($from) {
            return $ffi->fenrun_order_events($this->handle, $from, $out, $error);
        });
    }

    /** The sale of a placed order as JSON: what Plan::settleOne takes. */
    public function sale(): string
    {
        return Library::text(function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_order_sale($this->handle, $out, $error);
        });
    }
}
