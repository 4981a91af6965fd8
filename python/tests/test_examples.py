"""The examples run, and what the pages show is what comes out."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import fenrun
import pytest
from support import ROOT

EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))
TRANSCRIPT = ROOT / "examples" / "transcript"
PAGES = [ROOT / "python" / "README.md", ROOT / "docs" / "reference" / "python.md"]
MODULES = [f"fenrun.{module.name}" for module in pkgutil.iter_modules(fenrun.__path__)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    commands = (TRANSCRIPT / "commands.jsonl").read_text("utf-8")
    done = subprocess.run([sys.executable, path], input=commands, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    if path.stem == "one_order":
        assert done.stdout == (TRANSCRIPT / "answers.jsonl").read_text("utf-8"), "the same bytes in every language"


@pytest.mark.parametrize("name", ["fenrun", *MODULES])
def test_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Python blocks of a page run one after the other; a comment behind a print is what it prints."""
    blocks = re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    assert blocks
    source = "\n".join(blocks)
    exec(compile(source, str(path), "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    expected = re.findall(r"^\s*print\(.*\)  # (.*)$", source, re.MULTILINE)
    assert [line for line in expected if line not in printed] == []
