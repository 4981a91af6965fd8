"""What must be refused, by its name and its rule, with nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import fenrun as fr
import numpy as np
import pytest
from support import plan, rule, sale

FOREST = fr.Forest.from_edges([1, 2, 3], [0, 1, 2])


RECRUITING = rule(qualify={"recruits": {"min": 1}}, unqualified="stop")


def settle(**columns: Any) -> fr.Rows:
    return plan().settle(FOREST, columns)


def settle_one(**line: Any) -> fr.Outcome:
    return plan().settle_one(sale(lines=[line]))


# What a user does, the code that comes back, its class, and words of the message.
REFUSED: list[tuple[Callable[[], object], str, type[fr.Error], str]] = [
    (lambda: plan(rule(pay={"levels": ["101%"]})), "pays_too_much", fr.PlanError, "101%"),
    (lambda: plan(rule(pay={"levels": ["60%", "41%"]})), "pays_too_much", fr.PlanError, "101%"),
    (lambda: plan(RECRUITING), "pays_recruiting", fr.PlanError, "reads `recruits`"),
    (lambda: fr.Plan.parse('{"schema": 0.05}'), "syntax", fr.PlanError, "floats are not exact"),
    (lambda: fr.Plan.parse("rate = 0.05"), "syntax", fr.PlanError, "floats are not exact"),
    (lambda: fr.Plan.parse(" " * 2_000_000), "too_large", fr.PlanError, "2000000 bytes"),
    (lambda: fr.Plan.parse("x", format="yaml"), "unknown_word", fr.PlanError, "yaml"),  # type: ignore[arg-type]
    (lambda: fr.Plan.preset("nobody"), "unknown_preset", fr.PlanError, "`presets` lists them"),
    (lambda: plan(rule(quallify={})), "unknown_key", fr.PlanError, "did you mean `qualify`"),
    (lambda: plan(currency="XXX"), "unknown_currency", fr.PlanError, "XXX"),
    (lambda: plan().settle_one(sale(currency="USD")), "currency_mismatch", fr.MoneyError, "USD"),
    (lambda: plan().settle_one(sale(upline=["A", "A"])), "invalid_sale", fr.SaleError, "a cycle"),
    (lambda: plan().settle_one(sale(buyer=0)), "invalid_sale", fr.SaleError, "nobody"),
    (lambda: plan().settle_one(sale(lines=[])), "invalid_sale", fr.SaleError, "0 lines"),
    (lambda: settle_one(paid=-1), "invalid_sale", fr.SaleError, "below zero"),
    (lambda: settle_one(paid="99.99"), "invalid_value", fr.DocumentError, "minor units"),
    (lambda: settle_one(paid=2**63), "invalid_value", fr.DocumentError, "64-bit"),
    (lambda: settle_one(paid=Decimal("1.999")), "too_many_decimals", fr.MoneyError, "1.999"),
    (lambda: plan().settle_one("{"), "syntax", fr.DocumentError, "JSON"),
    (lambda: plan(rule(of="cost")).settle_one(sale()), "missing_component", fr.SaleError, "cost"),
    (lambda: fr.reverse("{}", {"id": 1, "lines": []}), "invalid_frozen", fr.SaleError, "frozen"),
    (lambda: fr.Forest.from_edges([1, 2, 3], [3, 1, 2]), "cycle", fr.ForestError, "a cycle"),
    (lambda: fr.Forest.from_edges(["a", "b"], ["b", "a"]), "cycle", fr.ForestError, "a cycle"),
    (lambda: fr.Forest.from_edges([1], [1]), "self_referral", fr.ForestError, "member 1"),
    (lambda: fr.Forest.from_edges(["a"], ["a"]), "self_referral", fr.ForestError, "member a"),
    (lambda: fr.Forest.from_edges([1, 1], [0, 0]), "duplicate_member", fr.ForestError, "member 1"),
    (lambda: fr.Forest.from_edges(["a", "a"], ["", ""]), "duplicate_member", fr.ForestError, "member a"),
    (lambda: fr.Forest.from_edges([1], [9]), "unknown_member", fr.ForestError, "member 9"),
    (lambda: fr.Forest.from_edges(["a"], ["z"]), "unknown_member", fr.ForestError, "member z"),
    (lambda: fr.Forest.from_edges([1], ["z"]), "unknown_member", fr.ForestError, "member z"),
    (lambda: fr.Forest.from_edges([-1], [0]), "invalid_id", fr.DocumentError, "members -1"),
    (lambda: fr.Forest.from_edges([0], [0]), "invalid_id", fr.DocumentError, "member id 0"),
    (lambda: fr.Forest.from_edges([None], [0]), "invalid_id", fr.DocumentError, "members: an empty cell"),
    (lambda: fr.Forest.from_edges(["a" * 65], [0]), "invalid_id", fr.DocumentError, "64 bytes"),
    (lambda: fr.Forest.from_edges([1, 2], [0]), "length_mismatch", fr.DocumentError, "2 members"),
    (lambda: fr.Forest.from_edges([1], [0], ranks=["x", "y"]), "length_mismatch", fr.DocumentError, "ranks"),
    (lambda: FOREST.upline(9), "unknown_member", fr.ForestError, "member 9"),
    (lambda: settle(buyer=[3], paid=[-1]), "invalid_sale", fr.SaleError, "below zero"),
    (lambda: settle(buyer=[9], paid=[1]), "unknown_member", fr.ForestError, "member 9"),
    (lambda: settle(buyer=[3, 3], paid=[1, 1], order=[7, 7]), "duplicate_order", fr.SaleError, "order 7"),
    (lambda: settle(buyer=[3, 3], paid=[1, 1], order=["x", "x"]), "duplicate_order", fr.SaleError, "x "),
    (lambda: settle(buyer=[3, 2], paid=[1]), "length_mismatch", fr.DocumentError, "`paid` has 1 values"),
    (lambda: settle(buyer=[3]), "column", fr.TableError, "`paid` is missing"),
    (lambda: settle(buyer=[3], paid=[1], unit=[1]), "column", fr.TableError, "unknown column `unit`"),
    (lambda: settle(buyer=[3], paid=[1], units=[0]), "invalid_sale", fr.SaleError, "0 units"),
    (lambda: settle(buyer=[3], paid=[1], units=[-1]), "invalid_value", fr.DocumentError, "units -1"),
    (lambda: settle(buyer=[3], paid=[None]), "row", fr.TableError, "paid: an empty cell"),
    (lambda: settle(buyer=[3], paid=[2**63]), "overflow", fr.MoneyError, "64 bits"),
    (lambda: fr.allocate(5, [0, 0]), "zero_weights", fr.MoneyError, "every weight is zero"),
    (lambda: fr.Order("O1").apply({}), "missing_key", fr.DocumentError, "missing"),
    (lambda: plan(rule(pay={"levels": ["5 %"]})), "invalid_rate", fr.PlanError, "5 %"),
    (lambda: settle(buyer=[3], paid=[1], order=[""]), "invalid_id", fr.DocumentError, "order: id"),
    (lambda: settle(buyer=[3], paid=[1], order=["x" * 65]), "invalid_id", fr.DocumentError, "64 bytes"),
    (lambda: settle(buyer=[3], paid=[1], order=[1], line=["0"]), "invalid_id", fr.DocumentError, "line: id"),
    (lambda: settle_one(paid=1).explain("fr"), "unknown_word", fr.DocumentError, "`fr`"),  # type: ignore[arg-type]
    (lambda: plan().amounts(-1, 5), "invalid_value", fr.DocumentError, "chain: -1 people; an upline has 0 to"),
    (lambda: plan().amounts(2**70, 5), "invalid_value", fr.DocumentError, "people"),
    (lambda: plan().amounts(1, 5, units=-1), "invalid_value", fr.DocumentError, "units: -1"),
    (lambda: plan().settle_one(sale(buyer="\ud800")), "invalid_value", fr.DocumentError, "sale.buyer: half"),
    (lambda: plan().settle_one("\ud800"), "invalid_value", fr.DocumentError, "sale: half"),
    (lambda: plan().settle_one({"\ud800": 1}), "invalid_value", fr.DocumentError, "sale: a key: half"),
    (lambda: fr.Plan.parse("\ud800"), "invalid_value", fr.PlanError, "text: half"),
    (lambda: fr.Plan.preset("\ud800"), "invalid_value", fr.DocumentError, "name: half"),
    (lambda: fr.Forest.from_edges(["\ud800"], [0]), "invalid_value", fr.DocumentError, "members, row 0: half"),
    (lambda: fr.Forest.from_edges([1], [0], ranks=["\ud800"]), "invalid_value", fr.DocumentError, "ranks: half"),
    (lambda: fr.Forest.from_edges([1], [0], facts={"f": ["\ud800"]}), "invalid_value", fr.DocumentError, "half"),
    (lambda: fr.Forest.from_edges([1], [0], facts={"id": [1]}), "invalid_value", fr.DocumentError, "`id`"),
    (lambda: fr.Forest.from_edges([1], [0], facts={"": [1]}), "invalid_value", fr.DocumentError, "no facts"),
    (lambda: fr.minor("\ud800", "CNY"), "invalid_value", fr.DocumentError, "half"),
    (lambda: fr.minor("1", "\ud800"), "invalid_value", fr.DocumentError, "currency: half"),
    (lambda: fr.reverse("\ud800", {}), "invalid_value", fr.DocumentError, "frozen: half"),
    (lambda: fr.run("fly", None, {}), "unknown_word", fr.DocumentError, "`fly`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "name", "family", "words"), REFUSED, ids=[f"{at}-{case[1]}" for at, case in enumerate(REFUSED)]
)
def test_refused(act: Callable[[], object], name: str, family: type[fr.Error], words: str) -> None:
    with pytest.raises(fr.Error) as raised:
        act()
    error = raised.value
    assert (error.name, type(error)) == (name, family)
    assert words in str(error)
    assert "\n" not in str(error)


FLOATS: list[tuple[Callable[[], object], str]] = [
    (lambda: settle_one(paid=99.99), r"sale\.lines\[0\]\.paid is 99\.99.*fenrun\.minor\(column, 'CNY'\)"),
    (lambda: settle_one(paid=np.float32(1)), r"lines\[0\]\.paid is 1\.0.*fenrun\.minor"),
    (lambda: plan().settle_one(sale(upline=[7.0])), r"sale\.upline\[0\] is 7\.0, a float; ids .*becomes"),
    (lambda: plan().settle_one(sale(upline=[{"id": 7.0}])), r"sale\.upline\[0\]\.id is 7\.0, a float; ids"),
    (lambda: plan().settle_one(sale(buyer=7.0)), r"sale\.buyer is 7\.0, a float; ids"),
    (lambda: settle(buyer=[3], paid=np.array([1.0])), r"paid: a float column \(float64\).*\(column, 'CNY'\)"),
    (lambda: settle(buyer=[3], paid=[1.0]), r"paid, row 0, is 1\.0, a float.*fenrun\.minor"),
    (lambda: settle(buyer=[3], paid=["1.00"]), r"paid, row 0, is '1\.00', a str.*fenrun\.minor"),
    (lambda: settle(buyer=np.array([3.0]), paid=[1]), r"buyer: a float .*2345 becomes 1734123456789012224"),
    (lambda: settle(buyer=[3], paid=[1], order=np.array([1.0])), r"order: a float column"),
    (lambda: settle(buyer=[3], paid=[1], units=[1.5]), r"units, row 0, is 1\.5; it holds integers only"),
    (lambda: settle(buyer=[3], paid=[1], units=[True]), r"units, row 0, is True; it holds integers only"),
    (lambda: settle(buyer=[3], paid=[1], units=np.array([True])), r"units: a column of bool"),
    (lambda: settle(buyer=[3], paid=[True]), r"paid, row 0, is True"),
    (lambda: settle(buyer=[3], paid=[1], placed_at=[True]), r"placed_at, row 0, is True"),
    (lambda: settle(buyer=[3], paid=[1], override=[False]), r"override, row 0, is False"),
    (lambda: settle(buyer={3: 2}, paid=[1]), r"buyer: a column .*, not a dict"),
    (lambda: settle(buyer=[3], paid={1}), r"paid: a column .*, not a set"),
    (lambda: settle(buyer=[3], paid=[1], units=frozenset([1])), r"units: a column .*, not a frozenset"),
    (lambda: fr.Forest.from_edges({1: 0}, [0]), r"members: a column .*, not a dict"),
    (lambda: fr.Forest.from_edges([1], {0}), r"inviters: a column .*, not a set"),
    (lambda: fr.Forest.from_edges([1], [0], facts={"f": {1}}), r"facts\['f'\]: a column .*, not a set"),
    (lambda: fr.Forest.from_edges([1], [0], ranks={"a"}), r"ranks: a column .*, not a set"),
    (lambda: fr.minor({"1"}, "CNY"), r"column: a column .*, not a set"),
    (lambda: plan().settle(FOREST, buyer=[3], paid=[1], override=[1], overrides={"a": 1}), r"overrides: a list"),  # type: ignore[arg-type]
    (lambda: plan().settle_one(sale(upline={"A", "M"})), r"sale\.upline is a set, whose members have no order"),
    (lambda: plan().amounts(1, 5, units=True), r"units: an int, not True"),
    (lambda: fr.reverse(5, {}), r"frozen: the text of Outcome\.frozen, or the outcome, not a int"),  # type: ignore[arg-type]
    (lambda: fr.reverse("x", {}, before={"id": 1}), r"before: a list of dicts, not a dict"),  # type: ignore[dict-item]
    (lambda: fr.Forest.from_edges(np.array([1.0]), [0]), r"members: a float column"),
    (lambda: fr.Forest.from_edges([1, 2], np.array([np.nan, 1.0])), r"inviters: a float column"),
    (lambda: fr.Forest.from_edges([1, 2], [np.nan, 1.0]), r"inviters, row 1, is 1\.0, a float"),
    (lambda: fr.Forest.from_edges([1], [0], facts={"rate": [0.05]}), r"facts\['rate'\]"),
    (lambda: fr.Forest.from_edges([True], [0]), r"members, row 0, is a bool"),
    (lambda: fr.Forest.from_edges(np.array([[1]]), [0]), r"members: a column has one dimension"),
    (lambda: fr.Forest.from_edges(7, [0]), r"members: a column .*not a int"),
    (lambda: fr.allocate(1.5, [1]), r"input\.total is 1\.5, a float"),  # type: ignore[arg-type]
    (lambda: fr.Order("O1").apply({"now": 1.5}), r"command\.now is 1\.5, a float; give an int"),
    (lambda: settle(buyer=[3], paid=[1], threads=[1]), r"threads"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "words"), FLOATS)
def test_wrong_types_are_named(act: Callable[[], object], words: str) -> None:
    with pytest.raises((TypeError, fr.TableError), match=words):
        act()


def test_a_batch_is_settled_whole_or_not_at_all() -> None:
    columns = {"buyer": [3] * 1000, "paid": [100] * 999 + [-1]}
    for threads in (1, 2, 7):
        with pytest.raises(fr.SaleError) as raised:
            plan().settle(FOREST, columns, threads=threads)
        assert raised.value.index == 999
        assert str(raised.value) == "row 999: order 1000: paid is -1, below zero"
    assert len(plan().settle(FOREST, {"buyer": [3], "paid": [100]})) == 2


def test_the_row_at_fault_is_named_in_the_words_of_the_host() -> None:
    ranked = plan(rule(pay={"differential": {"gold": "5%"}}), ranks=["gold"])
    forest = fr.Forest.from_edges(["ann", "bob"], ["", "ann"], ranks=["silver", None])
    for threads in (1, 2):
        with pytest.raises(fr.SaleError) as raised:
            ranked.settle(forest, buyer=["ann", "bob"], paid=[1, 1], order=["x", "y"], threads=threads)
        assert str(raised.value).startswith("row 1: ")
        assert "member ann has the rank `silver`" in str(raised.value)
        assert "sale y" in str(raised.value)


def test_a_plan_of_two_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(fr.PlanError) as raised:
        fr.Plan.load(path)
    assert raised.value.name == "too_large"
    assert str(raised.value).startswith(str(path))
    path.write_bytes(b"\xff")
    with pytest.raises(fr.DocumentError, match="not UTF-8 at byte 0"):
        fr.Plan.load(path)
    with pytest.raises(FileNotFoundError):
        fr.Plan.load(tmp_path / "nothing.toml")


def test_documents_have_an_end() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(fr.DocumentError, match="nested deeper"):
        plan().settle_one(sale(facts=deep))
    with pytest.raises(TypeError, match="no document holds"):
        plan().settle_one(sale(facts={"x": object()}))
    with pytest.raises(TypeError, match="not text"):
        plan().settle_one({1: 2})  # type: ignore[dict-item]
