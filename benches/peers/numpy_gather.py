"""Flat levels in numpy: one gather per level, integer arithmetic, rows concatenated."""

from __future__ import annotations

import numpy as np


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    parents = np.zeros(len(data["members"]) + 1, dtype=np.int32)
    parents[data["members"]] = data["inviters"]
    buyers = data["buyers"].astype(np.int32)
    base = data["base"]
    numbers = np.arange(len(buyers), dtype=np.int32)

    def run() -> tuple[int, int]:
        orders, payees, levels, amounts = [], [], [], []
        person = buyers
        for level, rate in enumerate(rates, start=1):
            person = parents.take(person)
            amount = base * rate // 10_000
            keep = np.flatnonzero((person != 0) & (amount > 0))
            orders.append(numbers.take(keep))
            payees.append(person.take(keep))
            levels.append(np.full(len(keep), level, dtype=np.uint8))
            amounts.append(amount.take(keep))
        rows = [np.concatenate(column) for column in (orders, payees, levels, amounts)]
        return len(rows[0]), int(rows[3].sum())

    return run
