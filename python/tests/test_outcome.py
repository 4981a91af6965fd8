"""One sale, and taking it back."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import fenrun as fr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import plan, rule, sale


def test_an_outcome() -> None:
    outcome = plan().settle_one(sale())
    assert [(row.payee, row.amount, row.level, row.line) for row in outcome.rows] == [
        ("A", 999, 1, "1"),
        ("M", 499, 2, "1"),
    ]
    assert (outcome.sale, outcome.version, outcome.tenant, outcome.currency) == ("O1", 1, "", "CNY")
    assert (outcome.pool, outcome.retained, outcome.conserved) == (1498, {}, True)
    assert outcome.plan == plan().hash
    assert all(len(row.key) == 32 for row in outcome.rows)
    assert outcome.to_dict()["rows"] == [row._asdict() | {"source": None} for row in outcome.rows]


def test_every_cent_has_a_reason() -> None:
    outcome = plan().settle_one(sale(upline=["A"]))
    assert outcome.retained == {"no_upline": 499}
    assert [(slot.stands, slot.reason) for slot in outcome.trace] == [("A", None), (None, "no_upline")]
    english, chinese = outcome.explain(), outcome.explain("zh")
    assert "nobody stands there" in english
    assert "该层没有上级" in chinese
    assert len(english.splitlines()) == len(chinese.splitlines()) == 2
    with pytest.raises(fr.DocumentError, match="`fr`"):
        outcome.explain("fr")  # type: ignore[arg-type]
    assert "1498" in repr(outcome)
    assert "<td>" in outcome._repr_html_()


def test_a_sale_in_other_clothes() -> None:
    """Dicts, JSON text, numpy scalars, tuples, Decimal and Fraction say the same."""
    expected = plan().settle_one(sale())
    json_text = '{"id": "O1", "buyer": "B", "upline": ["A", "M"], "lines": [{"id": 1, "paid": 9999}]}'
    same: list[Any] = [
        json_text,
        sale(upline=("A", "M")),
        sale(upline=np.array(["A", "M"])),
        sale(lines=[{"id": np.int64(1), "paid": np.int32(9999)}]),
        sale(lines=[{"id": 1, "paid": Decimal("99.99")}]),
    ]
    for given_sale in same:
        assert plan().settle_one(given_sale) == expected
    override = {"upline": {"any": [Fraction(1, 10), "5%"]}}
    assert (
        plan().settle_one(sale(lines=[{"id": 1, "paid": 9999, "override": override}])).rows == expected.rows
    )


def test_identity_and_pickling() -> None:
    outcome = plan().settle_one(sale())
    copy = pickle.loads(pickle.dumps(outcome))
    assert copy == outcome
    assert hash(copy) == hash(outcome)
    assert (copy.rows, copy.frozen) == (outcome.rows, outcome.frozen)
    assert outcome != plan().settle_one(sale(id="O2"))


def test_a_reversal_needs_the_frozen_text_alone() -> None:
    outcome = plan().settle_one(sale(lines=[{"id": 1, "units": 3, "paid": 10000}]))
    part = {"id": "R1", "lines": [{"line": 1, "units": 1, "amount": Decimal("33.33")}]}
    rest = {"id": "R2", "lines": [{"line": 1, "units": 2, "amount": 6667}]}
    first = fr.reverse(outcome.frozen, part)
    assert first == fr.reverse(outcome, part)
    assert [(row.payee, row.amount) for row in first.rows] == [("A", -334), ("M", -167)]
    assert first.left == (fr.Standing("upline", "A", "cash", 666), fr.Standing("upline", "M", "cash", 333))
    second = fr.reverse(outcome.frozen, rest, before=[part])
    assert second.left == ()
    assert second == fr.reverse(outcome.frozen, rest, before=[part], standing=first.left)
    kept = fr.reverse(outcome.frozen, rest, before=[part], standing=[])
    assert (kept.rows, kept.left) == ((), ())
    assert pickle.loads(pickle.dumps(second)) == second


def test_refusals_of_a_reversal() -> None:
    frozen = plan().settle_one(sale()).frozen
    with pytest.raises(fr.SaleError) as raised:
        fr.reverse(frozen, {"id": "R", "lines": [{"line": 1, "units": 2, "amount": 1}]})
    assert raised.value.name == "over_reversed"
    with pytest.raises(fr.OrderError) as unknown:
        fr.reverse(frozen, {"id": "R", "lines": [{"line": 9, "units": 1, "amount": 1}]})
    assert unknown.value.name == "unknown_line"
    half = {"id": "R1", "lines": [{"line": 1, "units": 0, "amount": 10}]}
    for refund, before in ((half, [half]), ({"id": "R2", "lines": []}, [half, half])):
        with pytest.raises(fr.SaleError, match="refund R1 was taken back before"):
            fr.reverse(frozen, refund, before=before)
    with pytest.raises(fr.DocumentError, match=r"before\[0\]: refund: "):
        fr.reverse(frozen, half, before=half["lines"])  # type: ignore[arg-type]
    with pytest.raises(fr.SaleError, match="checksum"):
        fr.reverse(frozen.replace('"paid":9999', '"paid":9998'), {"id": "R", "lines": []})
    with pytest.raises(TypeError, match=r"refund\.lines\[0\]\.amount is 99\.99, a float.*fenrun\.minor"):
        fr.reverse(frozen, {"id": "R", "lines": [{"line": 1, "units": 1, "amount": 99.99}]})


@given(
    units=st.integers(1, 6),
    paid=st.integers(0, 10**6),
    cuts=st.lists(st.integers(0, 10**6), max_size=5),
    reverse=st.sampled_from(["recompute", "share_of_units"]),
)
def test_refunds_of_everything_end_at_zero(units: int, paid: int, cuts: list[int], reverse: str) -> None:
    tested = plan(rule(pay={"levels": ["7%", "1/3"]}, reverse=reverse))
    outcome = tested.settle_one(sale(lines=[{"id": 1, "units": units, "paid": paid}]))
    stands = {row.payee: row.amount for row in outcome.rows}
    before: list[dict[str, Any]] = []
    left = (units, paid)
    for at, cut in enumerate([*cuts, None]):
        take = left if cut is None else (min(cut % 3, left[0]), min(cut, left[1]))
        left = (left[0] - take[0], left[1] - take[1])
        refund = {"id": f"R{at}", "lines": [{"line": 1, "units": take[0], "amount": take[1]}]}
        for row in fr.reverse(outcome.frozen, refund, before=before).rows:
            stands[row.payee] += row.amount
        before.append(refund)
    assert set(stands.values()) <= {0}
