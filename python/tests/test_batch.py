"""A batch is every order settled alone, whatever carries its columns and however many threads work."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import threading
from decimal import Decimal
from typing import Any

import fenrun as fr
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import plan, rule, sale

FOREST = fr.Forest.from_edges([1, 2, 3], [0, 1, 2])
COLUMNS = {"order": [11, 12], "buyer": [3, 2], "paid": [10000, 999]}


def test_rows() -> None:
    rows = plan().settle(FOREST, COLUMNS)
    assert len(rows) == 3
    assert rows.order.tolist() == [11, 11, 12]
    assert rows.payee.tolist() == [2, 1, 1]
    assert rows.level.tolist() == [1, 2, 1]
    assert rows.amount.tolist() == [1000, 500, 99]
    assert rows.source.tolist() == [0, 0, 1]
    assert rows.rule.tolist() == [0, 0, 0]
    assert rows.rules == ("upline",)
    assert (rows.pool, rows.retained, rows.conserved) == (1648, {"no_upline": 49}, True)
    assert {column.dtype.name for column in (rows.order, rows.payee, rows.amount)} == {"int64"}
    assert repr(rows) == "<fenrun.Rows: 3 rows, 1,599 of a pool of 1,648 CNY minor units>"
    assert pickle.loads(pickle.dumps(rows)) == rows
    assert rows != plan().settle(FOREST, buyer=[3], paid=[1])
    assert rows != 1


@pytest.mark.parametrize(
    ("orders", "lines"),
    [
        (None, None),
        ([11, 11, 12, 30], [7, 5, 7, 1]),
        (["x", "x", "007", "30"], ["l10", "l9", "甲", "1"]),
        (["x", "x", 12, 30], [1, 2, 1, 1]),
        ([40, 30, 20, 10], None),
    ],
)
@pytest.mark.parametrize("tenant", ["", "shop-2"])
def test_keys_are_those_of_the_sales_alone(orders: Any, lines: Any, tenant: str) -> None:
    """Rules by line and by order, accounts, and rules that run after others, however many threads work."""
    settled = plan(
        rule(id="lines", split={"cash": "80%", "shop": "20%"}),
        rule(id="orders", pay={"levels": ["3%"]}, round={"per": "order"}),
        rule(id="then", after="lines", of="income", pay={"levels": ["50%", "20%"]}),
        rule(id="last", after="then", of="income", pay={"levels": ["50%"]}),
    )
    columns = {"buyer": [5, 5, 4, 5], "paid": [10000, 999, 5000, 70000]}
    columns |= {name: ids for name, ids in (("order", orders), ("line", lines)) if ids is not None}
    # As many as make parts of their own for several threads.
    apart = {name: [*column, *columns[name]] for name, column in repeated(columns, 2 * 4096 // 4).items()}
    forest = fr.Forest.from_edges([1, 2, 3, 4, 5], [0, 1, 2, 3, 4])
    upline = {5: [4, 3, 2, 1], 4: [3, 2, 1]}
    sales: dict[Any, dict[str, Any]] = {}
    for row, (buyer, paid) in enumerate(zip(columns["buyer"], columns["paid"], strict=True)):
        order = row + 1 if orders is None else orders[row]
        sale = {"id": order, "tenant": tenant, "buyer": buyer, "upline": upline[buyer], "lines": []}
        line = 1 if lines is None else lines[row]
        sales.setdefault(order, sale)["lines"].append({"id": line, "paid": paid})
    alone = [row.key for sale in sales.values() for row in settled.settle_one(sale).rows]
    rows = settled.settle(forest, columns, tenant=tenant)
    assert rows.keys() == alone and len(set(alone)) == len(rows) > 20
    assert all(len(key) == 32 for key in alone) and rows.tenant == tenant
    assert pickle.loads(pickle.dumps(rows)).keys() == alone
    if orders is None:
        assert settled.settle(forest, apart, tenant=tenant, threads=2).keys()[: len(alone)] == alone
    else:
        for threads in (1, 2):
            assert settled.settle(forest, apart, tenant=tenant, threads=threads).keys()[-len(alone) :] == alone


def repeated(columns: dict[str, list[Any]], times: int) -> dict[str, list[Any]]:
    """Orders of other ids, in front of these."""
    many = {name: column * times for name, column in columns.items()}
    if "order" in columns:
        texts = any(isinstance(order, str) for order in columns["order"])
        ids = [1000 + 4 * at + place for at in range(times) for place in map(columns["order"].index, columns["order"])]
        many["order"] = [f"o{order}" for order in ids] if texts else ids
    return many


def test_keys_of_the_usual_batch() -> None:
    rows = plan().settle(FOREST, COLUMNS)
    assert rows.keys()[0] == plan().settle_one(sale(id=11, buyer=3, upline=[2, 1])).rows[0].key
    assert plan().settle(FOREST, COLUMNS, tenant="t").keys() != rows.keys()
    assert plan().settle(FOREST, COLUMNS, tenant="t") != rows
    assert plan().settle(FOREST, buyer=[], paid=[]).keys() == []
    with pytest.raises(fr.SaleError, match="tenant"):
        plan().settle(FOREST, COLUMNS, tenant="x" * 65)
    with pytest.raises(fr.DocumentError, match="tenant: half"):
        plan().settle(FOREST, COLUMNS, tenant="\ud800")
    with pytest.raises(TypeError, match="tenant"):
        plan().settle(FOREST, COLUMNS, tenant=7)  # type: ignore[arg-type]


def test_tables_out() -> None:
    rows = plan().settle(FOREST, COLUMNS)
    table = rows.to_arrow()
    assert table.column_names == ["order", "payee", "rule", "level", "amount"]
    assert table.to_pylist()[0] == {"order": 11, "payee": 2, "rule": "upline", "level": 1, "amount": 1000}
    assert pa.table(rows).equals(table)
    frame = pd.DataFrame(rows.to_dict())
    assert frame.groupby("payee").amount.sum().to_dict() == {1: 599, 2: 1000}
    lined = plan().settle(FOREST, COLUMNS | {"line": [1, 2]})
    assert lined.to_arrow().column_names == ["order", "line", "payee", "rule", "level", "amount"]
    assert lined.line.tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    "orders",
    [
        COLUMNS,
        {name: np.array(column) for name, column in COLUMNS.items()},
        {name: np.array(column)[::1].astype(np.int32) for name, column in COLUMNS.items()},
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS).astype({"buyer": "Int64", "paid": "Int64"}),
        pa.table(COLUMNS),
        pa.Table.from_pydict(COLUMNS).to_batches()[0],
        np.array(list(zip(*COLUMNS.values(), strict=True)), [(name, np.int64) for name in COLUMNS]),
        COLUMNS | {"paid": [Decimal("100.00"), Decimal("9.99")]},
        COLUMNS | {"paid": pa.array([Decimal("100.00"), Decimal("9.99")])},
    ],
)
def test_tables_in(orders: Any) -> None:
    by_name = plan().settle(FOREST, order=COLUMNS["order"], buyer=COLUMNS["buyer"], paid=COLUMNS["paid"])
    assert plan().settle(FOREST, orders) == by_name


def test_anything_with_an_arrow_stream() -> None:
    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
            return pa.table(COLUMNS).__arrow_c_stream__(requested_schema)

    assert plan().settle(FOREST, Stream()) == plan().settle(FOREST, COLUMNS)
    with pytest.raises(TypeError, match="a dict of columns"):
        plan().settle(FOREST, 7)
    with pytest.raises(TypeError, match="paid is given twice"):
        plan().settle(FOREST, COLUMNS, paid=[1, 2])


def test_texts_come_back_as_texts() -> None:
    forest = fr.Forest.from_edges(["ann", "bob", "cid"], [None, "ann", "bob"])
    rows = plan().settle(forest, order=["x", "y"], buyer=["cid", "bob"], paid=[10000, 999])
    assert rows.order.tolist() == ["x", "x", "y"]
    assert rows.payee.tolist() == ["bob", "ann", "ann"]
    assert rows.to_arrow().to_pylist()[2]["payee"] == "ann"
    assert pickle.loads(pickle.dumps(rows)) == rows


def test_lines_components_overrides() -> None:
    tested = plan(
        rule(id="each", pay={"levels": ["10%"]}),
        rule(id="once", of="pv", pay={"levels": ["1/3"]}, round={"mode": "down", "per": "order"}),
    )
    columns = {
        "order": ["o", "o", "p"],
        "line": ["l10", "l9", "l1"],
        "buyer": [2, 2, 3],
        "paid": [100, 200, 300],
    }
    columns |= {"pv": [1, 1, 5], "units": [1, 2, 3], "override": [0, 1, 0]}
    rows = tested.settle(FOREST, columns, overrides=[{"each": {"any": [7]}}])
    table = list(zip(rows.order, rows.line, rows.rule, rows.amount, strict=True))
    # Lines of an order stand by their ids: l9 before l10.
    assert table == [("o", "l9", 0, 14), ("o", "l10", 0, 10), ("p", "l1", 0, 30), ("p", None, 1, 1)]


def test_empty() -> None:
    rows = plan().settle(FOREST, buyer=[], paid=[], threads=3)
    assert (len(rows), rows.pool, rows.retained, rows.conserved) == (0, 0, {}, True)
    nobody = fr.Forest.from_edges([], [])
    assert len(nobody) == len(nobody.members()) == 0
    assert len(plan().settle(nobody, buyer=np.array([], dtype=np.int64), paid=[])) == 0


def test_times() -> None:
    day = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    for placed_at in (
        [day],
        np.array(["2024-05-01"], "datetime64[D]"),
        pd.Series([day]),
        [1714521600000],
        pa.array([day]),
    ):
        assert len(plan().settle(FOREST, buyer=[3], paid=[10000], placed_at=placed_at)) == 2
    with pytest.raises(TypeError, match="without zone"):
        plan().settle(FOREST, buyer=[3], paid=[1], placed_at=[day.replace(tzinfo=None)])
    with pytest.raises(fr.TableError, match="empty cell"):
        plan().settle(FOREST, buyer=[3], paid=[1], placed_at=np.array(["NaT"], "datetime64[ms]"))


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "7D", "ms", "us", "ns"])
def test_times_that_do_not_fit(unit: str) -> None:
    """What a unit can say and milliseconds cannot is refused, not wrapped; the first and the last that fit are taken."""

    def settle(times: Any) -> fr.Rows:
        return plan().settle(FOREST, buyer=[3] * len(times), paid=[100] * len(times), placed_at=times)

    last = np.datetime64(2**63 - 1, "ms").astype(f"datetime64[{unit}]")
    with pytest.raises(TypeError, match="time without zone"):
        FOREST.upline(3, np.array([3]).view(last.dtype)[0])
    if unit in ("ms", "us", "ns"):
        settle(np.array([-(2**63) + 1, 2**63 - 1]).view(f"datetime64[{unit}]"))
        return
    most = int(last.astype(np.int64))
    for order in "<>":
        settle(np.array([-most, most]).view(last.dtype).astype(last.dtype.newbyteorder(order)))
    for time in (-most - 1, most + 1, 2**62, -(2**63) + 1):
        with pytest.raises(fr.MoneyError, match=f"row 1: placed_at: {time} of datetime64.*do not fit 64 bits"):
            settle(np.array([0, time]).view(last.dtype))
    if unit == "s":
        with pytest.raises(fr.MoneyError, match="do not fit 64 bits"):
            settle(pa.array([2**60], pa.timestamp("s")))


RANKS = ["silver", "gold"]
PLANS = [
    plan(rule(pay={"levels": ["7%", "5bp", "1/3"]}, round="half_away"), ranks=RANKS),
    plan(rule(qualify={"active": True}, unqualified="retain"), ranks=RANKS),
    plan(rule(qualify={"active": True}, unqualified="compress", pay={"levels": [3, 2]}), ranks=RANKS),
    plan(
        rule(qualify={"score": {"min": 50}}, unqualified="roll_up", round={"mode": "up", "per": "unit"}),
        ranks=RANKS,
    ),
    plan(rule(pay={"differential": {"gold": "20%", "silver": "1/7"}}), ranks=RANKS),
    plan(
        rule(id="a"),
        rule(id="b", to="self", pay={"levels": ["1/9"]}, round={"per": "order", "min": 3}),
        ranks=RANKS,
    ),
]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Members and order lines."""
    count = draw(st.integers(1, 12))
    members: dict[str, list[Any]] = {
        "id": [5 * at + 2 for at in range(count)],
        "inviter": [0 if at == 0 else 5 * draw(st.integers(0, at - 1)) + 2 for at in range(count)],
        "rank": [draw(st.sampled_from([None, "silver", "gold"])) for _ in range(count)],
        "active": [draw(st.booleans()) for _ in range(count)],
        "score": [draw(st.integers(0, 99)) for _ in range(count)],
    }
    columns: dict[str, list[Any]] = {name: [] for name in ("order", "line", "buyer", "paid", "units")}
    for order in range(draw(st.integers(0, 8))):
        buyer = draw(st.sampled_from(members["id"]))
        for line in range(1, draw(st.integers(1, 3)) + 1):
            values = (900 - order, line, buyer, draw(st.integers(0, 10**7)), draw(st.integers(1, 4)))
            for name, value in zip(columns, values, strict=True):
                columns[name].append(value)
    return members, columns


