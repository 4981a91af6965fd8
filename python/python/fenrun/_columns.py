"""From what people have (arrays, lists, frames, Arrow) to arrays of exactly one type.

An array that already has the right type is taken as it is. Floats are refused by the name of their column.
"""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from . import _fenrun
from ._values import ID_RULE, milliseconds, minor_of_decimals, minor_rule
from .errors import Error, make

Column: TypeAlias = Any
"""A numpy array, a list, a pandas or polars series, an Arrow array: one value a row."""

_LARGEST_ID = 2**63 - 1
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(slots=True)
class _Loaded:
    """The values of a column, and which cells are empty."""

    values: npt.NDArray[Any]
    empty: npt.NDArray[np.bool_] | None = None

    def first_empty(self) -> int | None:
        if self.empty is None or not self.empty.any():
            return None
        return int(self.empty.argmax())


@dataclass(slots=True)
class Ids:
    """A column of ids: integers, or texts and the numbers of their rows; nobody is 0 or an empty text."""

    numbers: npt.NDArray[np.uint64]
    texts: list[str] | None

    def as_texts(self) -> list[str]:
        if self.texts is not None:
            return self.texts
        return [id_text(number) for number in self.numbers.tolist()]


def load(column: Column, name: str) -> _Loaded:
    """One-dimensional values of any column, without a copy where that is possible."""
    if isinstance(column, Mapping | Set):
        # A dict would be read as its keys, and a set has no first row.
        kind = type(column).__name__
        raise TypeError(f"{name}: a column (array, list, series), not a {kind}; its rows have no order")
    if isinstance(column, np.ma.MaskedArray):
        return _checked(_Loaded(np.asarray(column.data), np.ma.getmaskarray(column)), name)
    if isinstance(column, np.ndarray) or isinstance(getattr(column, "dtype", None), np.dtype):
        return _checked(_Loaded(np.asarray(column)), name)
    if _is_arrow(column):
        return _from_arrow(column)
    if hasattr(column, "isna") and hasattr(column, "to_numpy"):
        return _from_pandas(column)
    if hasattr(column, "__array__"):
        return _checked(_Loaded(np.asarray(column)), name)
    if isinstance(column, str | bytes) or not isinstance(column, Iterable):
        raise TypeError(f"{name}: a column (array, list, series), not a {type(column).__name__}")
    items = list(column)
    values = np.asarray(items) if items and all(type(item) is int for item in items) else None
    if values is None or values.dtype.kind not in "iu":
        values = np.empty(len(items), dtype=object)
        values[:] = items
    return _Loaded(values)


def _checked(loaded: _Loaded, name: str) -> _Loaded:
    if loaded.values.ndim != 1:
        raise TypeError(f"{name}: a column has one dimension, this array has {loaded.values.ndim}")
    return loaded


def _from_pandas(column: Any) -> _Loaded:
    """A series of an extension type: its empty cells are pandas.NA."""
    empty = np.asarray(column.isna(), dtype=np.bool_)
    if getattr(column.dtype, "kind", "O") in "iu":
        return _Loaded(column.to_numpy(dtype=np.int64, na_value=0), empty)
    return _Loaded(column.to_numpy(dtype=object), empty)


def _is_arrow(column: Any) -> bool:
    """Whether a column speaks the Arrow PyCapsule interface and pyarrow is there to listen."""
    speaks = hasattr(column, "__arrow_c_array__") or hasattr(column, "__arrow_c_stream__")
    return speaks and importlib.util.find_spec("pyarrow") is not None


def _arrow_array(arrow: Any, column: Any) -> Any:
    """One ``pyarrow.Array`` of a column that may come in chunks."""
    if not hasattr(column, "__arrow_c_stream__"):
        return arrow.array(column)
    chunks = arrow.chunked_array(column)
    return arrow.concat_arrays(chunks.chunks) if chunks.num_chunks else arrow.array([], chunks.type)


def arrow_decimals(column: Column, exponent: int) -> npt.NDArray[np.int64] | None:
    """Minor units of an Arrow column of decimal128 with every cell filled and in range; else None.

    The bytes of a decimal of the currency's scale are those of its minor units, so nothing is parsed.
    """
    if isinstance(column, np.ndarray) or not _is_arrow(column):
        return None
    arrow = importlib.import_module("pyarrow")
    array = _arrow_array(arrow, column)
    if not arrow.types.is_decimal128(array.type) or array.null_count:
        return None
    try:
        scaled = array.cast(arrow.decimal128(38, exponent))
        whole = arrow.Array.from_buffers(
            arrow.decimal128(38, 0), len(scaled), scaled.buffers(), offset=scaled.offset
        )
        minor: npt.NDArray[np.int64] = whole.cast(arrow.int64()).to_numpy(zero_copy_only=False)
    except arrow.ArrowInvalid:
        return None
    return minor


