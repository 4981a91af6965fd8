"""Who invited whom."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from os import PathLike
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from . import _columns, _fenrun
from ._columns import Column, Ids
from .errors import make


class Forest(_fenrun.Forest):
    """A referral forest: every member has one inviter or none, and no path leads back to itself.

    Immutable: share it freely between threads. It pickles; a copy of a forest that was opened goes on with the same
    file and journal in another process.

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
        stated = _stated(ranks, facts)
        return super().__new__(cls, ids.numbers, numbers(above, names, "inviters"), names, *stated)

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
        if not isinstance(path, str | PathLike):
            raise TypeError(f"path: a str or a PathLike, not {path!r}")
        return _made(cls, path)

    def with_columns(self, *, ranks: Column | None = None, facts: Mapping[str, Column] | None = None) -> Self:
        """The forest with ranks, or facts of these names, stated anew for all members; this one stays as it is.

        Columns stand in the order of `members`, as after `open` and for who joined since. They are in memory: `save`
        puts them into the file.

        >>> forest = Forest.from_edges([10, 20], [None, 10]).append({"join": [30, 20]})
        >>> forest.with_columns(facts={"active": [True, False, True]}).facts(30)
        {'active': True}

        Raises Error for a column of another length.
        """
        return _made(type(self), self.stating(*_stated(ranks, facts)))

    def append(self, change: Mapping[str, Any]) -> Self:
        """The forest with a change; this one stays as it is.

        ``change`` is ``{"join": [member, inviter]}``, ``bind``, ``rebind``, ``{"unbind": member}``,
        ``{"merge": [kept, gone]}`` or ``{"close": member, "downline": "stay"}`` (or ``"roll_up"``), each with or
        without ``from`` in milliseconds since 1970. In a forest that was opened the change is in the journal, on
        disk, when this returns. The columns in memory are copied: whoever has many changes lists them for
        `from_edges`, or writes them from C, PHP or Java.

        >>> Forest.from_edges(["甲"], [None]).append({"join": ["乙", "甲"]}).upline("乙")
        ['甲']

        Raises ForestError for what the forest refuses.
        """
        return _made(type(self), self.appended(change))

    def catch_up(self) -> Self:
        """The forest with all that came into its journal since; itself when nothing did.

        Raises ForestError when it was saved anew: open it again then; Error for a forest that was not opened.
        """
        later = self.caught_up()
        return self if later is None else _made(type(self), later)

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

    def team_volumes(self, own: Column) -> npt.NDArray[np.int64]:
        """What each member and everybody below them have together, in the order of `members`.

        ``own`` holds what each member has, in the same order: integers, such as amounts in minor units, points
        or counts, which may be below zero. Sums are exact, and one sweep over the members makes them all.

        >>> Forest.from_edges([1, 2, 3, 4], [0, 1, 1, 3]).team_volumes([1, 20, 300, 4000]).tolist()
        [4321, 20, 4300, 4000]

        Raises fenrun.Error when there is not one volume a member, or a sum, that of all included, does not fit
        64 bits.
        """
        return self.team_sums(_columns.volumes(own, "own"))

    def teams(self) -> _fenrun.Teams:
        """Who stands below whom: made in two sweeps over all members, for as many questions as there are.

        >>> teams = Forest.from_edges(["甲", "乙", "丙"], [None, "甲", "乙"]).teams()
        >>> teams.page("甲", 0, 50), teams.size("乙"), teams.depth("丙")
        (['乙', '丙'], 1, 2)
        """
        return _fenrun.Teams(self)

    def __repr__(self) -> str:
        return f"<fenrun.Forest of {len(self):,} members>"

    def to_arrow(self, *, history: bool = False) -> Any:
        """The members in join order as a ``pyarrow.Table``. Needs pyarrow.

        Its columns are ``member``, ``inviter`` (null for nobody), ``rank`` (a dictionary of names, null for
        none) and ``closed``. With ``history`` they are ``member``, ``inviter`` and ``valid_from`` in UTC, null
        for always or until the first date: a row for each dated change and one for what stood before it, oldest
        first.

        >>> Forest.from_edges(["甲", "乙"], [None, "甲"]).to_arrow()["inviter"].to_pylist()
        [None, '甲']
        """
        arrow = importlib.import_module("pyarrow")
        if history:
            members, inviters, since, dated = self.history_columns()
            moments = arrow.array(since, mask=~dated).cast(arrow.timestamp("ms", "UTC"))
            return arrow.table({**self._people(arrow, members, inviters), "valid_from": moments})
        names, codes = self.rank_columns()
        ranked = arrow.array(codes.astype(np.int16) - 1, mask=codes == 0)
        return arrow.table({
            **self._people(arrow, *self.edges()),
            "rank": arrow.DictionaryArray.from_arrays(ranked, arrow.array(names, arrow.string())),
            "closed": self.closed_column(),
        })  # fmt: skip

    def _people(
        self, arrow: Any, members: npt.NDArray[np.uint64], inviters: npt.NDArray[np.uint64]
    ) -> dict[str, Any]:
        kind = arrow.int64() if self.names is None else arrow.string()
        below, above = (self.ids_of(each.astype(np.int64)) for each in (members, inviters))
        return {"member": arrow.array(below, kind), "inviter": arrow.array(above, kind, mask=inviters == 0)}

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.image(), self.place())


def _stated(
    ranks: Column | None, facts: Mapping[str, Column] | None
) -> tuple[list[str], npt.NDArray[np.uint8] | None, dict[str, Any]]:
    """Names of ranks, their codes and columns of facts, as the engine takes them."""
    rank_names: list[str] = []
    codes: npt.NDArray[np.uint8] | None = None
    if ranks is not None:
        wide, rank_names = _columns.texts(ranks, "ranks", none=True)
        if len(rank_names) > 255:
            raise make(205, "invalid_value", f"ranks: {len(rank_names)} ranks; a forest has at most 255")
        codes = wide.astype(np.uint8)
    columns = {name: _columns.fact(column, f"facts[{name!r}]") for name, column in (facts or {}).items()}
    return rank_names, codes, columns


_F = TypeVar("_F", bound=Forest)


def _made(cls: type[_F], source: str | PathLike[str] | _fenrun.Forest) -> _F:
    """A forest from a file, or from one that is made already."""
    empty = np.empty(0, dtype=np.uint64)
    return _fenrun.Forest.__new__(cls, empty, empty, None, [], None, {}, source)


def _restore(cls: type[_F], image: bytes, place: Any) -> _F:
    return _made(cls, _fenrun.Forest.of_image(image, place))


def numbers(ids: Ids, names: _fenrun.Names | None, what: str) -> npt.NDArray[np.uint64]:
    """What a forest calls these people: an int and its text are the same id."""
    if names is not None:
        return names.numbers(ids.as_texts(), what)
    if ids.texts is not None:
        return _columns.numbers_of_texts(ids.texts, what)
    return ids.numbers