def one_by_one(tested: fr.Plan, members: dict[str, list[Any]], columns: dict[str, list[Any]]) -> list[Any]:
    """Every order with its own chain through ``settle_one``."""
    people = {}
    for member, rank, active, score in zip(
        members["id"], members["rank"], members["active"], members["score"], strict=True
    ):
        people[member] = {"id": member, "rank": rank, "active": active, "score": score}
    parents = dict(zip(members["id"], members["inviter"], strict=True))
    sales: dict[int, dict[str, Any]] = {}
    for order, line, buyer, paid, units in zip(*columns.values(), strict=True):
        upline, up = [], parents[buyer]
        while up != 0:
            upline.append(people[up])
            up = parents[up]
        new = {"id": order, "buyer": people[buyer], "upline": upline, "lines": []}
        sales.setdefault(order, new)["lines"].append({"id": line, "paid": paid, "units": units})
    outcomes = [tested.settle_one(sale) for sale in sales.values()]
    rows = [
        (int(outcome.sale), row.line and int(row.line), int(row.payee), row.rule, row.level, row.amount)
        for outcome in outcomes
        for row in outcome.rows
    ]
    return [rows, sum(outcome.pool for outcome in outcomes)]


@settings(max_examples=60)
@given(world=worlds(), chosen=st.sampled_from(PLANS), threads=st.integers(1, 4))
def test_a_batch_is_its_orders_one_by_one(world: Any, chosen: fr.Plan, threads: int) -> None:
    members, columns = world
    forest = fr.Forest.from_edges(
        members["id"],
        members["inviter"],
        ranks=members["rank"],
        facts={name: members[name] for name in ("active", "score")},
    )
    rows = chosen.settle(forest, columns, threads=threads)
    names = np.array(rows.rules)
    table = zip(
        rows.order.tolist(),
        rows.line.tolist(),
        rows.payee.tolist(),
        names[rows.rule].tolist(),
        rows.level.tolist(),
        rows.amount.tolist(),
        strict=True,
    )
    assert [list(table), rows.pool] == one_by_one(chosen, members, columns)
    assert rows.conserved
    paid = int(rows.amount.sum())
    assert paid + sum(rows.retained.values()) == rows.pool


