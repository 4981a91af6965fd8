"""Exact money: minor units as ints."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _columns, _fenrun
from ._values import minor_of_decimals
from .errors import make

if TYPE_CHECKING:
    _Rounding: TypeAlias = Literal[
        "down",
        "up",
        "floor",
        "ceil",
        "half_to_zero",
        "half_away",
        "half_even",
        "half_odd",
        "half_floor",
        "half_ceil",
    ]
    _Mode: TypeAlias = Literal[
        "largest_remainder", "first_shares", "last_takes_rest", "largest_weight_first", "first_keys"
    ]

# Below it, a float times a power of ten is less than half a step of the grid away from what is meant.
_LARGEST_ON_GRID = 2**52


class Allocation(NamedTuple):
    """Shares that sum to the total, together with what the caps left over."""

    shares: tuple[int, ...]
    """One share a weight, in minor units."""
    unallocated: int
    """What no share could take."""


@overload
def minor(value: str | Decimal | float | np.generic, currency: str, *, places: int | None = None) -> int: ...
@overload
def minor(value: _columns.Column, currency: str, *, places: int | None = None) -> npt.NDArray[np.int64]: ...
def minor(value: Any, currency: str, *, places: int | None = None) -> int | npt.NDArray[np.int64]:
    """Minor units of whole ones, exactly: 19.99 CNY is 1999.

    Takes one value or a column of them. Text, ``Decimal`` and decimal128 columns are exact. A float is
    taken only with ``places``, the decimals it was written with, and only when it is the nearest float to
    such a decimal: ``minor(19.99, "CNY", places=2)`` is 1999, where ``int(19.99 * 100)`` is 1998, and
    ``0.1 + 0.2`` is refused. So is an int without ``places``, because ints are minor units already.
    More decimals than the currency has are refused, never rounded.

    >>> minor("19.99", "CNY")
    1999
    >>> minor(["0.30", "1.5"], "CNY")
    array([ 30, 150])
    """
    exponent = _fenrun.exponent(currency)
    if places is not None and not 0 <= places <= 18:
        raise ValueError(f"places is {places}; a number of decimals is 0 to 18")
    decimals = _columns.arrow_decimals(value, exponent)
    if decimals is not None:
        return decimals
    scalar = isinstance(value, str | Decimal | float | Integral | np.generic)
    loaded = _columns.load([value] if scalar else value, "column")
    values = loaded.values
    _columns.refuse_empty(loaded, "column")
    result = _minor(values, currency, exponent, places)
    return int(result[0]) if scalar else result


def _minor(
    values: npt.NDArray[Any], currency: str, exponent: int, places: int | None
) -> npt.NDArray[np.int64]:
    if places is not None and values.dtype.kind == "O":
        values = _plain_numbers(values)
    kind = values.dtype.kind
    if kind == "f" and places is not None:
        return _rescaled(_on_grid(values.astype(np.float64), places), places, exponent, currency)
    if kind in "iu" and places is not None:
        return _rescaled(_columns.int64(values, "column"), 0, exponent, currency)
    if kind in "fiu":
        values = values[:1].astype(object)  # refused by its first value
    return minor_of_decimals(values.tolist(), currency, "column")


def _plain_numbers(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Ints and floats as numbers of one type; a column of anything else stays as it is."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return values
    if any(isinstance(value, float) for value in values):
        return values.astype(np.float64)
    return _columns.int64(values, "column")


def _on_grid(values: npt.NDArray[np.float64], places: int) -> npt.NDArray[np.int64]:
    """The numbers of steps of 10^-places; a float that is not the nearest one to its step is refused."""
    scale = 10.0**places
    with np.errstate(over="ignore"):
        steps = np.rint(values * scale)
    # Both operands are exact, so the division gives the nearest float to the decimal that is meant.
    good = (np.abs(steps) <= _LARGEST_ON_GRID) & (steps / scale == values)
    if not good.all():
        row = int((~good).argmax())
        raise make(104, "too_many_decimals", f"{values[row]!r} is not a decimal with {places} places", row)
    return steps.astype(np.int64)


def _rescaled(
    steps: npt.NDArray[np.int64], places: int, exponent: int, currency: str
) -> npt.NDArray[np.int64]:
    if places > exponent:
        factor = 10 ** (places - exponent)
        if (steps % factor).any():
            row = int((steps % factor != 0).argmax())
            text = f"{steps[row]} at {places} places has more decimals than the {exponent} of {currency}"
            raise make(104, "too_many_decimals", text, row)
        whole: npt.NDArray[np.int64] = steps // factor
        return whole
    factor = 10 ** (exponent - places)
    limit = (2**63 - 1) // factor
    outside = (steps > limit) | (steps < -limit)
    if outside.any():
        row = int(outside.argmax())
        raise make(102, "overflow", f"{steps[row]} at {places} places does not fit 64 bits", row)
    scaled: npt.NDArray[np.int64] = steps * factor
    return scaled


def allocate(
    total: int,
    weights: Sequence[int | str | Fraction],
    caps: Sequence[int] | None = None,
    *,
    ids: Sequence[int] | None = None,
    mode: _Mode = "largest_remainder",
    share_round: _Rounding | None = None,
) -> Allocation:
    """Splits ``total`` minor units by ``weights`` so that the shares sum to it exactly.

    Weights are integers or exact rates (``"12.5%"``, ``"1/3"``, ``Fraction``); a zero weight gets nothing.
    With ``caps`` no share exceeds its cap, and what no share can take is reported. Ties go to the lowest of
    ``ids``, or to the first.

    >>> allocate(1000, [1, 1, 1]).shares
    (334, 333, 333)
    """
    document = {"total": total, "weights": weights, "caps": caps, "ids": ids}
    document |= {"mode": mode, "share_round": share_round}
    answer = _fenrun.run("allocate", None, document)
    return Allocation(tuple(answer["shares"]), answer["unallocated"])


def multiply(minor: int, rate: str | Fraction, mode: _Rounding, *, units: int | None = None) -> int:
    """``rate`` times ``minor``, rounded once; with ``units`` rounded per unit.

    >>> multiply(1999, "5%", "half_away")
    100
    """
    document = {"minor": minor, "rate": rate, "mode": mode, "units": units}
    return int(_fenrun.run("multiply", None, document)["minor"])


def round_(value: str | Decimal | Fraction, mode: _Rounding) -> int:
    """An exact number as an integer.

    >>> round_("-2.5", "half_even")
    -2
    """
    text = format(value, "f") if isinstance(value, Decimal) else value
    return int(_fenrun.run("round", None, {"value": text, "mode": mode})["value"])


def telescope(total: int, units: int, parts: Sequence[int]) -> tuple[int, ...]:
    """The shares of ``parts`` of ``units`` in a total, taken one after the other: all of them sum to it.

    >>> telescope(200, 3, [1, 1, 1])
    (66, 67, 67)
    """
    answer = _fenrun.run("telescope", None, {"total": total, "units": units, "parts": parts})
    return tuple(answer["parts"])
