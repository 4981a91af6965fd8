"""Flat levels in pandas: one merge per level, rows concatenated."""

from __future__ import annotations

import numpy as np
import pandas as pd

VERSION = pd.__version__


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    edges = pd.DataFrame({"person": data["members"], "up": data["inviters"]})
    sales = pd.DataFrame({"order": np.arange(len(data["buyers"])), "person": data["buyers"], "base": data["base"]})

    def run() -> tuple[int, int]:
        found, chain = [], sales
        for level, rate in enumerate(rates, start=1):
            chain = chain.merge(edges, on="person")
            chain = chain[chain["up"] != 0]
            rows = pd.DataFrame({"order": chain["order"], "payee": chain["up"], "level": level})
            rows["amount"] = chain["base"] * rate // 10_000
            found.append(rows[rows["amount"] > 0])
            chain = chain[["order", "up", "base"]].rename(columns={"up": "person"})
        rows = pd.concat(found, ignore_index=True)
        return len(rows), int(rows["amount"].sum())

    return run