def test_threads_change_nothing() -> None:
    random = np.random.default_rng(3)
    members = np.arange(1, 5001)
    inviters = np.array([0, *(random.integers(0, member) for member in members[1:])])
    facts = {"active": random.random(5000) < 0.8, "score": random.integers(0, 99, 5000)}
    ranks = random.choice(["", "silver", "gold"], 5000)
    forest = fr.Forest.from_edges(members, inviters, ranks=ranks, facts=facts)
    # Four times as many rows as a thread is started for.
    count = 4 * 4096 // 3 + 1
    orders = {"order": np.repeat(np.arange(1, count + 1), 3), "line": np.tile([1, 2, 3], count)}
    orders |= {"buyer": np.repeat(random.integers(1, 5001, count), 3)}
    orders |= {"paid": random.integers(0, 10**6, 3 * count)}
    for chosen in PLANS:
        alone = chosen.settle(forest, orders)
        assert alone.conserved
        for threads in (0, 2, 3, 64):
            assert chosen.settle(forest, orders, threads=threads) == alone


def test_other_threads_run_meanwhile() -> None:
    """The lock of the interpreter is free while a batch is settled."""
    members = np.arange(1, 200_001)
    forest = fr.Forest.from_edges(members, members - 1)
    tested = plan(rule(pay={"levels": ["1%"] * 64}))
    orders = {"buyer": members[100:], "paid": members[100:]}
    ticks, done = 0, threading.Event()

    def settle() -> None:
        tested.settle(forest, orders)
        done.set()

    worker = threading.Thread(target=settle)
    worker.start()
    while not done.wait(0.001):
        ticks += 1
    worker.join()
    assert ticks >= 2


