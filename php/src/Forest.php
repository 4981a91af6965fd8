<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * Who invited whom, for batches. Ids are whole numbers from 1, or texts of up to 64 bytes: what a forest was made
 * with is what every method takes and gives. In a forest of texts an int and its text are the same id.
 */
final class Forest implements \Countable
{
    use Handle;

    private const INSTEAD = 'keep its arrays';

    private const FREE = 'fenrun_forest_free';

    /** @var bool known once there is a member */
    private $texts = false;

    /**
     * Builds a forest from two columns in any order; as an inviter null, 0, "0" and empty text are nobody. Ids are
     * numbers when all members are written as numbers, texts otherwise.
     *
     * @param array<int|string>      $members
     * @param array<int|string|null> $inviters
     */
    public static function fromArrays(array $members, array $inviters): self
    {
        if (!Column::areNumbers($members)) {
            return self::fromTexts($members, $inviters);
        }
        $count = self::sameLength($members, $inviters);
        $ids = Column::ids($members, 'members');
        $above = Column::inviters($inviters, 'inviters');

        return new self(Library::handle('fenrun_forest', static function (\FFI $ffi, $out, $error) use ($ids, $above, $count) {
            return $ffi->fenrun_forest_new($ids, $above, $count, $out, $error);
        }));
    }

    /**
     * Builds a forest of texts, also when all of them are written as numbers so far.
     *
     * @param array<int|string>      $members
     * @param array<int|string|null> $inviters
     */
    public static function fromTexts(array $members, array $inviters): self
    {
        $count = self::sameLength($members, $inviters);
        $ids = Column::texts($members, 'members');
        $above = Column::texts($inviters, 'inviters', true);

        return new self(Library::handle('fenrun_forest', static function (\FFI $ffi, $out, $error) use ($ids, $above, $count) {
            return $ffi->fenrun_forest_new_texts($ids[0], $ids[1], $above[0], $above[1], $count, $out, $error);
        }));
    }

    /**
     * Opens a saved forest: one file that all workers of a host map. What is joined or bound then goes into its
     * journal, behind what other processes wrote, and is on disk when the call returns.
     */
    public static function open(string $path): self
    {
        return new self(Library::handle('fenrun_forest', static function (\FFI $ffi, $out, $error) use ($path) {
            return $ffi->fenrun_forest_open($path, strlen($path), $out, $error);
        }));
    }

