#!/usr/bin/env python3
"""Runs the code blocks of the pages a reader copies from, and compares what they print.

Blocks of ``sh``, ``python`` and ``c`` are run in the order of the page, in a new folder in which
``examples`` and ``vectors`` stand. A block of ``text`` right behind one is what it must print. A block
behind ``<!-- not run: reason -->`` is not run. Closes with ``N passed, N failed``.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# python/tests/test_examples.py runs the blocks of its page as one program.
ELSEWHERE = ["docs/reference/python.md"]
DOCS = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))
PAGES = ["README.md", *(page for page in DOCS if page not in ELSEWHERE)]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: .+ -->\s*\Z")
SECONDS = 120


class Block(NamedTuple):
    """One block of code."""

    language: str
    code: str
    line: int
    wanted: str | None


def blocks(page: str) -> list[Block]:
    """The blocks of a page that are run."""
    found: list[Block] = []
    end = 0
    runs = False
    for fence in FENCE.finditer(page):
        language, code = fence.groups()
        between = page[end : fence.start()]
        line = page.count("\n", 0, fence.start()) + 1
        if language in RUNNERS:
            runs = not NOT_RUN.search(between)
            if runs:
                found.append(Block(language, code, line, None))
        elif language == "text" and runs and not between.strip():
            found[-1] = found[-1]._replace(wanted=code)
            runs = False
        else:
            runs = False
        end = fence.end()
    return found


def run_sh(code: str, folder: Path) -> list[str]:
    return ["bash", "-euo", "pipefail", "-c", code]


def run_python(code: str, folder: Path) -> list[str]:
    return [os.path.join(environment("FENRUN_VENV", ".venv"), "bin", "python"), "-c", code]


def run_c(code: str, folder: Path) -> list[str]:
    source, program = folder / "block.c", folder / "block"
    source.write_text(code)
    library = Path(environment("FENRUN_LIBRARY", "target/release/libfenrun.so"))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
    link = [f"-L{library.parent}", "-lfenrun", f"-Wl,-rpath,{library.parent}"]
    subprocess.run(["cc", *flags, str(source), "-o", str(program), *link], check=True)
    return [str(program)]


RUNNERS = {"sh": run_sh, "python": run_python, "c": run_c}


def environment(name: str, default: str) -> str:
    return os.environ.get(name) or str(ROOT / default)


def fault(block: Block, folder: Path) -> str | None:
    """Runs a block; what is wrong with it, if anything."""
    program = Path(environment("FENRUN_CLI", "target/debug/fenrun"))
    variables = os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "FENRUN_ROOT": str(ROOT)}
    try:
        command = RUNNERS[block.language](block.code, folder)
        done = subprocess.run(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode != 0:
        return f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    if block.wanted is not None and done.stdout != block.wanted:
        return f"the page says:\n{block.wanted}it prints:\n{done.stdout}"
    return None


def run_page(name: str, page: str) -> tuple[int, int]:
    """Runs a page; how many of its blocks hold and how many do not."""
    good = bad = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for shown in ("examples", "vectors"):
            (folder / shown).symlink_to(ROOT / shown)
        for block in blocks(page):
            wrong = fault(block, folder)
            if wrong is None:
                good += 1
            else:
                bad += 1
                print(f"{name}:{block.line}: {block.language} block: {wrong}")
    return good, bad


PLANTED = """
```sh
echo 1
```
```text
2
```
```sh
exit 3
```
<!-- not run: a clone of itself -->
```sh
exit 4
```
```toml
no = "program"
```
```sh
echo 5
```
```text
5
```
"""


def main() -> int:
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    planted = run_page("planted", PLANTED)
    sys.stdout = out
    if planted != (1, 2):
        print(f"of the planted page {planted[0]} blocks held and {planted[1]} did not, instead of 1 and 2")
        return 1
    good = bad = 0
    for name in PAGES:
        path = ROOT / name
        if path.exists():
            held, failed = run_page(name, path.read_text())
            if held + failed:
                print(f"{name}: {held} of {held + failed} blocks hold")
            good, bad = good + held, bad + failed
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
