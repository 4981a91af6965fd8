"""Who invited whom."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from . import _columns, _fenrun
from ._columns import Column, Ids
from .errors import make


class Forest(_fenrun.Forest):
    """A referral forest: every member has one inviter or none, and no path leads back to itself.

    Immutable: share it freely between threads. It pickles.

    >>> forest = Forest.from_edges([10, 20, 30], [None, 10, 20])
    >>> forest.upline(30)
    [20, 10]
    """

    __slots__ = ()

    def __new__(
        cls,
        members: Column,
        inviters: Column,
        *,
        ranks: Column | None = None,
        facts: Mapping[str, Column] | None = None,
    ) -> Self:
        ids = _columns.ids(members, "members")
        above = _columns.ids(inviters, "inviters", nobody=True)
        names = None if ids.texts is None else _fenrun.Names(ids.texts, "members")
        rank_names: list[str] = []
        codes: npt.NDArray[np.uint8] | None = None
        if ranks is not None:
            wide, rank_names = _columns.texts(ranks, "ranks", none=True)
            if len(rank_names) > 255:
                raise make(205, "invalid_value", f"ranks: {len(rank_names)} ranks; a forest has at most 255")
            codes = wide.astype(np.uint8)
        return super().__new__(
            cls,
            ids.numbers,
            numbers(above, names, "inviters"),
            names,
            rank_names,
            codes,
            {name: _columns.fact(column, f"facts[{name!r}]") for name, column in (facts or {}).items()},
        )

    @classmethod
    def from_edges(
        cls,
        members: Column,
        inviters: Column,
        *,
        ranks: Column | None = None,
        facts: Mapping[str, Column] | None = None,
    ) -> Self:
        """Builds a forest from two columns, in any order of rows.

        ``members`` and ``inviters`` hold integers or texts: numpy arrays, lists, pandas or polars series,
        Arrow arrays. An inviter of 0, None, NaN in a column of objects, pandas.NA or an empty text is
        nobody. ``ranks`` holds the name of each member's rank, empty for none; ``facts`` a column of texts,
        integers or booleans per name, as the plan's ``qualify`` reads them.

        Raises ForestError with ``index`` for a cycle, a member who stands twice or an inviter nobody knows,
        and TypeError for a column of floats, which has changed large ids already.
        """
        return cls(members, inviters, ranks=ranks, facts=facts)

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Self:
        """Opens a forest that `save` or `fenrun forest import` wrote, with all that its journal holds.

        The file is mapped, so it costs a worker nothing at start, and all workers of a host share the same
        pages. ``is_stale()`` tells when it was saved anew: open it again then.

        Raises ForestError for a file that is no saved forest, is damaged, newer or stale.
        """
        empty = np.empty(0, dtype=np.uint64)
        return super().__new__(cls, empty, empty, None, [], None, {}, path)

    def members(self) -> npt.NDArray[Any]:
        """All ids in join order: an inviter always stands before those they invited."""
        members, _ = self.edges()
        return self.ids_of(members.astype(np.int64))

    def ids_of(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """The ids of people as the forest counts them: the same integers, or their texts."""
        if self.names is None:
            return numbers
        texts = np.array(["", *self.names.texts()], dtype=object)
        return texts[numbers]

    def __repr__(self) -> str:
        return f"<fenrun.Forest of {len(self):,} members>"

    def __reduce__(self) -> tuple[Any, ...]:
        members, inviters = self.edges()
        names = None if self.names is None else self.names.texts()
        return _restore, (type(self), members, inviters, names, self.rank_columns(), self.fact_columns())


def _restore(
    cls: type[Forest],
    members: npt.NDArray[np.uint64],
    inviters: npt.NDArray[np.uint64],
    names: list[str] | None,
    ranks: tuple[list[str], npt.NDArray[np.uint8]],
    facts: dict[str, Any],
) -> Forest:
    rank_names, codes = ranks
    known = None if names is None else _fenrun.Names(names, "members")
    return _fenrun.Forest.__new__(
        cls, members, inviters, known, rank_names, codes if rank_names else None, facts
    )


def numbers(ids: Ids, names: _fenrun.Names | None, what: str) -> npt.NDArray[np.uint64]:
    """What a forest calls these people: an int and its text are the same id."""
    if names is not None:
        return names.numbers(ids.as_texts(), what)
    if ids.texts is not None:
        return _columns.numbers_of_texts(ids.texts, what)
    return ids.numbers
