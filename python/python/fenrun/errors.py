"""Exceptions: one class per family of codes, the code itself on every one of them.

The numbers are the same in every language and never change their meaning. ``except fenrun.Error`` catches
them all. A value of the wrong Python type (a float where money or an id belongs) is a ``TypeError``.
"""

from __future__ import annotations


class Error(Exception):
    """What went wrong, in one line that names the value and the rule."""

    code: int
    """The stable number."""
    name: str
    """The stable name, such as ``pays_too_much``."""
    message: str
    """The one line."""
    index: int | None
    """The failing row of a column or a batch, counted from zero."""

    def __init__(self, message: str, code: int, name: str, index: int | None = None) -> None:
        super().__init__(message, code, name, index)
        self.message = message
        self.code = code
        self.name = name
        self.index = index

    def __str__(self) -> str:
        return self.message if self.index is None else f"row {self.index}: {self.message}"


class MoneyError(Error):
    """An amount, a currency, a rate or weights (101 to 199)."""


class DocumentError(Error):
    """A document with a key, a type or a value it must not have (201 to 299)."""


class PlanError(DocumentError):
    """A plan that cannot be read, or that pays what no plan may pay (201 to 299)."""


class SaleError(Error):
    """A sale, a frozen sale or a refund that contradicts itself or its plan (301 to 399)."""


class ForestError(Error):
    """A member, an inviter or an order of a batch (401 to 499)."""


class OrderError(Error):
    """A command an order refuses (501 to 599)."""


class LedgerError(Error):
    """A journal the ledger refuses (601 to 699)."""


class StoreError(Error):
    """A database (701 to 799)."""


class LibraryError(Error):
    """The library itself (801 to 899)."""


class TableError(Error):
    """A file or a table, its columns and rows (901 to 999)."""


_FAMILIES: dict[int, type[Error]] = {
    1: MoneyError,
    2: DocumentError,
    3: SaleError,
    4: ForestError,
    5: OrderError,
    6: LedgerError,
    7: StoreError,
    8: LibraryError,
    9: TableError,
}

# What only a plan can do wrong, wherever it is met.
_OF_PLANS = frozenset({207, 208, 209})


def make(code: int, name: str, message: str, index: int | None = None) -> Error:
    """The exception for an error of the engine."""
    family = PlanError if code in _OF_PLANS else _FAMILIES.get(code // 100, Error)
    return family(message, code, name, index)


def of_plan(error: DocumentError) -> PlanError:
    """The same error, known to be the plan's."""
    return PlanError(error.message, error.code, error.name, error.index)


def within(error: Error, place: str) -> Error:
    """The same error with its place in front."""
    return type(error)(f"{place}: {error.message}", error.code, error.name, error.index)
