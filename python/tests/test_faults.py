"""Every fault of two columns, by its rows."""

from __future__ import annotations

from typing import Any

import fenrun as fr
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

MEMBERS = [5, 6, 7, 8, 9, 5, 5, 0, 4, 3]
INVITERS = [6, 5, 5, 8, 2, 6, 7, 1, 0, 4]
TEXTS = [[f"m{id}" if id else "" for id in column] for column in (MEMBERS, INVITERS)]
DICTIONARIES = [pa.array(column).dictionary_encode() for column in TEXTS]


@pytest.mark.parametrize(
    ("members", "inviters"),
    [
        (MEMBERS, INVITERS),
        (np.array(MEMBERS), np.array(INVITERS, dtype=np.uint64)),
        (pa.array(MEMBERS), pa.chunked_array([INVITERS[:3], INVITERS[3:]])),
        (pa.array([id or None for id in MEMBERS]), pa.array([id or None for id in INVITERS])),
        (pd.Series(MEMBERS), pd.Series([id or None for id in INVITERS], dtype="Int64")),
        (MEMBERS, [str(id) for id in INVITERS]),
        (TEXTS[0], TEXTS[1]),
        (np.array(TEXTS[0]), np.array(TEXTS[1], dtype=object)),
        (pa.array([text or None for text in TEXTS[0]]), pa.array(TEXTS[1])),
        (DICTIONARIES[0], DICTIONARIES[1]),
    ],
)
def test_columns_of_every_kind(members: Any, inviters: Any) -> None:
    faults = fr.edge_faults(members, inviters)
    assert faults == fr.EdgeFaults(
        cycles=[[0, 1]],
        own_inviters=[3],
        orphans=[4],
        second_parents=[fr.SecondParent(5, 0, True), fr.SecondParent(6, 0, False)],
        invalid=[7],
    )
    assert len(faults) == 6


def test_texts_that_are_no_ids() -> None:
    long = "x" * 65
    faults = fr.edge_faults(["a", long, "0", "b"], [None, "a", "a", long])
    assert (faults.invalid, faults.orphans, len(faults)) == ([1, 2], [3], 3)


@pytest.mark.parametrize(
    "column",
    [
        list,
        np.array,
        lambda ids: np.array(ids, np.int32),
        lambda ids: pd.Series(ids, dtype="Int64"),
        pa.array,
        lambda ids: [None if id == 0 else id for id in ids],
        lambda ids: [2**63 if id == -1 else id for id in ids],
        lambda ids: [2**70 if id == -1 else id for id in ids],
        lambda ids: [str(id) if id > 0 else id for id in ids],
        lambda ids: [str(id) if id > 0 else id and 2**63 for id in ids],
    ],
)
@pytest.mark.parametrize("texts", [False, True])
def test_numbers_that_are_no_ids(column: Any, texts: bool) -> None:
    """They are listed like all other faults, as members and as inviters, also beside texts."""
    inviters: Any = column([0, 5, -1, -5, 2])
    if texts:
        inviters = ["", "5", "gone", "gone", "2"]
    faults = fr.edge_faults(column([5, -1, 2, 3, 0]), inviters)
    assert (faults.invalid, faults.orphans, len(faults)) == ([1, 4], [2, 3], 4)


def test_what_is_no_column_of_ids() -> None:
    with pytest.raises(TypeError, match=r"members, row 0, is 1.5, a float"):
        fr.edge_faults([1.5], [0])
    with pytest.raises(TypeError, match=r"inviters: a float column"):
        fr.edge_faults([1], np.array([0.0]))
    with pytest.raises(fr.Error, match="2 members with 1 inviters") as caught:
        fr.edge_faults([1, 2], [0])
    assert caught.value.name == "length_mismatch"
    assert len(fr.edge_faults([], [])) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=5), st.booleans())
def test_no_faults_and_a_forest_are_the_same(rows: list[tuple[int, int]], texts: bool) -> None:
    members: list[Any] = [member for member, _ in rows]
    inviters: list[Any] = [inviter for _, inviter in rows]
    if texts:
        members = [f"m{id}" if id else "" for id in members]
        inviters = [f"m{id}" if id else "" for id in inviters]
    try:
        fr.Forest.from_edges(members, inviters)
        made = True
    except fr.Error:
        made = False
    assert made == (len(fr.edge_faults(members, inviters)) == 0)
