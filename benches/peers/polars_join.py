"""Flat levels in polars: one lazy join per level, rows concatenated. The caller sets POLARS_MAX_THREADS=1."""

from __future__ import annotations

import numpy as np
import polars as pl

VERSION = pl.__version__


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    edges = pl.LazyFrame({"person": data["members"], "up": data["inviters"]})
    number = np.arange(len(data["buyers"]))
    sales = pl.LazyFrame({"order": number, "person": data["buyers"], "base": data["base"]})

    def run() -> tuple[int, int]:
        found, chain = [], sales
        for level, rate in enumerate(rates, start=1):
            chain = chain.join(edges, on="person").filter(pl.col("up") != 0)
            amount = pl.col("base") * rate // 10_000
            rows = chain.select("order", pl.col("up").alias("payee"), pl.lit(level).alias("level"), amount.alias("amount"))
            found.append(rows.filter(pl.col("amount") > 0))
            chain = chain.select("order", pl.col("up").alias("person"), "base")
        rows = pl.concat(found).collect()
        return len(rows), int(rows["amount"].sum())

    return run
