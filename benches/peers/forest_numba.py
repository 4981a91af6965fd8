"""Jobs over a forest as numba loops over arrays, without checks of input or overflow."""

from __future__ import annotations

import numba
import numpy as np

from .forest_numpy import RATES, STEPS, depth_first, own_of, pairs_of, parents_of

VERSION = numba.__version__


@numba.njit
def sum_up(parents, team):
    for member in range(len(parents) - 1, 0, -1):
        team[parents[member]] += team[member]


@numba.njit
def climb(parents, buyers, base, codes, rates, orders, payees, amounts):
    row, top = 0, rates[-1]
    for order in range(len(buyers)):
        person, best, taken = parents[buyers[order]], 0, 0
        while person != 0 and best < top:
            rate = rates[codes[person]]
            if rate > best:
                reached = base[order] * rate // 100
                if reached > taken:
                    orders[row], payees[row], amounts[row] = order, person, reached - taken
                    row += 1
                best, taken = rate, reached
            person = parents[person]
    return row


@numba.njit
def volumes(buyers, base, own):
    for order in range(len(buyers)):
        own[buyers[order]] += base[order]


@numba.njit
def count_above(parents, upper, lower):
    hits = 0
    for at in range(len(upper)):
        person = parents[lower[at]]
        while person > upper[at]:
            person = parents[person]
        hits += person == upper[at]
    return hits


@numba.njit
def turn_pages(walk, place, sizes, whose, after, page):
    rows = total = 0
    for at in range(len(whose)):
        size, first = sizes[whose[at]] - 1, place[whose[at]] + 1
        skip = min(after[at] % 100, size)
        taken = min(50, size - skip)
        for row in range(taken):
            page[row] = walk[first + skip + row]
        rows += taken
        for row in range(taken):
            total += page[row]
    return rows, total


@numba.njit
def move(parents, team, who, to):
    moved = 0
    for at in range(len(who)):
        member, target = who[at], to[at]
        person = target
        while person != 0 and person != member:
            person = parents[person]
        if person == member:
            continue
        amount, person = team[member], parents[member]
        while person != 0:
            team[person] -= amount
            person = parents[person]
        parents[member], person = target, target
        while person != 0:
            team[person] += amount
            person = parents[person]
        moved += 1
    return moved


def prepare_teams(data: dict[str, np.ndarray]):
    parents, own = parents_of(data), own_of(data)

    def run() -> tuple[int, int]:
        team = own.copy()
        sum_up(parents, team)
        return len(team) - 1, int(np.bitwise_xor.reduce(team[1:]))

    run()  # compiles
    return run


def prepare_differential(data: dict[str, np.ndarray]):
    parents, buyers, base = parents_of(data), data["buyers"].astype(np.int32), data["base"]

    def run() -> tuple[int, int]:
        team = np.zeros(len(parents), dtype=np.int64)
        volumes(buyers, base, team)
        sum_up(parents, team)
        codes = np.searchsorted(STEPS, team, side="right").astype(np.uint8)
        most = len(buyers) * len(STEPS)
        columns = [np.empty(most, dtype=kind) for kind in (np.int32, np.int32, np.int64)]
        rows = climb(parents, buyers, base, codes, RATES, *columns)
        return rows, int(columns[2][:rows].sum())

    run()
    return run


def prepare_above(data: dict[str, np.ndarray], count: int):
    parents = parents_of(data)
    upper, lower = pairs_of(data, count)

    def run() -> tuple[int, int]:
        return count, int(count_above(parents, upper, lower))

    run()
    return run


def prepare_pages(data: dict[str, np.ndarray], count: int):
    walk, place, sizes = depth_first(parents_of(data))
    whose, after = pairs_of(data, count)
    page = np.empty(50, dtype=np.int64)

    def run() -> tuple[int, int]:
        rows, total = turn_pages(walk, place, sizes, whose, after, page)
        return int(rows), int(total)

    run()
    return run


def prepare_moves(data: dict[str, np.ndarray], count: int):
    """The copies that are moved are made outside of what is measured."""
    parents, team = parents_of(data), own_of(data)
    sum_up(parents, team)
    who, to = pairs_of(data, count)

    def fresh():
        return parents.copy(), team.copy()

    def run(state) -> tuple[int, int]:
        up, sums = state
        return int(move(up, sums, who, to)), int(sums[1:].sum())

    run(fresh())
    return fresh, run