def _from_arrow(column: Any) -> _Loaded:
    arrow = importlib.import_module("pyarrow")
    array = _arrow_array(arrow, column)
    types = arrow.types
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    empty = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if types.is_timestamp(array.type):
        filled = array.cast(arrow.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        return _Loaded(filled.view(f"datetime64[{array.type.unit}]"), empty)
    if types.is_integer(array.type) or types.is_floating(array.type) or types.is_boolean(array.type):
        filled = array if empty is None else array.fill_null(False if types.is_boolean(array.type) else 0)
        return _Loaded(filled.to_numpy(zero_copy_only=False), empty)
    values = np.empty(len(array), dtype=object)
    values[:] = array.to_pylist()
    return _Loaded(values, empty)


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, pandas.NA, NaT, a masked cell."""
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, float | np.floating):
        return bool(value != value)
    return type(value).__name__ in ("NAType", "NaTType")


def ids(column: Column, name: str, *, nobody: bool = False, faulty: bool = False) -> Ids:
    """A column of ids; with ``nobody`` an empty cell is nobody, else it is refused.

    With ``faulty`` an integer that is no id stays one that is none: a number above all ids, a text with a blank in
    front.
    """
    loaded = load(column, name)
    values, kind = loaded.values, loaded.values.dtype.kind
    if kind == "f":
        raise TypeError(f"{name}: a float column ({values.dtype}); {ID_RULE}")
    if not nobody and (row := loaded.first_empty()) is not None:
        raise make(408, "invalid_id", f"{name}: an empty cell; every row needs an id", row)
    if kind in "iu":
        return Ids(_id_numbers(values, loaded.empty, name, faulty), None)
    if kind not in "OUT":
        raise TypeError(f"{name}: a column of {values.dtype}; ids are integers or text")
    return _mixed_ids(values.tolist(), loaded.empty, name, nobody, faulty)


def _id_numbers(
    values: npt.NDArray[Any], empty: npt.NDArray[np.bool_] | None, name: str, faulty: bool
) -> npt.NDArray[np.uint64]:
    if empty is not None and empty.any():
        values = np.where(empty, 0, values)
    if values.dtype.kind == "i" and faulty:
        values = values.astype(np.int64, copy=False)
    elif len(values) and values.dtype.kind == "i" and values.min() < 0:
        row = int(values.argmin())
        raise make(408, "invalid_id", f"{name} {values[row]} is below zero", row)
    if values.dtype == np.int64:
        values = values.view(np.uint64)
    return _packed(values, np.uint64)


def _packed(values: npt.NDArray[Any], dtype: type[_Scalar]) -> npt.NDArray[_Scalar]:
    """Values of exactly one type, one after the other, at addresses the processor can read them from."""
    return np.require(values, dtype=dtype, requirements=("C", "A"))


def _mixed_ids(
    values: list[Any], empty: npt.NDArray[np.bool_] | None, name: str, nobody: bool, faulty: bool
) -> Ids:
    """Objects: integers where all are, else texts. A column of one float among them is refused too."""
    text = False
    cells: list[int | str] = []
    for row, value in enumerate(values):
        if (empty is not None and empty[row]) or is_empty(value):
            if not nobody:
                raise make(408, "invalid_id", f"{name}: an empty cell; every row needs an id", row)
            value = 0
        elif isinstance(value, str):
            text = True
        elif isinstance(value, int | np.integer) and not isinstance(value, bool):
            value = int(value)
            if _is_no_id(value) and not faulty:
                raise make(408, "invalid_id", f"{name} {value}; an id is above 0 and below 2^63", row)
        elif isinstance(value, float | np.floating):
            raise TypeError(f"{name}, row {row}, is {value}, a float; {ID_RULE}")
        else:
            raise TypeError(f"{name}, row {row}, is a {type(value).__name__}; ids are integers or text")
        cells.append(value)
    if text:
        texts = [id_text(cell) for cell in cells]
        return Ids(np.arange(1, len(texts) + 1, dtype=np.uint64), texts)
    numbers = [_LARGEST_ID + 1 if isinstance(cell, int) and _is_no_id(cell) else cell for cell in cells]
    return Ids(np.array(numbers, dtype=np.uint64), None)


def id_text(cell: int | str) -> str:
    """A cell as a text: nobody is empty, and a number that is no id a text that is none either."""
    if isinstance(cell, str):
        return cell
    return "" if cell == 0 else f" {cell}" if _is_no_id(cell) else str(cell)


def _is_no_id(number: int) -> bool:
    return not 0 <= number <= _LARGEST_ID


def numbers_of_texts(texts: list[str], name: str) -> npt.NDArray[np.uint64]:
    """Texts as the integers they spell; anything else is no member of a forest of integers."""
    numbers = []
    for row, text in enumerate(texts):
        if text and (not text.isascii() or not text.isdigit() or (text[0] == "0" and text != "0")):
            raise make(402, "unknown_member", f"{name}: member {text} is not in the forest", row)
        numbers.append(min(int(text or 0), _LARGEST_ID + 1))
    return np.array(numbers, dtype=np.uint64)


def amounts(column: Column, name: str, currency: str) -> npt.NDArray[np.int64]:
    """Minor units: integers as they are, ``Decimal`` exactly; text could mean either and is refused."""
    if (minor := arrow_decimals(column, _fenrun.exponent(currency))) is not None:
        return minor
    loaded = load(column, name)
    values, kind = loaded.values, loaded.values.dtype.kind
    if kind == "f":
        raise TypeError(f"{name}: a float column ({values.dtype}); {minor_rule(currency)}")
    refuse_empty(loaded, name)
    if kind in "iu":
        return int64(values, name)
    if kind not in "OUT":
        raise TypeError(f"{name}: a column of {values.dtype}; {minor_rule(currency)}")
    cells: list[int] = []
    for row, value in enumerate(values.tolist()):
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            cells.append(int(value))
        elif isinstance(value, Decimal):
            cells.append(_decimal_amount(value, currency, name, row))
        else:
            what = "a float" if isinstance(value, float | np.floating) else f"a {type(value).__name__}"
            raise TypeError(f"{name}, row {row}, is {value!r}, {what}; {minor_rule(currency)}")
    return int64(np.array(cells, dtype=object), name)


def _decimal_amount(value: Decimal, currency: str, name: str, row: int) -> int:
    """Minor units of one decimal, its row named where it is at fault."""
    try:
        return int(minor_of_decimals([value], currency, name)[0])
    except Error as error:
        raise make(error.code, error.name, f"{name}: {error.message}", row) from None


def int64(values: npt.NDArray[Any], name: str) -> npt.NDArray[np.int64]:
    """Integers of another type, or Python's, as 64 bits."""
    if values.dtype.kind in "uO" and len(values):
        outside = (values > _LARGEST_ID) | (values < -_LARGEST_ID - 1)
        if outside.any():
            row = int(np.asarray(outside).argmax())
            raise make(102, "overflow", f"{name}: {values[row]} does not fit 64 bits", row)
    return _packed(values, np.int64)


def refuse_empty(loaded: _Loaded, name: str) -> None:
    """Names the first row that holds nothing."""
    row, kind = loaded.first_empty(), loaded.values.dtype.kind
    if row is None and kind == "O":
        row = next((at for at, value in enumerate(loaded.values) if is_empty(value)), None)
    if row is None and kind in "fM":
        missing = np.isnat(loaded.values) if kind == "M" else np.isnan(loaded.values)
        row = int(missing.argmax()) if missing.any() else None
    if row is not None:
        raise make(903, "row", f"{name}: an empty cell; every row needs a value", row)


def units(column: Column, name: str) -> npt.NDArray[np.uint32]:
    """Counts of units."""
    values = _integers(column, name)
    if len(values) and (values.min() < 0 or values.max() > 0xFFFF_FFFF):
        row = int(((values < 0) | (values > 0xFFFF_FFFF)).argmax())
        raise make(205, "invalid_value", f"{name} {values[row]} is outside 0..=4294967295", row)
    return _packed(values, np.uint32)


def volumes(column: Column, name: str) -> npt.NDArray[np.int64]:
    """Volumes of members: integers, below zero as well."""
    return int64(_integers(column, name), name)


def _integers(column: Column, name: str) -> npt.NDArray[Any]:
    loaded = load(column, name)
    refuse_empty(loaded, name)
    values = loaded.values
    if values.dtype.kind == "O":
        wrong = (row for row, value in enumerate(values) if not _is_integer(value))
        if (row := next(wrong, None)) is not None:
            raise TypeError(f"{name}, row {row}, is {values[row]!r}; it holds integers only")
        values = int64(values, name)
    if values.dtype.kind not in "iu":
        raise TypeError(f"{name}: a column of {values.dtype}; it holds integers only")
    return values


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def times(column: Column, name: str) -> npt.NDArray[np.int64]:
    """Milliseconds of UTC since 1970; numpy's datetime64 has no zone and counts as UTC."""
    loaded = load(column, name)
    refuse_empty(loaded, name)
    values = loaded.values
    if values.dtype.kind == "M":
        return _moments(values, name)
    if values.dtype.kind == "O" and len(values) and all(isinstance(value, dt.datetime) for value in values):
        return np.array(
            [milliseconds(value, f"{name}, row {at}") for at, value in enumerate(values)], np.int64
        )
    return volumes(column, name)


def _moments(values: npt.NDArray[Any], name: str) -> npt.NDArray[np.int64]:
    """Milliseconds of datetime64, of which numpy wraps those that do not fit."""
    if np.datetime_data(values.dtype)[0] in ("Y", "M", "W", "D", "h", "m", "s"):
        counts, last = values.astype(np.int64), np.datetime64(2**63 - 1, "ms")
        outside = np.abs(counts) > last.astype(values.dtype).astype(np.int64)
        if outside.any():
            row = int(outside.argmax())
            rule = "milliseconds since 1970 do not fit 64 bits"
            raise make(102, "overflow", f"{name}: {counts[row]} of {values.dtype}; {rule}", row)
    return np.ascontiguousarray(values.astype("datetime64[ms]").view(np.int64))


def texts(column: Column, name: str, *, none: bool) -> tuple[npt.NDArray[np.uint32], list[str]]:
    """Codes into a list of words; with ``none`` an empty cell has the code 0 and words count from 1."""
    loaded = load(column, name)
    words: dict[str, int] = {}
    start = 1 if none else 0
    codes = np.zeros(len(loaded.values), dtype=np.uint32)
    for row, value in enumerate(loaded.values.tolist()):
        if (loaded.empty is not None and loaded.empty[row]) or is_empty(value) or (none and value == ""):
            if not none:
                raise make(903, "row", f"{name}: an empty cell; every row needs a value", row)
            continue
        if not isinstance(value, str):
            raise TypeError(f"{name}, row {row}, is a {type(value).__name__}; it holds text")
        codes[row] = words.setdefault(value, len(words) + start)
    return codes, list(words)


def fact(column: Column, name: str) -> npt.NDArray[Any] | tuple[npt.NDArray[np.uint32], list[str]]:
    """A fact of members: booleans, integers or texts; rates are texts."""
    loaded = load(column, name)
    kind = loaded.values.dtype.kind
    if kind == "f":
        rule = "facts are text, integers or booleans, and rates are text such as '5%'"
        raise TypeError(f"{name}: a float column ({loaded.values.dtype}); {rule}")
    refuse_empty(loaded, name)
    values = loaded.values
    if kind == "O" and len(values) and all(isinstance(value, bool | np.bool_) for value in values):
        values = values.astype(np.bool_)
    if values.dtype.kind == "b":
        return np.ascontiguousarray(values)
    if values.dtype.kind in "iu":
        return int64(values, name)
    kinds = [type(value).__name__ for value in values] if kind == "O" else []
    other = next((row for row, found in enumerate(kinds) if found != kinds[0]), None)
    if other is not None:
        rule = "one fact holds texts, integers or booleans alone"
        raise TypeError(f"{name}, row {other}, is a {kinds[other]} under a {kinds[0]}; {rule}")
    return texts(values, name, none=False)


def frame(orders: Any) -> dict[str, Column]:
    """The columns of a table by name: a dict, a frame, an Arrow table or stream, a structured array."""
    if isinstance(orders, Mapping):
        return {str(name): orders[name] for name in orders}
    if isinstance(orders, np.ndarray) and orders.dtype.names:
        return {name: orders[name] for name in orders.dtype.names}
    names = getattr(orders, "column_names", None) or getattr(orders, "columns", None)
    if names is not None and not callable(names) and hasattr(orders, "__getitem__"):
        return {str(name): orders[name] for name in names}
    if hasattr(orders, "__arrow_c_stream__"):
        table = importlib.import_module("pyarrow").table(orders)
        return {name: table[name] for name in table.column_names}
    raise TypeError(f"orders: a dict of columns, a frame or an Arrow table, not a {type(orders).__name__}")