def test_rows_do_not_change() -> None:
    order = np.array([11, 12])
    for forest in (FOREST, fr.Forest.from_edges(["1", "2", "3"], [None, "1", "2"])):
        rows = plan().settle(forest, COLUMNS | {"order": order, "line": [1, 2]})
        for shown in (rows, pickle.loads(pickle.dumps(rows))):
            for name in ("source", "payee", "rule", "level", "amount"):
                with pytest.raises(ValueError, match="read-only"):
                    getattr(shown, name)[0] = 9
            shown.order[0] = 9  # a copy
            shown.retained["no_upline"] = 9  # a copy
            assert (shown.order[0], shown.retained) == (11, {"no_upline": 49})
            assert shown == rows
        order[0] = 9  # the caller's own
        assert rows.order[0] == 11
        order[0] = 11


def test_columns_at_odd_addresses() -> None:
    def odd(values: list[int], dtype: type[np.generic]) -> Any:
        wide = np.array(values, dtype)
        column = np.frombuffer(b"\0" + wide.tobytes(), np.uint8)[1:].view(dtype)
        assert not column.flags.aligned
        return column

    rows = plan().settle(
        FOREST,
        order=odd([11, 12], np.int64),
        buyer=odd([3, 2], np.uint64),
        paid=odd([10000, 999], np.int64),
        units=odd([1, 1], np.uint32),
        placed_at=odd([0, 0], np.int64),
    )
    assert rows == plan().settle(FOREST, COLUMNS)
    forest = fr.Forest.from_edges(
        odd([1, 2, 3], np.int64), odd([0, 1, 2], np.int64), facts={"n": odd([4, 5, 6], np.int64)}
    )
    assert (forest.upline(3), forest.facts(3)) == ([2, 1], {"n": 6})


