"""What a batch gives: rows as columns."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt


class Rows:
    """The rows of a settled batch, in the order of the orders, rules and levels.

    Every column is a numpy array with one value a row. ``rule`` counts into ``rules``; ``source`` is the
    input row each row is paid for, from 0 (the first of its order when the rule rounds per order).
    """

    __slots__ = (
        "_orders", "amount", "conserved", "currency", "level", "payee", "pool", "retained", "rule", "rules",
        "source",
    )  # fmt: skip

    source: npt.NDArray[np.uint32]
    payee: npt.NDArray[Any]
    rule: npt.NDArray[np.uint8]
    level: npt.NDArray[np.uint16]
    amount: npt.NDArray[np.int64]
    rules: tuple[str, ...]
    pool: int
    retained: dict[str, int]
    conserved: bool
    currency: str

    def __init__(
        self,
        columns: dict[str, Any],
        payee: npt.NDArray[Any],
        orders: npt.NDArray[Any] | None,
        rules: tuple[str, ...],
        currency: str,
    ) -> None:
        self.source = columns["source"]
        self.payee = payee
        self.rule = columns["rule"]
        self.level = columns["level"]
        self.amount = columns["amount"]
        self.pool = columns["pool"]
        self.retained = columns["retained"]
        self.conserved = columns["conserved"]
        self.rules = rules
        self.currency = currency
        self._orders = orders

    @property
    def order(self) -> npt.NDArray[Any]:
        """The order of each row: its id, or the number of the input row from 1 where ids were not given."""
        if self._orders is None:
            return self.source.astype(np.int64) + 1
        return self._orders[self.source]

    def __len__(self) -> int:
        return len(self.amount)

    def to_dict(self) -> dict[str, npt.NDArray[Any]]:
        """The table order, payee, rule (by name), level, amount: what ``pandas.DataFrame`` takes."""
        return {**self._columns(), "rule": np.array(self.rules, dtype=object)[self.rule]}

    def to_arrow(self) -> Any:
        """The same table as a ``pyarrow.Table``, the rule as a dictionary of names. Needs pyarrow."""
        arrow = importlib.import_module("pyarrow")
        rule = arrow.DictionaryArray.from_arrays(self.rule, list(self.rules))
        return arrow.table({**self._columns(), "rule": rule})

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        """The columns as they are, the rule as a number."""
        return {
            "order": self.order,
            "payee": self.payee,
            "rule": self.rule,
            "level": self.level,
            "amount": self.amount,
        }

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows):
            return NotImplemented
        totals = (self.pool, self.retained, self.rules, self.currency)
        if totals != (other.pool, other.retained, other.rules, other.currency):
            return False
        mine, others = self._columns(), other._columns()
        return all(np.array_equal(mine[name], others[name]) for name in mine)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        kept = sum(self.retained.values())
        return (
            f"<fenrun.Rows: {len(self):,} rows, {self.pool - kept:,} of a pool of {self.pool:,} "
            f"{self.currency} minor units>"
        )
