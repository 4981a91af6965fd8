"""The JSON Schemas: of plans against the reader's verdicts, of vectors against every file of vectors."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
PRESETS = sorted((ROOT / "core" / "presets").glob("*.toml"))
FILES = sorted(
    path for path in (ROOT / "vectors").glob("*.json") if path.name != "schema.json" and ".map." not in path.name
)
# What a schema sees of a plan: its keys, its words and the form of its values. What names what, and which parts go
# together, only the reader knows.
BY_SHAPE = {"unknown_key", "missing_key", "unknown_word", "invalid_rate"}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


PLAN = jsonschema.Draft202012Validator(read(ROOT / "schemas" / "plan.schema.json"))
VECTORS = jsonschema.Draft202012Validator(read(ROOT / "vectors" / "schema.json"))


def plans() -> Iterator[tuple[str, Any, str | None]]:
    """Every plan of the vectors that is written out, with the reader's error where it refuses the plan itself."""
    for path in FILES:
        for case in read(path)["cases"]:
            error = case.get("error")
            if case["op"] == "check" and "text" in case["input"]:
                try:
                    load = tomllib.loads if case["input"].get("format") == "toml" else json.loads
                    yield case["id"], load(case["input"]["text"]), error
                except ValueError:
                    assert error == "syntax", case["id"]
            elif isinstance(case.get("plan"), dict):
                # Of a case with a sale nobody says here whether its plan or its sale is at fault.
                if error is None or case["op"] == "check":
                    yield case["id"], case["plan"], error


def test_the_schemas_are_schemas() -> None:
    for validator in (PLAN, VECTORS):
        jsonschema.Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_editors_accept_every_preset(path: Path) -> None:
    PLAN.validate(tomllib.loads(path.read_text(encoding="utf-8")))


def test_editors_accept_what_the_reader_accepts() -> None:
    accepted = [(name, plan) for name, plan, error in plans() if error is None]
    refused = [(name, [fault.message for fault in PLAN.iter_errors(plan)]) for name, plan in accepted]
    assert [entry for entry in refused if entry[1]] == []
    assert len(accepted) > 100


def test_editors_refuse_what_the_reader_refuses_by_its_shape() -> None:
    wrong = [(name, plan, error) for name, plan, error in plans() if error in BY_SHAPE]
    assert [(name, error) for name, plan, error in wrong if PLAN.is_valid(plan)] == []
    assert {error for _, _, error in wrong} == BY_SHAPE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_vectors_holds_by_the_schema(path: Path) -> None:
    faults = [f"{list(fault.absolute_path)[:3]}: {fault.message[:200]}" for fault in VECTORS.iter_errors(read(path))]
    assert faults == []


def test_a_planted_fault_is_seen() -> None:
    vectors = read(FILES[0])
    vectors["cases"][0]["inptu"] = vectors["cases"][0].pop("input")
    assert not VECTORS.is_valid(vectors)
    plan = tomllib.loads(PRESETS[0].read_text(encoding="utf-8"))
    plan["rule"][0]["qualfy"] = {}
    assert not PLAN.is_valid(plan)
