"""Calls of one: what the C interface adds to a call in Rust, and a sale's amounts in Python.

    make bench
    python benches/calls.py PROGRAM [--page docs/performance.md]

PROGRAM is `calls.c`, built against libfenrun. Each round asks for each call once in both languages and compares
the sums of what was returned; medians of the rounds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import time

import batch
import ours

MARKS = "<!-- calls, written by make bench -->\n", "<!-- end of calls -->"
CALLS = {
    "resolve": "the handle of a member",
    "upline": "ten people above a member",
    "telescope": "a share of units",
    "allocate": "an amount in five parts",
    "settle": "a batch of one order, its rows made and freed",
}
CHAIN, TIMES = (7, 8, 9), 100_000


class Side:
    """A process that answers with JSON."""

    def __init__(self, program: pathlib.Path, before: str = "") -> None:
        self.before = before
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, name: str) -> dict:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{self.before}{name}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def in_python(rates: list[int]) -> list[tuple[str, float]]:
    """`plan.amounts`, which gives a tuple of int, and the same as a loop over fractions of a tuple of rates."""
    import fenrun

    plan = fenrun.Plan(ours.plan_text(rates))
    assert plan.amounts(CHAIN, 9_999) == tuple(9_999 * rate // 10_000 for rate in rates)
    found = []
    for name, call in [
        (f"Python: `plan.amounts(chain, base)`, {len(rates)} levels", lambda: plan.amounts(CHAIN, 9_999)),
        ("Python: the same written out", lambda: tuple(9_999 * rate // 10_000 for rate in rates)),
    ]:
        times = []
        for _ in range(21):
            start = time.thread_time_ns()
            for _ in range(TIMES):
                call()
            times.append((time.thread_time_ns() - start) / TIMES)
        found.append((name, statistics.median(times)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--page", type=pathlib.Path, help="the page whose table is made anew")
    options = parser.parse_args()
    rust, c = Side(batch.BUILT / "fenrun-bench", "call "), Side(options.program.resolve())
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in CALLS}
    for _ in range(options.rounds):
        for name, found in times.items():
            ours_, theirs = rust.ask(name), c.ask(name)
            if ours_["sum"] != theirs["sum"]:
                raise SystemExit(f"{name}: {ours_['sum']} in Rust, {theirs['sum']} in C")
            found.append((ours_["ns"], theirs["ns"]))
    lines = ["| call | ns in Rust | ns in C | more in C | goal |", "|---|---:|---:|---:|---:|"]
    for name, found in times.items():
        rust_ns, c_ns = (statistics.median(column) for column in zip(*found))
        more = statistics.median(theirs - own for own, theirs in found)
        lines.append(f"| {CALLS[name]} | {rust_ns:.0f} | {c_ns:.0f} | {more:+.0f} | ≤ +10 |")
    if importlib.util.find_spec("fenrun"):
        lines += ["", "| in Python | ns | goal |", "|---|---:|---:|"]
        for (name, ns), goal in zip(in_python([500, 250, 100]), ["≤ 500", ""]):
            lines.append(f"| {name} | {ns:.0f} | {goal} |")
    text = "\n".join(lines)
    print(text)
    if options.page:
        before, rest = options.page.read_text(encoding="utf-8").split(MARKS[0], 1)
        after = rest.split(MARKS[1], 1)[1]
        options.page.write_text(before + MARKS[0] + text + "\n" + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
