"""Flat levels in a numba loop: one pass over the orders, rows into arrays made once per call."""

from __future__ import annotations

import numba
import numpy as np

VERSION = numba.__version__


@numba.njit
def settle(parents, buyers, base, rates, orders, payees, levels, amounts):
    row = 0
    for order in range(len(buyers)):
        person = buyers[order]
        for level in range(len(rates)):
            person = parents[person]
            if person == 0:
                break
            amount = base[order] * rates[level] // 10_000
            if amount > 0:
                orders[row], payees[row], levels[row], amounts[row] = order, person, level + 1, amount
                row += 1
    return row


def prepare(data: dict[str, np.ndarray], rates: list[int], *, kept: bool = False):
    """`kept`: into arrays of the call before."""
    parents = np.zeros(len(data["members"]) + 1, dtype=np.int32)
    parents[data["members"]] = data["inviters"]
    buyers, base = data["buyers"].astype(np.int32), data["base"]
    table = np.array(rates, dtype=np.int64)
    most = len(buyers) * len(rates)

    def columns() -> list[np.ndarray]:
        return [np.empty(most, dtype=kind) for kind in (np.int32, np.int32, np.uint8, np.int64)]

    place = columns() if kept else None

    def run() -> tuple[int, int]:
        to = place or columns()
        rows = settle(parents, buyers, base, table, *to)
        return rows, int(to[3][:rows].sum())

    run()  # compiles
    return run