    /** Saves the forest as one file, which appears when it is complete. */
    public function save(string $path): void
    {
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($path) {
            return $ffi->fenrun_forest_save($this->handle, $path, strlen($path), $error);
        });
    }

    /** Makes the changes that other processes put into the journal since, and says whether there were any. */
    public function catchUp(): bool
    {
        return Library::number('uint8_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_forest_catch_up($this->handle, $out, $error);
        }) === 1;
    }

    /** Whether the forest was saved anew since it was opened; open it again then. */
    public function isStale(): bool
    {
        return Library::number('uint8_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_forest_is_stale($this->handle, $out, $error);
        }) === 1;
    }

    public function count(): int
    {
        return Library::number('size_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_forest_len($this->handle, $out, $error);
        });
    }

    /**
     * All members, in the order in which columns of facts stand: that of the rows a forest was made from, and then of
     * who joined; join order where it was opened.
     *
     * @return array<int, int|string>
     */
    public function members(): array
    {
        $count = $this->count();
        if ($count === 0) {
            return [];
        }
        $members = Library::make('uint64_t[' . $count . ']');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($members, $count) {
            return $ffi->fenrun_forest_members($this->handle, $members, $count, $error);
        });

        return $this->ids(array_values(unpack('q*', \FFI::string($members, 8 * $count))));
    }

    /** Whether ids are texts. A forest without members has none yet: the first to join decides. */
    public function hasTexts(): bool
    {
        $this->texts = $this->texts || Library::number('uint8_t', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_forest_has_texts($this->handle, $out, $error);
        }) === 1;

        return $this->texts;
    }

    /**
     * A new member, who has no rank and states no fact until they are set again for all: a rule that asks for one is
     * refused with `missing_fact` where it meets them.
     *
     * @param int|string      $member
     * @param int|string|null $inviter
     */
    public function join($member, $inviter = null): void
    {
        if ($this->hasTexts() || (!Column::areNumbers([$member]) && count($this) === 0)) {
            $above = Column::isNobody($inviter) ? null : Column::name($inviter, 'inviter');
            $this->append(['join' => [Column::name($member, 'member'), $above]]);

            return;
        }
        $id = Column::id($member, 'member');
        $above = Column::inviter($inviter, 'inviter');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($id, $above) {
            return $ffi->fenrun_forest_join($this->handle, $id, $above, $error);
        });
    }

    /**
     * Gives an upline to a member who has none.
     *
     * @param int|string $member
     * @param int|string $inviter
     */
    public function bind($member, $inviter): void
    {
        $id = $this->numberOf($member, 'member');
        $above = $this->numberOf($inviter, 'inviter');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($id, $above) {
            return $ffi->fenrun_forest_bind($this->handle, $id, $above, $error);
        });
    }

    /**
     * Makes a change given as a document: ['join' => [member, inviter]], bind, rebind, ['unbind' => member],
     * ['merge' => [kept, gone]] or ['close' => member, 'downline' => 'stay' or 'roll_up'], each with or without
     * 'from' in milliseconds. In a forest that was opened it is on disk when the call returns.
     *
     * @param string|array<string, mixed> $change
     */
    public function append($change): void
    {
        $json = Text::of($change, 'change');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($json) {
            return $ffi->fenrun_forest_append($this->handle, $json, strlen($json), $error);
        });
    }

    /**
     * The member an id names by now: that of the account it was merged into, if it was.
     *
     * @param int|string $id
     *
     * @return int|string
     */
    public function find($id)
    {
        $name = Column::name($id, 'id');
        $number = Library::number('uint64_t', function (\FFI $ffi, $out, $error) use ($name) {
            return $ffi->fenrun_forest_find($this->handle, $name, strlen($name), $out, $error);
        });

        return $this->ids([$number])[0];
    }

    /**
     * The ancestors of a member, nearest first, at most $limit; PHP_INT_MAX for all of them. With $at, milliseconds of
     * UTC, those of that moment, of the account the id named then.
     *
     * @param int|string $member
     *
     * @return array<int, int|string>
     */
    public function upline($member, int $limit = 64, ?int $at = null): array
    {
        $id = $at === null ? $this->numberOf($member, 'member') : $this->account($member);
        if ($limit < 1) {
            throw Error::of(205, 'invalid_value', null, "limit is $limit; at least 1");
        }
        // No path is longer than the forest; room is made for what may come.
        $limit = max(1, min($limit, count($this)));
        $ids = Library::make('uint64_t[' . $limit . ']');
        $count = Library::number('size_t', function (\FFI $ffi, $out, $error) use ($id, $at, $ids, $limit) {
            return $at === null
                ? $ffi->fenrun_forest_upline($this->handle, $id, $ids, $limit, $out, $error)
                : $ffi->fenrun_forest_upline_at($this->handle, $id, $at, $ids, $limit, $out, $error);
        });

        return $count === 0 ? [] : $this->ids(array_values(unpack('q*', \FFI::string($ids, 8 * $count))));
    }

    /**
     * Every inviter a member had, oldest first: from when on, in milliseconds of UTC, null for always or until the next
     * date, and who, null for nobody. Of an account that was merged into another one it is its own history.
     *
     * @param int|string $member
     *
     * @return array<int, array{from: ?int, inviter: int|string|null}>
     */
    public function history($member): array
    {
        $id = $this->account($member);
        // Few ever move; who moved more often is asked for again.
        for ($room = 8; ; $room = $count) {
            $dates = Library::make('int64_t[' . $room . ']');
            $above = Library::make('uint64_t[' . $room . ']');
            $count = Library::number('size_t', function (\FFI $ffi, $out, $error) use ($id, $dates, $above, $room) {
                return $ffi->fenrun_forest_history($this->handle, $id, $dates, $above, $room, $out, $error);
            });
            if ($count <= $room) {
                break;
            }
        }
        $inviters = $this->ids(array_values(unpack('q*', \FFI::string($above, 8 * $count))));
        $history = [];
        foreach (array_values(unpack('q*', \FFI::string($dates, 8 * $count))) as $at => $from) {
            $history[] = [
                'from' => $from === PHP_INT_MIN ? null : $from,
                'inviter' => $above[$at] === 0 ? null : $inviters[$at],
            ];
        }

        return $history;
    }

    /**
     * Who stands below whom, as the forest stands: made in two sweeps over all members, for as many questions as there
     * are. Teams stay as they are when the forest changes.
     */
    public function teams(): Teams
    {
        return new Teams(Library::handle('fenrun_teams', function (\FFI $ffi, $out, $error) {
            return $ffi->fenrun_teams_new($this->handle, $out, $error);
        }), $this);
    }

    /**
     * What each member and everybody below them have together, both in the order of members(): amounts, points or
     * counts, which may be below zero. Sums are exact, and one sweep makes them all.
     *
     * @param array<int|string> $own
     *
     * @return array<int, int>
     */
    public function teamVolumes(array $own): array
    {
        $count = count($own);
        $column = Column::of('int64_t', $own, 'own');
        $sums = Library::make('int64_t[' . max(1, $count) . ']');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($column, $count, $sums) {
            return $ffi->fenrun_forest_team_volumes($this->handle, $column, $count, $sums, $error);
        });

        return $count === 0 ? [] : array_values(unpack('q*', \FFI::string($sums, 8 * $count)));
    }

    /**
     * A fact that is true or false for every member, in the order of the members.
     *
     * @param array<bool|int|string> $values bool, or 0 and 1 as databases have them
     */
    public function setFlag(string $name, array $values): void
    {
        $numbers = array_map(static function ($value) {
            return is_bool($value) ? (int) $value : $value;
        }, $values);
        $this->set('flag', $name, Column::of('uint8_t', $numbers, $name), count($values), null);
    }

    /**
     * A fact that is a whole number for every member.
     *
     * @param array<int|string> $values
     */
    public function setNumber(string $name, array $values): void
    {
        $this->set('number', $name, Column::of('int64_t', $values, $name), count($values), null);
    }

    /**
     * A fact that is text for every member.
     *
     * @param array<string> $values
     */
    public function setText(string $name, array $values): void
    {
        $places = [];
        $codes = [];
        foreach (array_values($values) as $at => $value) {
            if (!is_string($value)) {
                throw Error::of(205, 'invalid_value', $at, "{$name}[$at] is " . gettype($value) . '; give text');
            }
            if (!isset($places[$value])) {
                $places[$value] = count($places);
            }
            $codes[] = $places[$value];
        }
        $words = Text::of(array_map('strval', array_keys($places)), $name);
        $this->set('text', $name, Column::of('uint32_t', $codes, $name), count($codes), $words);
    }

    /**
     * The rank of every member; null or empty text for none.
     *
     * @param array<string|null> $values
     * @param array<string>      $names  the ranks there are, lowest first, as in the plan
     */
    public function setRank(array $values, array $names): void
    {
        foreach (array_values($names) as $at => $name) {
            if (!is_string($name)) {
                throw Error::of(205, 'invalid_value', $at, "names[$at] is " . gettype($name) . '; the name of a rank is text');
            }
        }
        $places = array_flip(array_values($names));
        $codes = [];
        foreach (array_values($values) as $at => $value) {
            if ($value !== null && !is_string($value) && !is_int($value)) {
                $shown = is_scalar($value) ? var_export($value, true) : gettype($value);
                throw Error::of(205, 'invalid_value', $at, "rank[$at] is $shown; a rank is text, or null for none");
            }
            if ($value !== null && $value !== '' && !isset($places[$value])) {
                $known = implode(', ', $names);
                throw Error::of(205, 'invalid_value', $at, "rank[$at] is `$value`; the ranks are $known");
            }
            $codes[] = isset($places[$value]) ? $places[$value] + 1 : 0;
        }
        $count = count($codes);
        $column = Column::of('uint8_t', $codes, 'rank');
        $text = Text::of(array_values($names), 'names');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($column, $count, $text) {
            return $ffi->fenrun_forest_set_rank($this->handle, $column, $count, $text, strlen($text), $error);
        });
    }

    /**
     * What C calls members.
     *
     * @internal
     *
     * @param array<int|string> $ids
     */
    public function numbers(array $ids, string $what): ?\FFI\CData
    {
        if ($ids === [] || !$this->hasTexts()) {
            return Column::ids($ids, $what);
        }
        $count = count($ids);
        $texts = Column::texts($ids, $what);
        $numbers = Library::make('uint64_t[' . $count . ']');
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($texts, $count, $numbers) {
            return $ffi->fenrun_forest_find_all($this->handle, $texts[0], $texts[1], $count, $numbers, $error);
        });

        return $numbers;
    }

    /**
     * What C calls a member.
     *
     * @internal
     *
     * @param int|string $id
     */
    public function numberOf($id, string $what): int
    {
        if (!$this->hasTexts()) {
            return Column::id($id, $what);
        }
        $name = Column::name($id, $what);

        return Library::number('uint64_t', function (\FFI $ffi, $out, $error) use ($name) {
            return $ffi->fenrun_forest_find($this->handle, $name, strlen($name), $out, $error);
        });
    }

    /**
     * What C calls the account an id came with, whether it was merged since or not.
     *
     * @internal
     *
     * @param int|string $id
     */
    public function account($id, string $what = 'member'): int
    {
        return $this->hasTexts() ? $this->numbers([$id], $what)[0] : Column::id($id, $what);
    }

    /**
     * The ids of members by what C calls them.
     *
     * @internal
     *
     * @param array<int, int> $numbers
     *
     * @return array<int, int|string>
     */
    public function ids(array $numbers): array
    {
        if (!$this->hasTexts()) {
            return $numbers;
        }
        $column = Column::of('uint64_t', $numbers, 'members');
        $count = count($numbers);

        return Library::texts($count, function (\FFI $ffi, $out, $ends, $error) use ($column, $count) {
            return $ffi->fenrun_forest_ids($this->handle, $column, $count, $out, $ends, $error);
        });
    }

    /**
     * How many rows there are.
     *
     * @param array<mixed> $members
     * @param array<mixed> $inviters
     */
    private static function sameLength(array $members, array $inviters): int
    {
        $count = count($members);
        if (count($inviters) !== $count) {
            throw Error::of(110, 'length_mismatch', null, sprintf('%d inviters for %d members', count($inviters), $count));
        }

        return $count;
    }

    private function set(string $kind, string $name, ?\FFI\CData $column, int $count, ?string $words): void
    {
        Library::check(Library::ffi(), function (\FFI $ffi, $error) use ($kind, $name, $column, $count, $words) {
            $arguments = [$this->handle, $name, strlen($name), $column, $count];
            if ($words !== null) {
                array_push($arguments, $words, strlen($words));
            }

            return $ffi->{'fenrun_forest_set_' . $kind}(...array_merge($arguments, [$error]));
        });
    }
}
