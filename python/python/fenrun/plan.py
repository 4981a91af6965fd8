"""Plans: who is paid how much of what."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from . import _columns, _fenrun
from ._columns import Column
from .errors import Error, make, of_plan, within
from .forest import Forest, numbers
from .outcome import Outcome
from .rows import Rows

# One byte more than the longest plan: enough to see that a file is too long without reading all of it.
_READ_LIMIT = (1 << 20) + 1

# Columns of orders that are no components.
_COLUMNS = ("buyer", "order", "line", "units", "placed_at", "override")
# Components a line may carry whether the plan reads them or not.
_COMPONENTS = tuple(_fenrun.components())


@dataclass(frozen=True, slots=True)
class Bound:
    """The most a rule can pay of its base."""

    rule: str
    """The rule."""
    at_most: str | None
    """An exact rate as text; None for amounts per unit, which have no bound against the base."""
    witness: str
    """How it is reached."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the author of a plan should know; the plan is accepted."""

    rule: str
    """The rule."""
    text: str
    """One line, with its source where it has one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What can be proven of a plan before it pays anybody."""

    bounds: tuple[Bound, ...]
    """One bound a rule."""
    total: str | None
    """The sum of the bounds; None when one has none."""
    warnings: tuple[Caution, ...]
    """What the author should know."""
    allowed: dict[str, str]
    """What the author accepted: rule and reason."""


def _is_path(text: str) -> bool:
    return text.strip() != "" and not any(sign in text for sign in "\n={")


