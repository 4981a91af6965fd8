"""Flat levels in DuckDB: one join per level, integer arithmetic, one thread."""

from __future__ import annotations

import duckdb
import numpy as np

VERSION = duckdb.__version__


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    con = duckdb.connect(config={"threads": 1})
    members, inviters = data["members"], data["inviters"]
    buyers, base = data["buyers"], data["base"]
    number = np.arange(len(buyers))
    edges = {"id": members, "up": inviters}
    con.register("edges", edges)
    con.register("sales", {"number": number, "buyer": buyers, "base": base})
    con.execute("create table m as select * from edges")
    con.execute("create table o as select * from sales")
    parts = []
    for level, rate in enumerate(rates, start=1):
        joins = "".join(f" join m m{k} on m{k}.id = m{k - 1}.up" for k in range(2, level + 1))
        parts.append(
            f"select o.number, m{level}.up as payee, {level} as level, o.base * {rate} // 10000 as amount "
            f"from o join m m1 on m1.id = o.buyer{joins} where m{level}.up <> 0 and o.base * {rate} // 10000 > 0"
        )
    query = " union all ".join(parts)

    def run() -> tuple[int, int]:
        con.execute(f"create or replace temp table r as {query}")
        rows, total = con.execute("select count(*), sum(amount) from r").fetchone()
        return rows, int(total)

    return run
