<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * Who stands below whom, in a forest as it stood when its teams were asked for: Forest::teams makes them, in two sweeps
 * over all members. Where a member may be null, it is about all members together.
 */
final class Teams
{
    use Handle {
        __construct as private hold;
    }

    private const INSTEAD = 'ask the forest again';

    private const FREE = 'fenrun_teams_free';

    /** @var Forest whose members never lose their ids */
    private $forest;

    /** @internal */
    public function __construct(\FFI\CData $handle, Forest $forest)
    {
        $this->hold($handle);
        $this->forest = $forest;
    }

    /**
     * Whether one member stands above another one, however far; nobody is above themselves.
     *
     * @param int|string $above
     * @param int|string $below
     */
    public function isAbove($above, $below): bool
    {
        [$above, $below] = [$this->forest->account($above, 'above'), $this->forest->account($below, 'below')];

        return Library::number('uint8_t', function (\FFI $ffi, $out, $error) use ($above, $below) {
            return $ffi->fenrun_teams_is_above($this->handle, $above, $below, $out, $error);
        }) === 1;
    }

    /**
     * How many steps below its root a member stands; 0 for a root.
     *
     * @param int|string $member
     */
    public function depth($member): int
    {
        $id = $this->forest->account($member, 'member');

        return Library::number('uint32_t', function (\FFI $ffi, $out, $error) use ($id) {
            return $ffi->fenrun_teams_depth($this->handle, $id, $out, $error);
        });
    }

    /**
     * How many people stand below a member.
     *
     * @param int|string|null $member
     */
    public function size($member): int
    {
        $id = $this->anybody($member);

        return Library::number('size_t', function (\FFI $ffi, $out, $error) use ($id) {
            return $ffi->fenrun_teams_size($this->handle, $id, $out, $error);
        });
    }

    /**
     * A page of the team of a member, after so many of it: each inviter before those they invited, and those of one
     * inviter in join order.
     *
     * @param int|string|null $member
     *
     * @return array<int, int|string>
     */
    public function page($member, int $after = 0, int $limit = 50): array
    {
        return $this->some('page', $member, $after, $limit);
    }

    /**
     * Who stands directly below a member, in join order, after so many of them; who has no inviter for null.
     *
     * @param int|string|null $member
     *
     * @return array<int, int|string>
     */
    public function below($member, int $after = 0, int $limit = PHP_INT_MAX): array
    {
        return $this->some('below', $member, $after, $limit);
    }

    /**
     * How many people stand one, two, three … steps below a member.
     *
     * @param int|string|null $member
     *
     * @return array<int, int>
     */
    public function generations($member): array
    {
        $id = $this->anybody($member);
        // Deeper teams are asked for again.
        for ($room = 64; ; $room = $count) {
            $counts = Library::make('uint64_t[' . $room . ']');
            $count = Library::number('size_t', function (\FFI $ffi, $out, $error) use ($id, $counts, $room) {
                return $ffi->fenrun_teams_generations($this->handle, $id, $counts, $room, $out, $error);
            });
            if ($count <= $room) {
                return $count === 0 ? [] : array_values(unpack('q*', \FFI::string($counts, 8 * $count)));
            }
        }
    }

    /**
     * @param int|string|null $member
     *
     * @return array<int, int|string>
     */
    private function some(string $what, $member, int $after, int $limit): array
    {
        if ($after < 0 || $limit < 0) {
            throw Error::of(205, 'invalid_value', null, "after $after, limit $limit; neither is negative");
        }
        $id = $this->anybody($member);
        $room = max(0, min($limit, $this->size($member) - $after));
        $ids = Library::make('uint64_t[' . max(1, $room) . ']');
        $count = Library::number('size_t', function (\FFI $ffi, $out, $error) use ($what, $id, $after, $ids, $room) {
            return $ffi->{'fenrun_teams_' . $what}($this->handle, $id, $after, $ids, $room, $out, $error);
        });

        return $count === 0 ? [] : $this->forest->ids(array_values(unpack('q*', \FFI::string($ids, 8 * $count))));
    }

    /** @param int|string|null $member */
    private function anybody($member): int
    {
        return $member === null ? 0 : $this->forest->account($member, 'member');
    }
}
