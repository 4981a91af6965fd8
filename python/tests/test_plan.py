"""Plans: reading, identity, bounds, the short way to amounts."""

from __future__ import annotations

import json
import pickle
import re
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import fenrun as fr
import numpy as np
import pytest
from hypothesis import given
from fenrun import _fenrun
from hypothesis import strategies as st
from support import ROOT, plan, rule


def test_a_plan_is_read_from_text_file_and_preset(tmp_path: Path) -> None:
    path = ROOT / "examples" / "plans" / "two_level.toml"
    text = path.read_text("utf-8")
    loaded = fr.Plan.load(path)
    assert loaded == fr.Plan.parse(text) == fr.Plan.preset("two_level") == fr.Plan(loaded.canonical)
    assert (loaded.name, loaded.currency, loaded.ranks) == ("two levels", "CNY", ())
    assert [entry["id"] for entry in loaded.rules] == ["upline"]
    assert len(loaded.hash) == 64
    assert loaded.hash == fr.Plan.preset("two_level").hash
    marked = tmp_path / "marked.toml"
    marked.write_text("\ufeff" + text, "utf-8")
    assert fr.Plan.load(str(marked)) == loaded


def test_a_plan_is_read_from_a_dict_and_from_a_path(tmp_path: Path) -> None:
    path = ROOT / "examples" / "plans" / "two_level.toml"
    loaded = fr.Plan.load(path)
    document = json.loads(loaded.canonical)
    assert fr.Plan(path) == fr.Plan(str(path)) == fr.Plan(document) == fr.Plan(path.read_text("utf-8")) == loaded
    (tmp_path / "p.json").write_text(loaded.canonical, "utf-8")
    assert fr.Plan(tmp_path / "p.json") == loaded
    rates = document["rule"][0]["pay"]["levels"]
    document["rule"][0]["pay"] = {"levels": (Fraction(1, 20), *rates[1:])}
    assert fr.Plan(MappingProxyType(document)).amounts([{"id": 1, "distributor": True, "frozen": False}], 100) == (5,)
    assert fr.run("check", document, {})["hash"] == fr.Plan(document).hash


def test_a_wrong_dict_is_told_where(tmp_path: Path) -> None:
    document = json.loads(fr.Plan.preset("two_level").canonical)
    with pytest.raises(TypeError, match=r"plan\.rule\[0\]\.pay\.levels\[0\] is 0\.05, a float; .*rates are text"):
        fr.Plan({**document, "rule": [rule(pay={"levels": [0.05]})]})
    with pytest.raises(fr.PlanError, match="did you mean `levels`"):
        fr.Plan({**document, "rule": [rule(pay={"levles": ["5%"]})]})
    with pytest.raises(fr.PlanError, match="`round` must be a mode"):
        fr.Plan({**document, "rule": [rule(round=[])]})
    with pytest.raises(TypeError, match="a dict is no text"):
        fr.Plan(document, "json")
    with pytest.raises(TypeError, match="not a value of type int"):
        fr.Plan(7)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        fr.Plan(str(tmp_path / "missing.toml"))
    with pytest.raises(FileNotFoundError, match=r"Plan\.preset\('two_level'\)"):
        fr.Plan("two_level")
    with pytest.raises(fr.PlanError):
        fr.Plan("")


def test_the_page_names_every_operation() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page.split("## Any operation")[1].split("## Errors")[0], re.M)
    assert listed == _fenrun.operation_names()


def test_an_error_names_its_line_and_the_nearest_word() -> None:
    text = (ROOT / "examples" / "plans" / "two_level.toml").read_text("utf-8")
    line = next(at for at, row in enumerate(text.splitlines(), 1) if row.startswith("pay"))
    with pytest.raises(fr.PlanError, match="did you mean `levels`") as caught:
        fr.Plan.parse(text.replace("levels =", "levles ="))
    assert caught.value.line == line
    assert pickle.loads(pickle.dumps(caught.value)).line == line
    with pytest.raises(fr.PlanError, match="did you mean `crmeb`") as caught:
        fr.Plan.preset("crmbe")
    assert caught.value.line is None


def test_every_preset_can_be_built() -> None:
    assert fr.Plan.presets() == sorted(fr.Plan.presets())
    listed = fr.run("presets", None, {})["presets"]
    assert [preset["name"] for preset in listed] == fr.Plan.presets()
    for preset in listed:
        plan = fr.Plan.preset(preset["name"])
        assert plan.check().bounds
        assert (plan.hash, plan.name, plan.currency) == (preset["hash"], preset["title"], preset["currency"])