@pytest.mark.parametrize("ids", [[10, 20, 30], ["甲", "乙", "丙"]])
def test_totals_add_up_the_rows(ids: list[Any]) -> None:
    one, two, three = ids
    forest = fr.Forest.from_edges(ids, [None, one, two])
    rows = plan().settle(forest, buyer=[three, two, three], paid=[1000, 2000, 3000])
    totals = rows.totals()
    assert {name: column.tolist() for name, column in totals.items()} == {"payee": [two, one], "amount": [400, 400]}
    assert totals["amount"].sum() == rows.amount.sum() and totals["amount"].dtype == np.int64
    assert [len(column) for column in plan().settle(forest, buyer=[one], paid=[1]).totals().values()] == [0, 0]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2), st.integers(1, 2**40)), max_size=50))
def test_totals_are_those_of_a_dict(rows: list[tuple[int, int, int]]) -> None:
    """Also where a rule splits its amounts; large ones are exact."""
    settled = plan().settle(FOREST, COLUMNS)
    payees, accounts, amounts = zip(*rows, strict=True) if rows else ((), (), ())
    state = {name: getattr(settled, name) for name in settled.__slots__}
    people = np.array(payees, np.int64)
    state |= {"payee": people, "_numbers": people, "account": np.array(accounts, np.uint16)}
    state |= {"amount": np.array(amounts, np.int64), "accounts": ("cash", "shop", "points")}
    settled.__setstate__((None, state))
    wanted: dict[tuple[int, str], int] = {}
    for payee, account, amount in rows:
        key = payee, settled.accounts[account]
        wanted[key] = wanted.get(key, 0) + amount
    totals = settled.totals()
    keys = zip(totals["payee"].tolist(), totals["account"].tolist(), strict=True)
    assert list(zip(keys, totals["amount"].tolist(), strict=True)) == list(wanted.items())


def test_accounts_and_chains() -> None:
    first = {"id": "first", "to": {"up": "referral"}, "pay": {"levels": ["10%"]}}
    first |= {"split": {"cash": "90%", "shop": "10%"}}
    then = {"id": "then", "after": "first", "of": "income", "to": {"up": "referral"}, "pay": {"levels": ["50%"]}}
    document = {"schema": "fenrun.plan/1", "name": "chain", "currency": "CNY", "rule": [first, then]}
    rows = fr.Plan(json.dumps(document)).settle(FOREST, COLUMNS)
    assert rows.amount.tolist() == [900, 100, 500, 89, 10]
    assert rows.to_dict()["account"].tolist() == ["cash", "shop", "cash", "cash", "shop"]
    assert rows.after is not None and rows.after.tolist() == [None, None, 2, None, None]
    table = rows.to_arrow()
    assert table["account"].to_pylist() == ["cash", "shop", "cash", "cash", "shop"]
    assert table["after"].to_pylist() == [None, None, 2, None, None]
    assert pickle.loads(pickle.dumps(rows)) == rows
    plain = plan().settle(FOREST, COLUMNS)
    assert plain.account is None and plain.after is None and "account" not in plain.to_dict()
