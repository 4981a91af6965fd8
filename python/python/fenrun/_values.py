"""What odd Python values mean inside documents, and why floats are refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from . import _fenrun

# Keys of documents whose value names somebody or something.
_IDS = frozenset(
    {"id", "buyer", "upline", "inviter", "member", "payee", "line", "sale", "order_id", "refund_id"}
    | {"command_id", "transaction_id", "actor", "chain", "member id"}
)

# Keys of documents whose value is a moment, days or a number of the shop's.
_WHOLE = frozenset({"at", "from", "now", "until", "expires", "campaign"})

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def plain(value: Any, place: str, currency: str | None) -> Any:
    """The plain value (text, int, bool, None, list or dict) that ``value`` stands for at ``place``."""
    if isinstance(value, float | np.floating):
        raise refuse_float(place, value, currency)
    if isinstance(value, Decimal):
        if currency is None:
            raise TypeError(f"{place} is a Decimal; {minor_rule(currency)}")
        return minor_of_decimals([value], currency, place).item()
    if isinstance(value, np.datetime64):
        raise _no_zone(value, place)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, dt.datetime):
        return milliseconds(value, place)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if hasattr(value, "_asdict"):
        return value._asdict()
    if hasattr(value, "__index__"):
        return value.__index__()
    if isinstance(value, Set):
        raise TypeError(f"{place} is a {type(value).__name__}, whose members have no order; give a list")
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        return list(value)
    raise TypeError(f"{place}: no document holds a {type(value).__name__}")


def refuse_float(place: str, value: Any, currency: str | None) -> TypeError:
    """The error for a float at ``place``, by what stands there."""
    last = place.rsplit(".", 1)[-1].split("[", 1)[0]
    if last in _IDS:
        return TypeError(f"{place} is {value}, a float; {ID_RULE}")
    if last in _WHOLE or last.endswith(("_at", "_days")):
        return TypeError(f"{place} is {value}, a float; give an int")
    return TypeError(f"{place} is {value}, a float; {minor_rule(currency)}")


ID_RULE = (
    "ids are integers or text, because a float changes large ones "
    "(1734123456789012345 becomes 1734123456789012224); keep int64, pandas Int64 or text"
)


def minor_rule(currency: str | None) -> str:
    """How money is written, for messages."""
    shown = "currency" if currency is None else repr(currency)
    return f"money is an int of minor units: use fenrun.minor(column, {shown}); rates are text such as '5%'"


def milliseconds(value: dt.datetime, place: str) -> int:
    """Milliseconds of UTC since 1970."""
    if value.tzinfo is None:
        raise _no_zone(value, place)
    return (value - _EPOCH) // dt.timedelta(milliseconds=1)


def _no_zone(value: object, place: str) -> TypeError:
    return TypeError(f"{place} is {value}, a time without zone; give it one, such as datetime.UTC")


def minor_of_decimals(
    values: Iterable[Decimal | str], currency: str, place: str
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Minor units of decimals and decimal texts; an empty cell is refused by its row."""
    texts = []
    for row, value in enumerate(values):
        if isinstance(value, Decimal):
            value = format(value, "f")
        elif not isinstance(value, str):
            raise _no_decimal(value, place, row)
        texts.append(value)
    return _fenrun.parse_amounts(texts, currency)


def _no_decimal(value: Any, place: str, row: int) -> TypeError:
    where = f"{place}, row {row}"
    if isinstance(value, float | np.floating):
        rule = "say how many decimals are meant: fenrun.minor(column, currency, places=2)"
        return TypeError(f"{where} is {value}, a float; {rule}")
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        rule = "which is minor units already; whole units are Decimal, text or places=0"
        return TypeError(f"{where} is {value}, an int, {rule}")
    return TypeError(f"{where} is {value!r}; an amount is text or Decimal")
