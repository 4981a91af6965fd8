"""Jobs over a forest in numpy, on arrays as hand-tuned code would keep them: members by level of the tree for
team sums, places of a depth-first walk for pages."""

from __future__ import annotations

import numpy as np

VERSION = np.__version__
STEPS = np.array([100_000, 400_000, 2_000_000, 10_000_000])
RATES = np.array([0, 5, 8, 12, 15])


def parents_of(data: dict[str, np.ndarray]) -> np.ndarray:
    parents = np.zeros(len(data["members"]) + 1, dtype=np.int32)
    parents[data["members"]] = data["inviters"]
    return parents


def own_of(data: dict[str, np.ndarray]) -> np.ndarray:
    own = np.zeros(len(data["members"]) + 1, dtype=np.int64)
    np.add.at(own, data["buyers"], data["base"])
    return own


def levels_of(parents: np.ndarray) -> list[np.ndarray]:
    """Members by depth, roots first, those of one parent together."""
    depths = np.zeros(len(parents), dtype=np.int32)
    above = parents.copy()
    while above.any():
        depths += above != 0
        above = parents[above]
    order = np.lexsort((parents[1:], depths[1:])) + 1
    return np.split(order, np.flatnonzero(np.diff(depths[order])) + 1)


def pairs_of(data: dict[str, np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    return data["buyers"][:count], np.ascontiguousarray(data["buyers"][::-1][:count])


def sum_up(levels: list[tuple], own: np.ndarray) -> np.ndarray:
    team = own.copy()
    for members, starts, above in reversed(levels):
        team[above] += np.add.reduceat(team[members], starts)
    return team


def families(parents: np.ndarray) -> list[tuple]:
    """For each level its members, where the children of each parent start, and these parents."""
    found = []
    for members in levels_of(parents):
        above, starts = np.unique(parents[members], return_index=True)
        found.append((members, starts, above))
    return found


def prepare_teams(data: dict[str, np.ndarray]):
    own, levels = own_of(data), families(parents_of(data))

    def run() -> tuple[int, int]:
        team = sum_up(levels, own)
        return len(team) - 1, int(np.bitwise_xor.reduce(team[1:]))

    return run


def prepare_differential(data: dict[str, np.ndarray]):
    parents = parents_of(data)
    levels = families(parents)
    buyers, base = data["buyers"], data["base"]

    def run() -> tuple[int, int]:
        own = np.bincount(buyers, weights=base, minlength=len(parents)).astype(np.int64)
        team = sum_up(levels, own)
        rates = RATES[np.searchsorted(STEPS, team, side="right")]
        rates[0] = 0
        order, person, taken = np.arange(len(buyers)), buyers, np.zeros(len(buyers), dtype=np.int64)
        best = np.zeros(len(buyers), dtype=np.int64)
        rows, total = [], 0
        while len(order):
            person = parents[person]
            here = rates[person]
            paid = np.flatnonzero(here > best)
            reached = base[order[paid]] * here[paid] // 100
            amounts = reached - taken[paid]
            taken[paid], best[paid] = reached, here[paid]
            keep = amounts > 0
            rows.append((order[paid][keep], person[paid][keep], amounts[keep]))
            on = np.flatnonzero((person != 0) & (best < RATES[-1]))
            order, person, taken, best = order[on], person[on], taken[on], best[on]
        rows = [np.concatenate(column) for column in zip(*rows)]
        total = int(rows[2].sum())
        return len(rows[0]), total

    return run


def prepare_above(data: dict[str, np.ndarray], count: int):
    """All questions at once, level by level."""
    parents = parents_of(data)
    upper, lower = pairs_of(data, count)

    def run() -> tuple[int, int]:
        wanted, person, hits = upper, lower, 0
        while len(person):
            person = parents[person]
            found = person == wanted
            hits += int(np.count_nonzero(found))
            on = np.flatnonzero((person > wanted) & ~found)
            wanted, person = wanted[on], person[on]
        return count, hits

    return run


def depth_first(parents: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Members in the order of a depth-first walk, the place of each, and the size of everybody's team with
    themselves: nested sets."""
    sizes = sum_up(families(parents), np.ones(len(parents), dtype=np.int64))
    sizes[0] = len(parents)
    place = np.zeros(len(parents), dtype=np.int64)
    for members in levels_of(parents):
        # Those of one parent stand together, in join order: each comes after the teams of those before.
        before = np.cumsum(sizes[members]) - sizes[members]
        above = parents[members]
        first = np.concatenate([[True], above[1:] != above[:-1]])
        before -= np.repeat(before[first], np.diff(np.append(np.flatnonzero(first), len(members))))
        place[members] = place[above] + 1 + before
    walk = np.empty(len(parents), dtype=np.int64)
    walk[place] = np.arange(len(parents))
    return walk, place, sizes


def prepare_pages(data: dict[str, np.ndarray], count: int):
    walk, place, sizes = depth_first(parents_of(data))
    whose, after = pairs_of(data, count)
    whose, after = whose.tolist(), (after % 100).tolist()

    def run() -> tuple[int, int]:
        rows = total = 0
        for member, skip in zip(whose, after):
            first, size = int(place[member]) + 1, int(sizes[member]) - 1
            skip = min(skip, size)
            page = walk[first + skip : first + min(skip + 50, size)]
            rows += len(page)
            total += int(page.sum())
        return rows, total

    return run