def test_every_preset_settles_the_same_sale() -> None:
    """Each has its golden vector, which C, PHP and Java are held to as well."""
    cases = json.loads((ROOT / "vectors" / "presets.json").read_text("utf-8"))["cases"]
    vectors = {case["id"]: case for case in cases}
    for name in fr.Plan.presets():
        case = vectors[f"sale-under-{name}"]
        outcome = fr.Plan.preset(name).settle_one(case["input"]["sale"])
        assert (outcome.conserved, outcome.pool) == (True, case["expect"]["pool"]), name
        paid = [(row["payee"], row["amount"]) for row in outcome.to_dict()["rows"]]
        assert paid == [(row["payee"], row["amount"]) for row in case["expect"]["rows"]], name


def test_identity() -> None:
    one, same, other = plan(), plan(), plan(name="another plan")
    assert one == same != other
    assert {one: 1}[same] == 1
    assert one != one.hash
    assert pickle.loads(pickle.dumps(one)) == one
    assert type(pickle.loads(pickle.dumps(one))) is fr.Plan


def test_the_report() -> None:
    allowed = plan(rule(pay={"levels": ["60%", "50%"]}), allow={"upline": "a test", "plan": "a test"}).check()
    assert allowed.total == "110%"
    assert allowed.allowed["upline"] == "a test"
    report = plan(rule(pay={"levels": [5]})).check()
    assert report.bounds == (fr.Bound("upline", None, "amounts per unit have no bound against the base"),)
    assert (report.total, report.warnings) == (None, ())


def test_shown_in_notebooks() -> None:
    shown = plan(name="<b>")
    assert "<b>" in repr(shown)
    html = shown._repr_html_()
    assert "&lt;b&gt;" in html
    assert "10%" in html
    assert "<b>" not in html


def test_amounts() -> None:
    flat = plan()
    assert flat.amounts([7, 5], 9999) == flat.amounts((7, 5), 9999) == flat.amounts(2, 9999) == (999, 499)
    assert flat.amounts([7], 9999) == (999,)
    assert flat.amounts([], 9999) == flat.amounts(0, 9999) == ()
    assert flat.amounts(["a", "b", "c"], 9999) == flat.amounts(3, 9999) == (999, 499, 0)
    assert flat.amounts([7, None], 9999) == flat.amounts([7, 0], 9999) == (999,)
    assert flat.amounts(np.array([7, 5]), np.int64(9999)) == (999, 499)
    assert flat.amounts(30, 9999) == (999, 499) + 28 * (0,)
    assert plan(rule(round={"mode": "half_away", "min": 500})).amounts(2, 9989) == (999, 0)
    assert plan(rule(pay={"levels": [30, 20]})).amounts(2, 0, units=3) == (90, 60)
    ranked = rule(pay={"differential": {"gold": "10%", "silver": "6%"}})
    people = [{"id": 7, "rank": "silver"}, {"id": 5, "rank": "gold"}]
    assert plan(ranked, ranks=["silver", "gold"]).amounts(people, 1000) == (60, 40)


def test_amounts_refuse_what_they_cannot_tell() -> None:
    flat = plan()
    with pytest.raises(TypeError, match=r"fenrun\.minor"):
        flat.amounts([7], 19.99)
    with pytest.raises(TypeError, match="becomes"):
        flat.amounts([7.0], 100)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="chain"):
        flat.amounts("7", 100)
    with pytest.raises(fr.SaleError, match="below zero"):
        flat.amounts([7], -1)
    with pytest.raises(fr.SaleError):
        flat.amounts(["a", "a"], 100)
    with pytest.raises(fr.DocumentError, match="1000000 people"):
        flat.amounts(10**6, 100)
    with pytest.raises(fr.DocumentError, match="settle_one"):
        plan(rule(to="self")).amounts([7], 100)


@given(
    base=st.integers(0, 2**40),
    rates=st.lists(st.integers(0, 3000).map(lambda bp: f"{bp}bp"), min_size=1, max_size=3),
    mode=st.sampled_from(["down", "up", "half_even", "half_away"]),
    length=st.integers(0, 6),
)
def test_amounts_are_those_of_settle_one(base: int, rates: list[str], mode: str, length: int) -> None:
    tested = plan(rule(pay={"levels": rates}, round=mode))
    chain = [str(at) for at in range(1, length + 1)]
    outcome = tested.settle_one({"id": 1, "buyer": "B", "upline": chain, "lines": [{"paid": base}]})
    paid = {row.payee: row.amount for row in outcome.rows}
    expected = tuple(paid.get(member, 0) for member in chain)
    assert tested.amounts(list(range(1, length + 1)), base) == expected  # the fast way
    assert tested.amounts(chain, base) == expected  # the general way
