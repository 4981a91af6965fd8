"""What one sale came to, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Literal, NamedTuple

from . import _fenrun


class Row(NamedTuple):
    """One amount for one payee."""

    key: str
    """32 hex digits, the same in every language: for your own unique index."""
    payee: str
    """Who is paid. Ids are text here, whatever they came as."""
    amount: int
    """Minor units, above zero."""
    rule: str
    """The rule that pays."""
    line: str | None
    """The line it is paid for; None when the rule rounds per order."""
    level: int
    """The level, from 1."""
    account: str
    """The account it goes to."""


class Trace(NamedTuple):
    """One slot, paid or not."""

    rule: str
    """The rule."""
    line: str | None
    """The line; None when the rule rounds per order."""
    level: int
    """The level from 1; 0 for the rest of a pool and for a rule that did not apply."""
    stands: str | None
    """Whose slot it is."""
    payee: str | None
    """Who is paid."""
    rate: str | int
    """A share as text, or minor units per unit sold."""
    base: int
    """What the rate is taken of, in minor units."""
    below: int
    """What nearer people already took of a differential, in minor units; zero for levels."""
    amount: int
    """Minor units."""
    reason: str | None
    """Why nobody is paid, or nothing."""


class Outcome(_fenrun.Outcome):
    """The outcome of a sale: the rows and what is retained sum to the pool, in integers.

    Immutable: share it freely between threads. It pickles.
    """

    __slots__ = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Who gets what, in the order of rule, line and level."""
        return tuple(map(Row._make, self.row_tuples()))

    @property
    def trace(self) -> tuple[Trace, ...]:
        """Every slot, paid or not, with its reason."""
        return tuple(map(Trace._make, self.trace_tuples()))

    def explain(self, lang: Literal["en", "zh"] = "en") -> str:
        """Why everybody got each cent, or nothing; a line a slot."""
        return "\n".join(self.explain_lines(lang))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, str]:
        return self.plan_text, self.sale_text

    def __repr__(self) -> str:
        return (
            f"<fenrun.Outcome of sale {self.sale}: {len(self.row_tuples())} rows, "
            f"pool {self.pool}, retained {sum(self.retained.values())} {self.currency} minor units>"
        )

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr><td>{escape(line)}</td></tr>" for line in self.explain_lines("en"))
        return f"<table><caption>{escape(repr(self))}</caption>{cells}</table>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.plan_text, self.sale_text)


def _restore(cls: type[Outcome], plan: str, sale: str) -> Outcome:
    return cls(_fenrun.Plan(plan, "json"), sale)


class ReversalRow(NamedTuple):
    """What a refund posts for one payee."""

    key: str
    """32 hex digits, one per refund, rule, payee and account."""
    rule: str
    """The rule."""
    payee: str
    """The payee."""
    account: str
    """The account."""
    amount: int
    """Minor units, normally below zero: all rows of a payee sum to what stands."""


class Standing(NamedTuple):
    """What stands for a payee of a sale."""

    rule: str
    """The rule."""
    payee: str
    """The payee."""
    account: str
    """The account."""
    amount: int
    """Minor units."""


class Reversal(NamedTuple):
    """What a refund posts, and what stands after it."""

    rows: tuple[ReversalRow, ...]
    """The rows to post."""
    left: tuple[Standing, ...]
    """What stands afterwards, zero amounts left out."""
    retained_change: int
    """By how much what nobody got changes, in minor units, normally below zero."""


def reverse(
    frozen: str | Outcome,
    refund: Mapping[str, Any] | str,
    *,
    before: Iterable[Mapping[str, Any]] = (),
    standing: Iterable[Standing | Mapping[str, Any]] | None = None,
) -> Reversal:
    """Takes back the commission of a refund, from the frozen sale alone.

    ``frozen`` is ``Outcome.frozen`` as it was kept beside the order (or the outcome itself), ``refund`` is
    ``{"id": …, "lines": [{"line": …, "units": …, "amount": …}]}``, ``before`` the earlier refunds of the
    same sale, of the same form; a refund is not its own earlier one, also when it is a retry. ``standing``
    is what the journal holds now; without it, what the earlier reversals left.

    Any sequence of refunds that takes everything back ends at exactly zero.
    """
    if not isinstance(frozen, str | Outcome):
        raise TypeError(f"frozen: the text of Outcome.frozen, or the outcome, not a {type(frozen).__name__}")
    for name, given in (("before", before), ("standing", standing or ())):
        if isinstance(given, Mapping | str):
            raise TypeError(f"{name}: a list of dicts, not a {type(given).__name__}")
    text = frozen if isinstance(frozen, str) else frozen.frozen
    entries = None if standing is None else list(standing)
    rows, left, change = _fenrun.reverse(text, refund, list(before), entries)
    return Reversal(tuple(map(ReversalRow._make, rows)), tuple(map(Standing._make, left)), change)
