"""From decimals to minor units, and sharing them out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import fenrun as fr
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_one_value() -> None:
    assert int(19.99 * 100) == 1998  # the trap
    assert fr.minor(19.99, "CNY", places=2) == 1999
    assert fr.minor("19.99", "CNY") == fr.minor(Decimal("19.99"), "CNY") == 1999
    assert fr.minor(Decimal("1E+3"), "CNY") == 100_000
    assert fr.minor("5", "JPY") == 5
    assert fr.minor("-0.005", "KWD") == -5
    assert fr.minor(5, "CNY", places=0) == 500
    assert fr.minor(np.float64(0.5), "CNY", places=1) == 50
    assert type(fr.minor("1", "CNY")) is int


@pytest.mark.parametrize(
    "column",
    [
        ["0.30", "1.5", "-12"],
        [Decimal("0.3"), "1.50", Decimal(-12)],
        np.array(["0.30", "1.5", "-12"]),
        pd.Series(["0.30", "1.5", "-12"]),
        pa.array(["0.30", "1.5", "-12"]),
        pa.array([Decimal("0.30"), Decimal("1.50"), Decimal(-12)]),
        pa.array([Decimal("0.300"), Decimal("1.500"), Decimal(-12)], pa.decimal128(20, 3)),
        pa.chunked_array([[Decimal("0.3")], [Decimal("1.5"), Decimal(-12)]], pa.decimal128(9, 1)),
        pa.array([Decimal(7), Decimal("0.3"), Decimal("1.5"), Decimal(-12)])[1:],
        pa.array([Decimal("0.3"), Decimal("1.5"), Decimal(-12)], pa.decimal256(50, 4)),
    ],
)
def test_columns(column: Any) -> None:
    minor = fr.minor(column, "CNY")
    assert minor.dtype == np.int64
    assert minor.tolist() == [30, 150, -1200]


def test_columns_of_floats_need_their_places() -> None:
    assert fr.minor(np.array([19.99, 0.07, -1.1]), "CNY", places=2).tolist() == [1999, 7, -110]
    assert fr.minor(pd.Series([1.25]), "KWD", places=2).tolist() == [1250]
    assert fr.minor([1.25, 1], "CNY", places=2).tolist() == [125, 100]
    assert fr.minor(np.array([0.5], np.float32), "CNY", places=2).tolist() == [50]
    assert fr.minor([], "CNY").tolist() == fr.minor(np.array([]), "CNY", places=2).tolist() == []


REFUSED: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (19.99, {}, TypeError, r"19\.99, a float; .*places=2"),
    (5, {}, TypeError, "5, an int, which is minor units already"),
    (True, {}, TypeError, "an amount is text or Decimal"),
    (True, {"places": 0}, TypeError, "an amount is text or Decimal"),
    (np.array([2**63], np.uint64), {"places": 0}, fr.MoneyError, "64 bits"),
    (-(2**63), {"places": 0}, fr.MoneyError, "does not fit"),
    (2**63, {"places": 0}, fr.MoneyError, "64 bits"),
    (None, {}, TypeError, "not a NoneType"),
    (np.array([1.5]), {}, TypeError, "row 0 is 1.5, a float"),
    (np.array([1]), {}, TypeError, "row 0 is 1, an int"),
    (0.1 + 0.2, {"places": 2}, fr.MoneyError, "is not a decimal with 2 places"),
    ([1.0, 1.999], {"places": 2}, fr.MoneyError, r"row 1: .*1\.999"),
    (1.999, {"places": 3}, fr.MoneyError, "more decimals than the 2 of CNY"),
    (1e300, {"places": 2}, fr.MoneyError, "not a decimal"),
    (float("inf"), {"places": 2}, fr.MoneyError, "not a decimal"),
    (90_000_000_000_000.01, {"places": 2}, fr.MoneyError, "not a decimal"),
    (10**17, {"places": 0}, fr.MoneyError, "does not fit"),
    (1.0, {"places": 19}, ValueError, "0 to 18"),
    ("1.999", {}, fr.MoneyError, "more decimals than the 2 of CNY"),
    (["1", "1e3"], {}, fr.MoneyError, "row 1: `1e3` is not an amount"),
    (["1", None], {}, fr.TableError, "row 1: column: an empty cell"),
    ([1.0, np.nan], {"places": 2}, fr.TableError, "row 1: column: an empty cell"),
    (np.array([1.0, np.nan]), {"places": 2}, fr.TableError, "row 1: column: an empty cell"),
    (pa.array(["1", None]), {}, fr.TableError, "row 1: column: an empty cell"),
    (Decimal("NaN"), {}, fr.MoneyError, "NaN"),
    (pa.array([Decimal(1), None]), {}, fr.TableError, "row 1: column: an empty cell"),
    (pa.array([Decimal(1), Decimal("1.999")]), {}, fr.MoneyError, r"row 1: `1\.999` has more decimals"),
    (pa.array([Decimal(1), Decimal(10) ** 17]), {}, fr.MoneyError, "row 1: .*64-bit"),
    ("99999999999999999999", {}, fr.MoneyError, "64-bit"),
]


@pytest.mark.parametrize(("value", "options", "family", "words"), REFUSED)
def test_refused(value: Any, options: dict[str, Any], family: type[Exception], words: str) -> None:
    with pytest.raises(family, match=words):
        fr.minor(value, "CNY", **options)


@given(st.integers(-(9 * 10**14), 9 * 10**14), st.integers(0, 4))
def test_every_float_on_the_grid_is_what_its_decimal_says(steps: int, places: int) -> None:
    exact = Decimal(steps).scaleb(-places)
    assert fr.minor(float(exact), "CLF", places=places) == fr.minor(exact, "CLF")


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_no_other_float_is_taken(value: float) -> None:
    try:
        minor = fr.minor(value, "CNY", places=2)
    except fr.MoneyError:
        return
    assert float(Decimal(minor).scaleb(-2)) == value


def test_allocate() -> None:
    assert fr.allocate(1000, [1, 1, 1]) == ((334, 333, 333), 0)
    assert fr.allocate(100, ["50%", Fraction(1, 3), "1/6"]).shares == (50, 33, 17)
    assert fr.allocate(100, [1, 1], caps=[10, 20]) == ((10, 20), 70)
    assert fr.allocate(1, [1, 1], ids=[9, 3]).shares == (0, 1)
    assert fr.allocate(5, [0, 7, 3], mode="first_shares").shares == (1, 3, 1)
    assert fr.allocate(-5, [7, 3]).shares == (-4, -1)


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_shares_sum_to_the_total(total: int, weights: list[int]) -> None:
    if not any(weights):
        return
    allocation = fr.allocate(total, weights)
    assert sum(allocation.shares) == total
    assert allocation.unallocated == 0


def test_rates_and_rounding() -> None:
    assert fr.multiply(1999, "5%", "half_away") == fr.multiply(1999, Fraction(1, 20), "half_away") == 100
    assert fr.multiply(1000, "1/3", "down", units=7) == 329
    assert fr.round_("-2.5", "half_even") == fr.round_(Decimal("-2.5"), "half_even") == -2
    assert fr.round_(Fraction(7, 3), "up") == 3
    assert fr.telescope(200, 3, [1, 1, 1]) == (66, 67, 67)