class Plan(_fenrun.Plan):
    """A plan, parsed and checked: one that pays above 100 % or for recruiting cannot be built.

    Immutable: share it freely between threads. Plans with the same hash are equal; they pickle.

    >>> plan = Plan.parse('''
    ... schema = "fenrun.plan/1"
    ... name = "two levels"
    ... currency = "CNY"
    ... [[rule]]
    ... id = "upline"
    ... to = { up = "referral" }
    ... pay = { levels = ["5%", "2.5%"] }
    ... ''')
    >>> plan.amounts([20, 10], 9999)
    (499, 249)
    >>> Plan.preset("crmeb").currency
    'CNY'

    ``Plan(plan)`` takes whatever a plan may be: a dict, as JSON has it; the text of TOML or JSON; or a path. Rates in
    a dict are text (``"5%"``, ``Fraction(1, 20)``), money is an int of minor units, and a float is a TypeError. Text
    of one line without ``=`` and ``{``, which no plan can be, is a path.

    >>> rule = {"id": "upline", "to": {"up": "referral"}, "pay": {"levels": ["5%"]}}
    >>> Plan({"schema": "fenrun.plan/1", "name": "one level", "currency": "CNY", "rule": [rule]}).amounts([20], 9999)
    (499,)
    """

    __slots__ = ()

    def __new__(
        cls,
        plan: str | Mapping[str, Any] | os.PathLike[str],
        format: Literal["toml", "json"] | None = None,
    ) -> Self:
        if isinstance(plan, Mapping):
            if format is not None:
                raise TypeError(f"format={format!r} tells how a text is written; a dict is no text")
            return cls._read(plan)
        if isinstance(plan, os.PathLike) or (isinstance(plan, str) and format is None and _is_path(plan)):
            return cls.load(plan)
        if not isinstance(plan, str):
            kind = type(plan).__name__
            raise TypeError(f"a plan is a dict, the text of TOML or JSON, or a path; not a value of type {kind}")
        return cls._read(plan, format)

    @classmethod
    def _read(cls, plan: str | Mapping[str, Any], format: str | None = None) -> Self:
        try:
            return super().__new__(cls, plan, format)
        except Error as error:
            raise of_plan(error) from None

    @classmethod
    def parse(cls, text: str, format: Literal["toml", "json"] | None = None) -> Self:
        """Reads a plan from TOML or JSON, told apart by their first character unless ``format`` says.

        Raises PlanError for whatever is wrong in it; its code tells a rate that is none from a key nobody
        knows.
        """
        return cls._read(text, format)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Reads a plan from a file of TOML or JSON in UTF-8."""
        place = os.fspath(path)
        if place in _fenrun.preset_names() and not os.path.exists(place):
            raise FileNotFoundError(errno.ENOENT, f"no such file; the preset is Plan.preset({place!r})", place)
        with open(place, "rb") as file:
            data = file.read(_READ_LIMIT)
        try:
            return cls._read(data.decode())
        except UnicodeDecodeError as error:
            raise of_plan(make(201, "syntax", f"{place}: not UTF-8 at byte {error.start}")) from None
        except Error as error:
            raise within(error, place) from None

    @classmethod
    def preset(cls, name: str) -> Self:
        """A plan that comes with the library; ``Plan.presets()`` lists them."""
        return cls._read(_fenrun.preset(name))

    @staticmethod
    def presets() -> list[str]:
        """The names of the plans that come with the library."""
        return _fenrun.preset_names()

    @property
    def rules(self) -> tuple[dict[str, Any], ...]:
        """The rules as the canonical document writes them."""
        return tuple(json.loads(self.canonical)["rule"])

    def check(self) -> Report:
        """An upper bound of what the plan can pay, per rule and in total, and what it warns of."""
        document = self.check_document()
        return Report(
            tuple(Bound(**bound) for bound in document["bounds"]),
            document["total"],
            tuple(Caution(**warning) for warning in document["warnings"]),
            document["allowed"],
        )

    def settle_one(self, sale: Mapping[str, Any] | str) -> Outcome:
        """Settles one sale that carries its own upline; no forest, no database.

        ``sale`` is ``{"id", "buyer", "upline": […], "lines": [{"id", "units", "paid", …}], …}`` as a dict
        or as JSON text. People are ids, or dicts of ``id``, ``rank`` and the facts the plan reads. Money is
        an int of minor units, or a ``Decimal`` of whole ones; ``minor`` converts the rest.

        Raises SaleError, DocumentError or MoneyError; TypeError for a float.
        """
        return Outcome(self, sale)

    def settle(
        self,
        forest: Forest,
        orders: Any = None,
        *,
        buyer: Column = None,
        paid: Column = None,
        order: Column = None,
        line: Column = None,
        units: Column = None,
        placed_at: Column = None,
        override: Column = None,
        overrides: Sequence[Mapping[str, Any]] = (),
        tenant: str = "",
        threads: int = 1,
        **components: Column,
    ) -> Rows:
        """Settles many orders over a forest, equal to the cent to ``settle_one`` of each.

        ``orders`` is a table with these columns (a dict, a frame, an Arrow table), or the columns are given
        by name. ``buyer`` and ``paid`` must be there; ``order`` holds ids (else the number of the row from
        1); with ``line`` rows of one order stand together, without it every row is an order. Further
        columns are components the plan reads. ``override`` counts into ``overrides`` from 1, 0 for none;
        each of those is ``{rule: rates}``. ``placed_at`` says when each order was placed: over a forest with dates
        it takes the upline of then, and without it that of now. ``tenant`` is the shop all orders are of, part of the
        keys of rows; a host with one shop has none.

        Columns of the right type (int64 for money and ids, uint32 for units) are read where they lie. The
        result does not depend on ``threads`` (at most 256; 0 for as many as the machine has; a thread gets
        4,096 rows or more), and other Python threads run meanwhile. All orders are settled or none.
        """
        named = {"buyer": buyer, "paid": paid, "order": order, "line": line, "units": units}
        named |= {"placed_at": placed_at, "override": override, **components}
        table = {} if orders is None else _columns.frame(orders)
        for name, column in named.items():
            if column is not None:
                if name in table:
                    raise TypeError(f"{name} is given twice: as an argument and as a column of orders")
                table[name] = column
        if not isinstance(forest, _fenrun.Forest):
            raise TypeError(f"forest: a fenrun.Forest, not a {type(forest).__name__}")
        batch = _Batch(self, forest, table, overrides)
        try:
            answer = _fenrun.settle(self, forest, batch.columns, tenant, threads)
        except Error as error:
            raise batch.named(error) from None
        answer["numbers"] = answer["payee"]
        answer["payee"] = forest.ids_of(answer["numbers"])
        if "after" in answer:
            after = answer["after"]
            people = forest.ids_of(after).astype(object)
            people[after == 0] = None
            answer["after"] = people
        return Rows(answer, batch.orders, batch.lines, self, tenant)

    def __repr__(self) -> str:
        return f"<fenrun.Plan {self.name!r} in {self.currency}: {len(self.rules)} rules, {self.hash[:12]}>"

    def _repr_html_(self) -> str:
        head = "<tr><th>rule</th><th>of</th><th>to</th><th>pay</th><th>at most</th></tr>"
        body = "".join(
            _html_row(
                rule["id"], rule.get("of", "paid"), rule["to"], rule["pay"], bound.at_most or "per unit"
            )
            for rule, bound in zip(self.rules, self.check().bounds, strict=True)
        )
        caption = f"<caption>{escape(self.name)} ({self.currency}), {self.hash[:12]}</caption>"
        return f"<table>{caption}{head}{body}</table>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.canonical, "json")


def _html_row(*cells: Any) -> str:
    texts = (cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False) for cell in cells)
    return "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"


class _Batch:
    """The columns of a batch, as the engine takes them."""

    __slots__ = ("columns", "lines", "orders")

    columns: dict[str, Any]
    orders: npt.NDArray[Any] | None
    lines: npt.NDArray[Any] | None

    def __init__(
        self, plan: Plan, forest: Forest, table: dict[str, Column], overrides: Sequence[Mapping[str, Any]]
    ) -> None:
        for name in ("buyer", "paid"):
            if name not in table:
                raise make(902, "column", f"orders: the column `{name}` is missing")
        known = (*_COLUMNS, *_COMPONENTS, *plan.names)
        if unknown := [name for name in table if name not in known]:
            text = f"orders: unknown column `{unknown[0]}`; known: {', '.join(dict.fromkeys(known))}"
            raise make(902, "column", text)
        buyers = _columns.ids(table["buyer"], "buyer")
        ids = _own_ids(table, "order")
        lines = _own_ids(table, "line")
        self.orders = None if ids is None else _shown_ids(ids)
        self.lines = None if lines is None else _shown_ids(lines)
        components = {name: table[name] for name in table if name not in _COLUMNS}
        self.columns = {
            "buyers": numbers(buyers, forest.names, "buyer"),
            "components": [
                (name, _columns.amounts(column, name, plan.currency)) for name, column in components.items()
            ],
            "ids": None if ids is None else _numbered(ids, by_size=False),
            "lines": None if lines is None else _numbered(lines, by_size=True),
            "units": _columns.units(table["units"], "units") if "units" in table else None,
            "placed_at": _columns.times(table["placed_at"], "placed_at") if "placed_at" in table else None,
            "overrides": None,
        }
        if isinstance(overrides, Mapping | Set | str):
            raise TypeError(f"overrides: a list of {{rule: rates}}, not a {type(overrides).__name__}")
        if "override" in table:
            self.columns["overrides"] = (_columns.units(table["override"], "override"), list(overrides))

    def named(self, error: Error) -> Error:
        """The error with the order's own id, where that is a text."""
        if error.index is None or self.orders is None or self.orders.dtype != object:
            return error
        number, text = self.columns["ids"][error.index], self.orders[error.index]
        message = re.sub(rf"\b(order|sale) {number}\b", rf"\1 {text}", error.message, count=1)
        return make(error.code, error.name, message, error.index, error.line)


def _own_ids(table: dict[str, Column], name: str) -> _columns.Ids | None:
    """The ids of orders or lines, which no forest checks."""
    if name not in table:
        return None
    ids = _columns.ids(table[name], name)
    if ids.texts is not None:
        _fenrun.check_ids(ids.texts, name)
    return ids


def _shown_ids(ids: _columns.Ids) -> npt.NDArray[Any]:
    """The ids as rows show them: a copy, because the caller's column is the caller's to change."""
    if ids.texts is None:
        return ids.numbers.astype(np.int64)
    return np.array(ids.texts, dtype=object)


def _numbered(ids: _columns.Ids, *, by_size: bool) -> npt.NDArray[np.uint64]:
    """Texts as 1, 2, 3 …, equal ones alike; ``by_size`` in the order in which a sale sorts its lines."""
    if ids.texts is None:
        return ids.numbers
    words = dict.fromkeys(ids.texts)
    ordered = sorted(words, key=lambda text: (len(text.encode()), text)) if by_size else list(words)
    places = {text: at for at, text in enumerate(ordered, start=1)}
    return np.array([places[text] for text in ids.texts], dtype=np.uint64)
