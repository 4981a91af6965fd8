"""Jobs over a forest in DuckDB, one thread: recursive queries, and nested sets for pages."""

from __future__ import annotations

import duckdb
import numpy as np

from .forest_numpy import depth_first, own_of, pairs_of, parents_of

VERSION = duckdb.__version__
WAVES = """
    wave(person, volume) as (
        select person, volume from own
        union all
        select m.up, sum(w.volume)::bigint from wave w join m on m.id = w.person where m.up <> 0 group by m.up
    ),
    team(person, volume) as (select person, sum(volume)::bigint from wave group by person)"""


def connect(data: dict[str, np.ndarray]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    members, inviters = data["members"], data["inviters"]
    buyers, base, number = data["buyers"], data["base"], np.arange(len(data["buyers"]))
    volume = own_of(data)[1:]
    con.register("edges", {"id": members, "up": inviters})
    con.register("sales", {"number": number, "buyer": buyers, "base": base})
    con.register("volumes", {"person": members, "volume": volume})
    con.execute("create table m as select * from edges")
    con.execute("create table o as select * from sales")
    con.execute("create table own as select * from volumes")
    return con


def prepare_teams(data: dict[str, np.ndarray]):
    con = connect(data)

    def run() -> tuple[int, int]:
        con.execute(f"create or replace temp table t as with recursive {WAVES} select * from team")
        rows, total = con.execute("select count(*), bit_xor(volume) from t").fetchone()
        return rows, int(total)

    return run


def prepare_differential(data: dict[str, np.ndarray]):
    con = connect(data)
    con.execute("drop table own")
    rank = "case when volume >= 10000000 then 15 when volume >= 2000000 then 12 when volume >= 400000 then 8 " \
        "when volume >= 100000 then 5 else 0 end"
    ranks = f"""create or replace temp table r as with recursive
        own(person, volume) as (select buyer, sum(base)::bigint from o group by buyer), {WAVES}
        select m.id, m.up, {rank} as rate from m join team on team.person = m.up"""
    walk = """create or replace temp table t as with recursive
        walk(number, base, person, before, best) as (
            select o.number, o.base, r.up, 0, r.rate from o join r on r.id = o.buyer
            union all
            select w.number, w.base, r.up, w.best, greatest(w.best, r.rate)
            from walk w join r on r.id = w.person where w.best < 15
        )
        select number, person as payee, base * best // 100 - base * before // 100 as amount
        from walk where best > before and base * best // 100 > base * before // 100"""

    def run() -> tuple[int, int]:
        con.execute(ranks)
        con.execute(walk)
        rows, total = con.execute("select count(*), sum(amount) from t").fetchone()
        return rows, int(total)

    return run


def prepare_above(data: dict[str, np.ndarray], count: int):
    """All questions in one recursive query."""
    con = connect(data)
    upper, lower = pairs_of(data, count)
    number = np.arange(count)
    con.register("questions", {"number": number, "wanted": upper, "person": lower})
    con.execute("create table asked as select * from questions")
    query = """with recursive walk(wanted, person) as (
            select a.wanted, m.up from asked a join m on m.id = a.person
            union all
            select w.wanted, m.up from walk w join m on m.id = w.person where w.person > w.wanted
        ) select count(*) from walk where wanted = person"""

    def run() -> tuple[int, int]:
        return count, con.execute(query).fetchone()[0]

    return run


def prepare_pages(data: dict[str, np.ndarray], count: int):
    """Nested sets with an index on the place; a query a page."""
    con = duckdb.connect(config={"threads": 1})
    walk, place, sizes = depth_first(parents_of(data))
    con.register("places", {"place": np.arange(len(walk)), "member": walk, "size": sizes[walk]})
    con.execute("create table walk as select * from places")
    con.execute("create unique index by_place on walk(place)")
    con.execute("create unique index by_member on walk(member)")
    spot = "select place, size from walk where member = ?"
    page = "select count(*), coalesce(sum(member), 0) from walk where place between ? and ?"
    whose, after = pairs_of(data, count)
    whose, after = whose.tolist(), (after % 100).tolist()

    def run() -> tuple[int, int]:
        rows = total = 0
        for member, skip in zip(whose, after):
            first, size = con.execute(spot, [member]).fetchone()
            people, ids = con.execute(page, [first + 1 + skip, min(first + size - 1, first + skip + 50)]).fetchone()
            rows += people
            total += int(ids)
        return rows, total

    return run


def prepare_moves(data: dict[str, np.ndarray], count: int):
    """A transaction a move: is it a cycle, then both paths by recursive queries."""
    con = connect(data)
    con.execute(f"create table t as with recursive {WAVES} select * from team")
    con.execute("create unique index m_by_id on m(id)")
    con.execute("create unique index t_by_person on t(person)")
    who, to = pairs_of(data, count)
    pairs = list(zip(who.tolist(), to.tolist()))
    path = """with recursive path(person) as (
        select ?::bigint union all select m.up from path join m on m.id = path.person where m.up <> 0) select * from path"""

    def fresh() -> None:
        con.execute("begin")

    def run(_state) -> tuple[int, int]:
        moved = 0
        for member, target in pairs:
            above = [row[0] for row in con.execute(path, [target]).fetchall()]
            if member in above:
                continue
            below = [row[0] for row in con.execute(path, [member]).fetchall()][1:]
            amount = con.execute("select volume from t where person = ?", [member]).fetchone()[0]
            if below:
                con.execute("update t set volume = volume - ? where list_contains(?, person)", [amount, below])
            con.execute("update t set volume = volume + ? where list_contains(?, person)", [amount, above])
            con.execute("update m set up = ? where id = ?", [target, member])
            moved += 1
        total = con.execute("select sum(volume) from t").fetchone()[0]
        con.execute("rollback")
        return moved, int(total)

    return fresh, run
