"""What a batch gives: rows as columns."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _fenrun

if TYPE_CHECKING:
    from .plan import Plan


class Rows:
    """The rows of a settled batch, in the order of the orders, rules and levels.

    Immutable: share it freely between threads. It pickles. Every column is a read-only numpy array with one
    value a row; copy it to change it, and leave its ``base`` alone: the memory below is used again. ``rule`` counts into ``rules``; ``source`` is the
    input row each row is paid for, from 0 (the first of its order when the rule rounds per order). ``account``
    counts into ``accounts``, and ``after`` is whose amount the rule runs after (None for a rule of the order
    itself); they are None where no rule splits its amounts or runs after another.
    """

    __slots__ = (
        "_lines", "_numbers", "_orders", "_origins", "_per_order", "_plan", "_retained", "account", "accounts", "after",
        "amount", "conserved", "currency", "level", "payee", "pool", "rule", "rules", "source", "tenant",
    )  # fmt: skip

    source: npt.NDArray[np.uint32]
    payee: npt.NDArray[Any]
    rule: npt.NDArray[np.uint8]
    level: npt.NDArray[np.uint16]
    amount: npt.NDArray[np.int64]
    account: npt.NDArray[np.uint16] | None
    after: npt.NDArray[Any] | None
    accounts: tuple[str, ...]
    rules: tuple[str, ...]
    pool: int
    conserved: bool
    currency: str
    tenant: str

    def __init__(
        self,
        settled: dict[str, Any],
        orders: npt.NDArray[Any] | None,
        lines: npt.NDArray[Any] | None,
        plan: Plan,
        tenant: str,
    ) -> None:
        # Who is paid, as the forest counts them: the ids themselves where these are numbers.
        self._numbers: npt.NDArray[np.int64] = settled["numbers"]
        for name in ("source", "payee", "rule", "level", "amount", "pool", "conserved"):
            setattr(self, name, _read_only(settled[name]))
        self.account = _read_only(settled.get("account"))
        self.after = _read_only(settled.get("after"))
        self.accounts = settled.get("accounts", ("cash",))
        self._retained: dict[str, int] = settled["retained"]
        rules = plan.rules
        self.rules = tuple(rule["id"] for rule in rules)
        self.currency = plan.currency
        self._per_order = np.array([_rounds_per_order(rule, rules) for rule in rules])
        self._orders = orders
        self._lines = lines
        self._origins = settled.get("origins")
        self._plan = plan
        self.tenant = tenant

    @property
    def retained(self) -> dict[str, int]:
        """What nobody got, by reason, in minor units."""
        return dict(self._retained)

    @property
    def order(self) -> npt.NDArray[Any]:
        """The order of each row: its id, or the number of the input row from 1 where ids were not given."""
        if self._orders is None:
            return self.source.astype(np.int64) + 1
        return self._orders[self.source]

    @property
    def line(self) -> npt.NDArray[Any]:
        """The line of each row, 1 where every row was an order; None where the rule rounds per order."""
        lines = np.ones(len(self), dtype=np.int64) if self._lines is None else self._lines[self.source]
        if not self._per_order.any():
            return lines
        lines = lines.astype(object)
        lines[self._per_order[self.rule]] = None
        return lines

    def keys(self) -> list[str]:
        """The key of each row, 32 hex digits for a unique index of your own.

        They are those that ``settle_one`` gives the rows of each order, in every language; they are made when they
        are asked for.
        """
        columns = {
            "orders": _texts_or_numbers(self._orders),
            "lines": _texts_or_numbers(self._lines),
            "source": self.source,
            "rule": self.rule,
            "level": self.level,
            "account": self.account,
            "origins": self._origins,
        }
        return _fenrun.row_keys(self._plan, self.tenant, columns)

    def __len__(self) -> int:
        return len(self.amount)

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """The table order, line (if lines were given), payee, rule by name, level, amount, and account by name
        and after where the plan has them."""
        table = {**self._columns(), "rule": np.array(self.rules, dtype=object)[self.rule]}
        if self.account is not None:
            table["account"] = np.array(self.accounts, dtype=object)[self.account]
        return table

    def totals(self) -> dict[str, npt.NDArray[Any]]:
        """What each member gets in all: the columns payee, account by name where the plan has them, and amount.

        There is one row a member, or one for each of their accounts where rules split amounts, in the order of
        their first rows.
        """
        first, amounts = _fenrun.add_up(self._numbers, self.account, self.amount)
        payees = self.payee[first]
        if self.account is None:
            return {"payee": payees, "amount": amounts}
        accounts = np.array(self.accounts, dtype=object)[self.account[first]]
        return {"payee": payees, "account": accounts, "amount": amounts}

    def to_arrow(self) -> Any:
        """The same table as a ``pyarrow.Table``, the rule as a dictionary of names. Needs pyarrow."""
        arrow = importlib.import_module("pyarrow")
        table = {**self._columns(), "rule": arrow.DictionaryArray.from_arrays(self.rule, list(self.rules))}
        if self.account is not None:
            table["account"] = arrow.DictionaryArray.from_arrays(self.account, list(self.accounts))
        return arrow.table(table)

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        """The columns as they are, rule and account as numbers."""
        line = {} if self._lines is None else {"line": self.line}
        more = {"account": self.account, "after": self.after}
        return {
            "order": self.order,
            **line,
            "payee": self.payee,
            "rule": self.rule,
            "level": self.level,
            "amount": self.amount,
            **{name: column for name, column in more.items() if column is not None},
        }

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows):
            return NotImplemented
        totals = (self.pool, self.retained, self.rules, self.accounts, self.currency, self.tenant)
        if totals != (other.pool, other.retained, other.rules, other.accounts, other.currency, other.tenant):
            return False
        mine, others = self._columns(), other._columns()
        return mine.keys() == others.keys() and all(np.array_equal(mine[name], others[name]) for name in mine)

    __hash__ = None  # type: ignore[assignment]

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():
            setattr(self, name, _read_only(value))

    def __repr__(self) -> str:
        kept = sum(self.retained.values())
        return (
            f"<fenrun.Rows: {len(self):,} rows, {self.pool - kept:,} of a pool of {self.pool:,} "
            f"{self.currency} minor units>"
        )


def _read_only(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    return value


def _texts_or_numbers(ids: npt.NDArray[Any] | None) -> npt.NDArray[np.int64] | list[str] | None:
    """Ids as the engine takes them."""
    return ids.tolist() if ids is not None and ids.dtype == object else ids


def _rounds_per_order(rule: dict[str, Any], rules: tuple[dict[str, Any], ...]) -> bool:
    """Whether the rule, or one it runs after, pays for no line in particular."""
    rounding = rule.get("round")
    if isinstance(rounding, dict) and rounding.get("per") == "order":
        return True
    return any(_rounds_per_order(other, rules) for other in rules if other["id"] == rule.get("after"))
