"""Exceptions: one class per family of codes, the code itself on every one of them.

The numbers are the same in every language and never change their meaning. ``except fenrun.Error`` catches
them all. A value of the wrong Python type (a float where money or an id belongs) is a ``TypeError``.
"""

from __future__ import annotations

from . import _fenrun


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
    line: int | None
    """The line of the text that is at fault, counted from one."""

    def __init__(
        self, message: str, code: int, name: str, index: int | None = None, line: int | None = None
    ) -> None:
        super().__init__(message, code, name, index, line)
        self.message = message
        self.code = code
        self.name = name
        self.index = index
        self.line = line

    def __str__(self) -> str:
        return self.message if self.index is None else f"row {self.index}: {self.message}"


class MoneyError(Error):
    """An amount, a currency, a rate or weights."""


class DocumentError(Error):
    """A document, an argument or a column with a key, a type, a value or an id it must not have."""


class PlanError(DocumentError):
    """A plan that cannot be read, whatever is wrong in it, or that pays what no plan may pay."""


class SaleError(Error):
    """A sale, a frozen sale, a refund or an order of a batch that contradicts itself or its plan."""


class ForestError(Error):
    """A member or an inviter: unknown, twice there, or their own upline."""


class OrderError(Error):
    """A command, a cart or a quote that an order refuses."""


class LedgerError(Error):
    """A journal the ledger refuses."""


class StoreError(Error):
    """A database."""


class LibraryError(Error):
    """The library itself and the calls into it."""


class TableError(Error):
    """A file or a table, its columns and rows."""


class PersonError(Error):
    """A person: their application, address, details, tags or visits."""


_CLASSES: dict[str, type[Error]] = {
    "Money": MoneyError,
    "Document": DocumentError,
    "Plan": PlanError,
    "Sale": SaleError,
    "Forest": ForestError,
    "Order": OrderError,
    "Ledger": LedgerError,
    "Store": StoreError,
    "Library": LibraryError,
    "Table": TableError,
    "Person": PersonError,
}
_OF_CODE = {number: _CLASSES[family] for number, family in _fenrun.codes().values()}


def make(code: int, name: str, message: str, index: int | None = None, line: int | None = None) -> Error:
    """The exception for an error of the engine."""
    return _OF_CODE[code](message, code, name, index, line)


def of_plan(error: Error) -> PlanError:
    """The same error, known to be the plan's."""
    return PlanError(error.message, error.code, error.name, error.index, error.line)


def within(error: Error, place: str) -> Error:
    """The same error with its place in front."""
    return type(error)(f"{place}: {error.message}", error.code, error.name, error.index, error.line)
