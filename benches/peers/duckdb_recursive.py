"""Flat levels in DuckDB as one recursive query, one thread."""

from __future__ import annotations

import duckdb
import numpy as np

VERSION = duckdb.__version__


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    con = duckdb.connect(config={"threads": 1})
    members, inviters = data["members"], data["inviters"]
    buyers, base = data["buyers"], data["base"]
    number = np.arange(len(buyers))
    rates_by_level = np.array(rates)
    levels = np.arange(1, len(rates) + 1)
    con.register("edges", {"id": members, "up": inviters})
    con.register("sales", {"number": number, "buyer": buyers, "base": base})
    con.register("table_of_rates", {"level": levels, "rate": rates_by_level})
    con.execute("create table m as select * from edges")
    con.execute("create table o as select * from sales")
    con.execute("create table rates as select * from table_of_rates")
    query = f"""
        with recursive chain(number, base, person, level) as (
            select o.number, o.base, m.up, 1 from o join m on m.id = o.buyer where m.up <> 0
            union all
            select c.number, c.base, m.up, c.level + 1 from chain c join m on m.id = c.person
            where m.up <> 0 and c.level < {len(rates)}
        )
        select number, person as payee, level, base * rate // 10000 as amount
        from chain join rates using (level) where base * rate // 10000 > 0"""

    def run() -> tuple[int, int]:
        con.execute(f"create or replace temp table r as {query}")
        rows, total = con.execute("select count(*), sum(amount) from r").fetchone()
        return rows, int(total)

    return run
