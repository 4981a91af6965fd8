"""Flat levels in numpy with everything a batch of ours gives: rows in the order of orders and levels, the
rule of each row, and what was retained, by reason, checked against the pool."""

from __future__ import annotations

import numpy as np


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    parents = np.zeros(len(data["members"]) + 1, dtype=np.int32)
    parents[data["members"]] = data["inviters"]
    buyers = data["buyers"].astype(np.int32)
    base = data["base"]
    levels = len(rates)
    numbers = np.repeat(np.arange(len(buyers), dtype=np.int32), levels)
    slots = np.tile(np.arange(1, levels + 1, dtype=np.int32), len(buyers))

    def run() -> tuple[int, int]:
        if base.min() < 0 or buyers.min() < 1 or buyers.max() >= len(parents):
            raise ValueError("bad orders")
        people = np.empty((len(buyers), levels), dtype=np.int32)
        amounts = np.empty((len(buyers), levels), dtype=np.int64)
        person = buyers
        for level, rate in enumerate(rates):
            person = parents.take(person)
            people[:, level] = person
            np.floor_divide(base * rate, 10_000, out=amounts[:, level])
        people, amounts = people.ravel(), amounts.ravel()
        pool = int(amounts.sum())
        reached = people != 0
        keep = np.flatnonzero(reached & (amounts > 0))
        rows = [column.take(keep) for column in (numbers, people, slots, amounts)]
        no_upline = int(amounts[~reached].sum())
        paid = int(rows[3].sum())
        if paid + no_upline != pool:
            raise ValueError("a cent is missing")
        return len(rows[0]), paid

    return run
