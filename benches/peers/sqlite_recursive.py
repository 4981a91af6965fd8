"""Flat levels in SQLite as one recursive query over all orders, into a table."""

from __future__ import annotations

import sqlite3

import numpy as np

VERSION = sqlite3.sqlite_version
QUERY = """
    with recursive chain(number, base, person, level) as (
        select o.number, o.base, m.up, 1 from o join m on m.id = o.buyer where m.up <> 0
        union all
        select c.number, c.base, m.up, c.level + 1 from chain c join m on m.id = c.person
        where m.up <> 0 and c.level < {levels}
    )
    select number, person as payee, level, base * rate / 10000 as amount
    from chain join rates using (level) where base * rate / 10000 > 0"""


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    con = sqlite3.connect(":memory:")
    con.execute("create table m (id integer primary key, up integer not null)")
    con.execute("create table o (number integer primary key, buyer integer not null, base integer not null)")
    con.execute("create table rates (level integer primary key, rate integer not null)")
    con.executemany("insert into m values (?, ?)", zip(data["members"].tolist(), data["inviters"].tolist()))
    orders = zip(range(len(data["buyers"])), data["buyers"].tolist(), data["base"].tolist())
    con.executemany("insert into o values (?, ?, ?)", orders)
    con.executemany("insert into rates values (?, ?)", enumerate(rates, start=1))
    con.execute("analyze")
    query = QUERY.format(levels=len(rates))

    def run() -> tuple[int, int]:
        con.execute("drop table if exists r")
        con.execute(f"create table r as {query}")
        return con.execute("select count(*), sum(amount) from r").fetchone()

    return run
