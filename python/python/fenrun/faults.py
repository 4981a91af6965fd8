"""What keeps two columns from being a forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from . import _columns, _fenrun
from ._columns import Column
from .errors import make


class SecondParent(NamedTuple):
    """A member who stands in two rows."""

    row: int
    """The row that says it again, from 0."""
    first: int
    """The first row of this member."""
    same: bool
    """Whether both name the same inviter: said twice, not contradicted."""


@dataclass(frozen=True, slots=True)
class EdgeFaults:
    """All faults of two columns of edges, each by its rows, counted from 0. Its length is how many there are."""

    cycles: list[list[int]]
    """Cycles of two or more, each from its first row on, every member followed by their inviter."""
    own_inviters: list[int]
    """Rows that name a member as their own inviter."""
    orphans: list[int]
    """Rows whose inviter stands in no row."""
    second_parents: list[SecondParent]
    """Rows of members who stood in an earlier row."""
    invalid: list[int]
    """Rows whose member is no id: nobody, a number below zero or from 2^63 on, or a text that is too long."""

    def __len__(self) -> int:
        alone = len(self.own_inviters) + len(self.orphans) + len(self.invalid)
        return len(self.cycles) + len(self.second_parents) + alone


def edge_faults(members: Column, inviters: Column) -> EdgeFaults:
    """All that keeps two columns from being a forest; `Forest.from_edges` stops at the first fault.

    Takes the columns that `Forest.from_edges` takes, and finds nothing where that succeeds. A row that is a
    second parent is looked at for the other faults as well; cycles are those of the first row of each member.

    >>> faults = edge_faults([1, 2, 3, 4, 4], [3, 1, 2, 9, 1])
    >>> faults.cycles, faults.orphans, faults.second_parents
    ([[0, 2, 1]], [3], [SecondParent(row=4, first=3, same=False)])
    """
    ids = _columns.ids(members, "members", nobody=True, faulty=True)
    above = _columns.ids(inviters, "inviters", nobody=True, faulty=True)
    if len(ids.numbers) != len(above.numbers):
        text = f"{len(ids.numbers)} members with {len(above.numbers)} inviters"
        raise make(110, "length_mismatch", text)
    columns = (ids.numbers, above.numbers)
    if ids.texts is not None or above.texts is not None:
        columns = _fenrun.number_texts(ids.as_texts(), above.as_texts())
    cycles, own_inviters, orphans, second, invalid = _fenrun.edge_faults(*columns)
    return EdgeFaults(cycles, own_inviters, orphans, [SecondParent(*each) for each in second], invalid)
