"""The referral forest and the columns it is made of."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fenrun as fr
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

BIG = 1734123456789012345
ON_ARROW = "int64[pyarrow]"


def test_any_order_of_rows() -> None:
    forest = fr.Forest.from_edges([30, 20, 10, 40], [20, 10, None, 30])
    assert len(forest) == 4
    assert forest.upline(40) == [30, 20, 10]
    assert (forest.parent(30), forest.parent(10)) == (20, None)
    assert forest.members().tolist() == [10, 20, 30, 40]
    assert repr(forest) == "<fenrun.Forest of 4 members>"
    assert 40 in forest
    assert "40" in forest
    assert 41 not in forest
    assert None not in forest  # type: ignore[operator]


def columns_that_say_the_same() -> list[tuple[str, Any, Any]]:
    ids, inviters = [BIG, BIG + 1, BIG + 2], [None, BIG, BIG + 1]
    halves = [inviters[:1], inviters[1:]]
    masked = np.ma.MaskedArray(np.array([0, BIG, BIG + 1]), [True, False, False])
    return [
        ("lists", ids, inviters),
        ("zero is nobody", ids, [0, BIG, BIG + 1]),
        ("int64", np.array(ids), np.array([0, BIG, BIG + 1])),
        ("uint64", np.array(ids, dtype=np.uint64), np.array([0, BIG, BIG + 1], dtype=np.uint64)),
        ("every second", np.repeat(ids, 2)[::2], np.repeat([0, BIG, BIG + 1], 2)[::2]),
        ("objects", np.array(ids, dtype=object), np.array([np.nan, BIG, BIG + 1], dtype=object)),
        ("masked", np.array(ids), masked),
        ("pandas", pd.Series(ids), pd.Series(inviters, dtype=object)),
        ("pandas Int64", pd.Series(ids, dtype="Int64"), pd.Series(inviters, dtype="Int64")),
        ("pandas on Arrow", pd.Series(ids, dtype=ON_ARROW), pd.Series(inviters, dtype=ON_ARROW)),
        ("Arrow", pa.array(ids), pa.array(inviters)),
        ("Arrow chunks", pa.chunked_array([ids[:1], ids[1:]]), pa.chunked_array(halves, pa.int64())),
        ("texts of integers as inviters", ids, ["", str(BIG), str(BIG + 1)]),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "members", "inviters"), columns_that_say_the_same())
def test_columns_of_every_kind(name: str, members: Any, inviters: Any) -> None:
    forest = fr.Forest.from_edges(members, inviters)
    assert forest.upline(BIG + 2) == [BIG + 1, BIG]
    assert forest.members().dtype == np.int64


def test_what_pandas_makes_of_empty_cells_is_refused() -> None:
    inviters = pd.Series([None, BIG])
    assert inviters.dtype == np.float64
    assert int(inviters[1]) != BIG
    with pytest.raises(TypeError, match=r"inviters: a float column \(float64\); ids are integers or text"):
        fr.Forest.from_edges([BIG, BIG + 1], inviters)


@pytest.mark.parametrize(
    "texts",
    [
        ["甲", "乙", "丙"],
        np.array(["甲", "乙", "丙"]),
        np.array(["甲", "乙", "丙"], dtype=np.dtypes.StringDType()),
        pd.Series(["甲", "乙", "丙"]),
        pd.Series(["甲", "乙", "丙"], dtype="category"),
        pa.array(["甲", "乙", "丙"]),
        pa.array(["甲", "乙", "丙"]).dictionary_encode(),
    ],
)
def test_texts_as_ids(texts: Any) -> None:
    forest = fr.Forest.from_edges(texts, ["", "甲", "乙"])
    assert forest.upline("丙") == ["乙", "甲"]
    assert forest.parent("甲") is None
    assert forest.members().tolist() == ["甲", "乙", "丙"]


def test_an_integer_and_its_text_are_the_same_id() -> None:
    forest = fr.Forest.from_edges(["7", "x"], [None, 7])
    assert forest.upline("x") == ["7"]
    assert forest.parent(7) is None
    assert fr.Forest.from_edges([7, 8], ["", "7"]).parent("8") == 7


@pytest.mark.parametrize("ids", [[30, 10, 20], ["c", "a", "b"]])
def test_ranks_and_facts_follow_their_rows(ids: list[Any]) -> None:
    third, first, second = ids
    forest = fr.Forest.from_edges(
        ids,
        [second, None, first],
        ranks=["gold", None, "silver"],
        facts={
            "active": [True, False, True],
            "score": np.array([3, 1, 2], np.int32),
            "rate": ["8%", "1%", "8%"],
        },
    )
    for copy in (forest, pickle.loads(pickle.dumps(forest)), pickle.loads(pickle.dumps(forest, 2))):
        assert type(copy) is fr.Forest
        assert copy.members().tolist() == [first, second, third]
        assert [copy.rank(member) for member in ids] == ["gold", None, "silver"]
        assert copy.facts(third) == {"active": True, "score": 3, "rate": "8%"}
        assert copy.facts(first) == {"active": False, "score": 1, "rate": "1%"}
        assert copy.upline(third) == [second, first]


def test_ranks_of_a_category_and_of_arrow() -> None:
    words = ["gold", None, "silver"]
    for ranks in (pd.Series(words, dtype="category"), pa.array(words), np.array(["gold", "", "silver"])):
        forest = fr.Forest.from_edges([1, 2, 3], [0, 0, 0], ranks=ranks)
        assert [forest.rank(member) for member in (1, 2, 3)] == words


def test_no_column_of_the_right_type_is_copied() -> None:
    from fenrun import _columns

    column = np.arange(1, 1001)
    assert np.shares_memory(column, _columns.ids(column, "members").numbers)
    assert np.shares_memory(column, _columns.amounts(column, "paid", "CNY"))
    assert np.shares_memory(column, _columns.times(column, "placed_at"))
    series = pd.Series(column)
    assert np.shares_memory(series.to_numpy(), _columns.amounts(series, "paid", "CNY"))
    assert np.shares_memory(column, _columns.amounts(pa.array(column), "paid", "CNY"))
    small = column.astype(np.uint32)
    assert np.shares_memory(small, _columns.units(small, "units"))


@given(st.lists(st.integers(0, 10**6), max_size=60), st.randoms(use_true_random=False))
def test_random_forests(choices: list[int], random: Any) -> None:
    ids = [at * 1009 + 7 for at in range(len(choices))]
    parents = {
        member: None if at == 0 else ([None, *ids[:at]])[choice % (at + 1)]
        for at, (member, choice) in enumerate(zip(ids, choices, strict=True))
    }
    shuffled = ids.copy()
    random.shuffle(shuffled)
    forest = fr.Forest.from_edges(shuffled, [parents[member] for member in shuffled])
    for member in ids:
        expected, up = [], parents[member]
        while up is not None:
            expected.append(up)
            up = parents[up]
        assert forest.upline(member) == expected
    copy = pickle.loads(pickle.dumps(forest))
    assert copy.members().tolist() == forest.members().tolist()
    assert all(copy.parent(member) == forest.parent(member) for member in ids)


def naive_teams(forest: fr.Forest, own: list[int]) -> list[int]:
    """Everybody adds what they have to each person above them."""
    members = forest.members().tolist()
    sums = dict(zip(members, own, strict=True))
    for member, volume in zip(members, own, strict=True):
        for above in forest.upline(member):
            sums[above] += volume
    return [sums[member] for member in members]


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(-(2**40), 2**40)), max_size=60),
    st.sampled_from([1, 2**16]),
    st.booleans(),
)
def test_team_volumes_are_those_of_everybody_below(
    rows: list[tuple[int, int]], scale: int, moved: bool
) -> None:
    inviters = [choice % (at + 1) for at, (choice, _) in enumerate(rows)]
    own = [volume * scale for _, volume in rows]
    forest = fr.Forest.from_edges(range(1, len(rows) + 1), inviters)
    if moved and len(rows) > 1 and inviters[-1] == 0:
        forest = forest.append({"rebind": [1, len(rows)]})
    wanted = naive_teams(forest, own)
    team = forest.team_volumes(own)
    assert team.dtype == np.int64
    assert team.tolist() == wanted
    assert team.flags.writeable
    assert team.flags.c_contiguous


def test_volumes_of_every_kind_and_of_none() -> None:
    forest = fr.Forest.from_edges(["甲", "乙", "丙"], [None, "甲", "甲"])
    given = np.array([1, -9, 20, 7, 300])[::2]
    for own in [given, given.astype(np.int32), given.astype(object), pd.Series(given), pa.array(given)]:
        assert forest.team_volumes(own).tolist() == [321, 20, 300]
    assert given.tolist() == [1, 20, 300]
    assert fr.Forest.from_edges([], []).team_volumes([]).tolist() == []


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ([1, 2], "length_mismatch"),
        ([1, 2, 3, 4], "length_mismatch"),
        ([2**63 - 1, 1, 0], "overflow"),
        ([0, -(2**63), -1], "overflow"),
        ([0, 0, 2**63], "overflow"),
        ([0, None, 1], "row"),
    ],
)
def test_volumes_that_make_no_sums_are_refused(own: list[Any], name: str) -> None:
    forest = fr.Forest.from_edges([1, 2, 3], [0, 1, 2])
    with pytest.raises(fr.Error) as caught:
        forest.team_volumes(own)
    assert caught.value.name == name
    with pytest.raises(TypeError, match="own"):
        forest.team_volumes([1.0, 2.0, 3.0])


def test_a_saved_forest_is_opened_by_any_process(tmp_path: Path) -> None:
    path = tmp_path / "shop.forest"
    made = fr.Forest.from_edges([10, 20, 30], [0, 10, 20], ranks=["", "V1", "V2"], facts={"active": [True, False, True]})
    made.save(path)
    forest = fr.Forest.open(path)
    assert (len(forest), forest.upline(30), forest.rank(30)) == (3, [20, 10], "V2")
    assert forest.facts(20) == {"active": False} and not forest.is_stale()
    seen = subprocess.run(
        [sys.executable, "-c", f"import fenrun; print(fenrun.Forest.open({str(path)!r}).upline(30))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "[20, 10]\n"
    fr.Forest.from_edges([10, 20], [0, 10]).save(path)
    assert forest.is_stale() and forest.upline(30) == [20, 10]
    assert len(fr.Forest.open(path)) == 2
    for ask in (made.is_stale, made.catch_up):
        with pytest.raises(fr.Error, match="not opened from a file") as caught:
            ask()
        assert caught.value.name == "invalid_argument"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda _: b"", "not_a_forest"),
        (lambda _: b"member,inviter\n", "not_a_forest"),
        (lambda whole: whole[:-1], "damaged_forest"),
        (lambda whole: whole[:300] + bytes([whole[300] ^ 1]) + whole[301:], "damaged_forest"),
        (lambda whole: whole[:8] + b"\x09" + whole[9:], "newer_forest"),
    ],
)
def test_what_is_no_saved_forest_is_told(tmp_path: Path, change: Callable[[bytes], bytes], name: str) -> None:
    path = tmp_path / "shop.forest"
    fr.Forest.from_edges(range(1, 100), [0] * 99).save(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(fr.ForestError) as caught:
        fr.Forest.open(path)
    assert caught.value.name == name and "shop.forest" in str(caught.value)


def test_texts_are_saved_and_joined(tmp_path: Path) -> None:
    path = tmp_path / "shop.forest"
    made = fr.Forest.from_edges(["c", "7", "a"], ["7", "a", None], ranks=["V2", "V1", ""])
    made.save(path)
    forest = fr.Forest.open(path)
    assert (forest.upline("c"), forest.rank("c"), forest.parent("a")) == (["7", "a"], "V2", None)
    assert "c" in forest and "d" not in forest and forest.members().tolist() == ["a", "7", "c"]
    later = forest.append({"join": ["d", "c"], "from": 5}).append({"rebind": ["d", 7], "from": 6})
    assert type(later) is fr.Forest and later.upline("d") == ["7", "a"]
    assert "d" not in forest and forest.catch_up().upline("d") == ["7", "a"]
    assert later.catch_up() is later
    with pytest.raises(fr.ForestError, match="in the forest already"):
        forest.append({"join": ["d", "c"]})
    with pytest.raises(fr.ForestError, match="catch up"):
        forest.save(path)
    later.save(path)
    assert forest.is_stale() and fr.Forest.open(path).members().tolist() == ["a", "7", "c", "d"]
    with pytest.raises(fr.ForestError, match="open it again"):
        forest.catch_up()
    assert pickle.loads(pickle.dumps(later)).upline("d") == ["7", "a"]


@pytest.mark.parametrize("ids", [["c", "7", "a"], ["2", "3", "1"], [f"u{at}" for at in range(300, 0, -1)]])
def test_an_opened_forest_of_texts_settles(tmp_path: Path, ids: list[str]) -> None:
    facts = {"distributor": [True] * len(ids), "frozen": [False] * len(ids)}
    made = fr.Forest.from_edges(ids, [*ids[1:], None], facts=facts)
    made.save(tmp_path / "shop.forest")
    opened = fr.Forest.open(tmp_path / "shop.forest")
    later = opened.append({"join": ["d", ids[0]]})
    plan = fr.Plan.preset("two_level")
    for forest in (made, opened, pickle.loads(pickle.dumps(opened)), later, opened.catch_up()):
        for orders in (1, 1000):
            rows = plan.settle(forest, buyer=[ids[0]] * orders, paid=[10_000] * orders)
            assert (rows.payee[:2].tolist(), rows.amount[-2:].tolist()) == (ids[1:3], [500, 250])
            assert rows.payee[-2:].tolist() == ids[1:3]
        with pytest.raises(fr.ForestError, match="member e is not in the forest"):
            plan.settle(forest, buyer=["e"], paid=[10_000])


def test_a_forest_in_memory_takes_changes_too() -> None:
    forest = fr.Forest.from_edges([10, 20], [None, 10])
    later = forest.append({"join": [30, 20]}).append({"close": 20, "downline": "roll_up"})
    assert (later.upline(30), len(forest)) == ([10], 2)
    with pytest.raises(fr.Error, match="one of join, bind"):
        forest.append({"leave": 20})
    with pytest.raises(fr.Error, match="shop.forest"):
        fr.Forest.open("none/shop.forest")


def test_a_pickled_forest_goes_on_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fr.Forest.from_edges([1, 2], [None, 1]).save("shop.forest")
    forest = fr.Forest.open("shop.forest").append({"join": [3, 2]})
    parcel = pickle.dumps(forest)
    forest.append({"join": [4, 3]})
    # Elsewhere, where its name would be another file.
    monkeypatch.chdir(Path(tmp_path.anchor))
    copy = pickle.loads(parcel)
    assert len(copy) == 3 and copy.append({"join": [5, 4]}).upline(5) == [4, 3, 2, 1]
    assert fr.Forest.open(tmp_path / "shop.forest").members().tolist() == [1, 2, 3, 4, 5]
    assert forest.catch_up().members().tolist() == [1, 2, 3, 4, 5]
    fr.Forest.from_edges([1], [None]).save(tmp_path / "shop.forest")
    assert copy.is_stale() and forest.is_stale()


def test_an_order_of_before_a_merge_takes_the_upline_of_its_account() -> None:
    plan = fr.Plan.preset("two_level")
    for ids in ([1, 2, 4, 5], ["a", "b", "d", "e"]):
        one, two, four, five = ids
        facts = {"distributor": [True] * 4, "frozen": [False] * 4}
        forest = fr.Forest.from_edges(ids, [None, one, None, four], facts=facts)
        merged = forest.append({"merge": [five, two], "from": 1000})
        for at, payee in ((999, one), (1000, four)):
            rows = plan.settle(merged, buyer=[two], paid=[10_000], placed_at=[at])
            assert rows.payee.tolist()[:1] == [payee]
        assert plan.settle(merged, buyer=[two], paid=[10_000]).payee.tolist()[:1] == [four]


@pytest.mark.parametrize("ids", [[1, 2, 4, 5], ["a", "b", "d", "e"]])
def test_the_history_of_a_member(ids: list[Any]) -> None:
    """Every inviter with the moment, and the upline of a moment, also of an account that went since."""
    one, two, four, five = ids
    forest = fr.Forest.from_edges(ids, [None, one, None, four])
    assert forest.history(two) == [(None, one)]
    forest = forest.append({"rebind": [two, four], "from": 1000}).append({"merge": [five, two], "from": 2000})
    assert forest.history(two) == [(None, one), (1000, four), (2000, None)]
    assert (forest.history(five), forest.history(four)) == ([(None, four)], [(None, None)])
    assert (forest.upline(two, 999), forest.upline(two, at=1000), forest.upline(two)) == ([one], [four], [four])
    second = dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)
    assert (forest.parent(two, at=second), forest.parent(two, 999)) == (four, one)
    table = forest.to_arrow(history=True).to_pylist()
    assert [row["inviter"] for row in table if row["member"] == two] == [one, four, None]
    with pytest.raises(fr.ForestError, match="is not in the forest"):
        forest.history("z")
    with pytest.raises(fr.ForestError, match="is not in the forest"):
        forest.upline("z", 5)
    for moment in (1.5, dt.datetime(1970, 1, 1)):
        with pytest.raises(TypeError):
            forest.upline(two, moment)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="at: a moment is an int of milliseconds"):
        forest.parent(two, "now")  # type: ignore[arg-type]


@pytest.mark.parametrize("ids", [[30, 20, 10, 40], ["丙", "乙", "甲", "丁"]])
def test_columns_are_stated_anew(tmp_path: Path, ids: list[Any]) -> None:
    """For who joined, and for a forest that was opened, which a plan then pays over; in the order of `members`."""
    three, two, one, four = ids
    made = fr.Forest.from_edges([three, two, one], [two, one, None], facts={"old": [3, 2, 1]})
    made.save(tmp_path / "shop.forest")
    forest = fr.Forest.open(tmp_path / "shop.forest").append({"join": [four, three]})
    assert forest.members().tolist() == [one, two, three, four]
    flags = {"distributor": [True, True, True, False], "frozen": [False] * 4}
    stated = forest.with_columns(facts=flags)
    assert stated.facts(one) == {"distributor": True, "frozen": False, "old": 1}
    ranked = stated.with_columns(ranks=["V2", "V1", "", ""])
    assert (ranked.rank(one), ranked.rank(three), stated.rank(one)) == ("V2", None, None)
    assert ranked.facts(one) == stated.facts(one)
    assert forest.facts(four) == {} and forest.facts(three) == {"old": 3}
    rows = fr.Plan.preset("two_level").settle(stated, buyer=[four], paid=[1000])
    assert rows.payee.tolist() == [three, two]
    stated.save(tmp_path / "shop.forest")
    assert fr.Forest.open(tmp_path / "shop.forest").facts(four) == {"distributor": False, "frozen": False}
    memory = made.with_columns(facts={"old": [7, 8, 9]})
    assert (memory.facts(one), memory.upline(three)) == ({"old": 7}, [two, one])
    with pytest.raises(fr.Error, match="column `frozen` has 3 values for 4 members"):
        forest.with_columns(facts={"frozen": [False] * 3})


@given(choices=st.lists(st.integers(0, 1000), max_size=40), texts=st.booleans())
def test_teams_are_who_has_them_above(choices: list[int], texts: bool) -> None:
    """All that teams say, against the uplines of all members."""
    ids: list[Any] = [f"m{at}" if texts else 7 * at + 1 for at in range(len(choices))]
    inviters = [None if at == 0 or choice % 5 == 0 else ids[choice % at] for at, choice in enumerate(choices)]
    forest = fr.Forest.from_edges(ids, inviters)
    for teams in (forest.teams(), pickle.loads(pickle.dumps(forest.teams()))):
        uplines = {member: forest.upline(member) for member in ids}
        for member in ids:
            team = teams.page(member, limit=len(ids))
            below = [other for other in ids if member in uplines[other]]
            assert sorted(team) == sorted(below) and teams.size(member) == len(below)
            places = {other: at for at, other in enumerate(team)}
            assert all(places.get(uplines[other][0], -1) < places[other] for other in team)
            assert teams.page(member, 1, 2) == team[1:3]
            assert teams.below(member) == [other for other in below if uplines[other][0] == member]
            assert teams.depth(member) == len(uplines[member])
            steps = [uplines[other].index(member) for other in below]
            assert teams.generations(member) == [steps.count(step) for step in range(max(steps, default=-1) + 1)]
            assert [other for other in ids if teams.is_above(member, other)] == below
        assert teams.size(None) == len(ids)
        assert teams.below(None) == [member for member in ids if not uplines[member]]
    with pytest.raises(fr.ForestError, match="member z is not in the forest"):
        forest.teams().page("z")
    with pytest.raises(TypeError):
        forest.teams().page(1.5)  # type: ignore[arg-type]
    for after, limit, words in ((-1, 9, "after: -1 is"), (0, -1, "limit: -1 is"), (0, 2**64, f"limit: {2**64} is")):
        with pytest.raises(fr.DocumentError, match=words) as caught:
            forest.teams().page(None, after, limit)
        assert caught.value.name == "invalid_value"
    with pytest.raises(TypeError, match="limit: an int, not True"):
        forest.teams().page(None, 0, True)


def test_what_is_no_path_is_no_forest() -> None:
    for path in (None, fr.Forest.from_edges([1], [0]), b"x", 7):
        with pytest.raises(TypeError, match=f"path: a str or a PathLike, not {path!r}"):
            fr.Forest.open(path)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            fr.Forest.from_edges([1], [0]).save(path)  # type: ignore[arg-type]


def test_numbers_are_written_as_numbers() -> None:
    forest = fr.Forest.from_edges([7], [None])
    assert "7" in forest and "07" not in forest and "+7" not in forest
    with pytest.raises(TypeError, match=r"change\.from is 1\.5, a float; give an int"):
        forest.append({"unbind": 7, "from": 1.5})
    with pytest.raises(fr.ForestError, match="unbind"):
        forest.append({"join": [3, 7]}).append({"rebind": [3, 0]})
    with pytest.raises(TypeError, match="forest: a fenrun.Forest, not a NoneType"):
        fr.Plan.preset("two_level").settle(None, buyer=[1], paid=[1])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="row 1, is a int under a bool"):
        fr.Forest.from_edges([1, 2], [None, 1], facts={"active": [True, 1]})


def test_a_pickle_keeps_what_changed() -> None:
    forest = fr.Forest.from_edges(
        ["b", "a"], ["a", None], ranks=["V1", "V2"], facts={"active": [True, False], "rate": ["5%", "8%"]}
    )
    for change in ({"join": ["c", "b"], "from": 5}, {"join": ["d", "a"], "from": 6}, {"rebind": ["c", "d"], "from": 7}):
        forest = forest.append(change)
    forest = forest.append({"merge": ["a", "b"], "from": 8}).append({"close": "d", "downline": "stay", "from": 9})
    copy = pickle.loads(pickle.dumps(forest))
    assert copy.members().tolist() == ["a", "b", "c", "d"]
    assert (copy.rank("a"), copy.rank("c"), copy.upline("c")) == ("V2", None, ["d", "a"])
    assert (copy.facts("a"), copy.facts("c")) == ({"active": False, "rate": "8%"}, {})
    assert copy.to_arrow().equals(forest.to_arrow())
    assert copy.to_arrow(history=True).equals(forest.to_arrow(history=True))
    for either in (copy, forest):
        with pytest.raises(fr.ForestError, match="closed"):
            either.append({"join": ["e", "d"], "from": 10})
        assert len(either.append({"join": ["e", "c"], "from": 10})) == 5


@pytest.mark.parametrize(
    ("ids", "kind"), [([10, 20, 30, 40], pa.int64()), (["甲", "乙", "丙", "丁"], pa.string())]
)
def test_a_forest_is_an_arrow_table(ids: list[Any], kind: Any) -> None:
    first, second, third, fourth = ids
    forest = fr.Forest.from_edges([second, first], [first, None], ranks=["V1", None])
    forest = forest.append({"join": [third, second], "from": 1000}).append({"join": [fourth, None], "from": 2000})
    forest = forest.append({"rebind": [third, fourth], "from": 3000})
    forest = forest.append({"close": second, "downline": "stay", "from": 4000})
    table = forest.to_arrow()
    assert table.to_pydict() == {
        "member": ids,
        "inviter": [None, first, fourth, None],
        "rank": [None, "V1", None, None],
        "closed": [False, True, False, False],
    }
    assert (table.schema.field("member").type, table.schema.field("inviter").type) == (kind, kind)
    assert pa.types.is_dictionary(table.schema.field("rank").type)
    assert pa.table(forest).equals(table)
    again = fr.Forest.from_edges(table["member"], table["inviter"], ranks=table["rank"])
    assert (again.upline(third), again.rank(second)) == ([fourth], "V1")
    past = forest.to_arrow(history=True)
    assert past.schema.field("valid_from").type == pa.timestamp("ms", "UTC")
    moments = past["valid_from"].cast(pa.int64()).to_pylist()
    rows = list(zip(past["member"].to_pylist(), past["inviter"].to_pylist(), moments, strict=True))
    assert rows == [
        (first, None, None),
        (second, first, None),
        (third, None, None),
        (third, second, 1000),
        (third, fourth, 3000),
        (fourth, None, None),
    ]


def test_an_empty_forest_is_an_empty_table() -> None:
    forest = fr.Forest.from_edges([], [])
    for history in (False, True):
        table = forest.to_arrow(history=history)
        assert (table.num_rows, table.schema.field("member").type) == (0, pa.int64())
    assert len(pickle.loads(pickle.dumps(forest))) == 0
