"""Batch settlement against what users have today: one run, interleaved, medians of ratios.

    make bench
    python benches/batch.py [--members N] [--orders N] [--levels L] [--rounds R] [--page docs/performance.md]

Every contender settles the same orders to rows (order, payee, level, amount) with floor rounding, and every
checksum must agree, or the run fails. In each round each contender runs twice, and the second run counts, so
that all find their own data in the caches. Times are CPU times of one thread; of two threads, the slower one. The
Python package and libfenrun take part when they are built; `make bench` builds them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ours  # noqa: E402
from peers import duckdb_joins, duckdb_recursive, numpy_gather, numpy_rows  # noqa: E402

RATES = [500, 250, 100, 90, 80, 70, 60, 50, 45, 40, 35, 30, 25, 20, 15, 10, 9, 8, 7, 6]
ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
# Bytes of a row (three numbers of four bytes and an amount) and of an order (buyer and amount).
ROW_BYTES, ORDER_BYTES = 20, 12


class Run(NamedTuple):
    """One measured run: nanoseconds of the thread and of the clock, and the checksum."""

    cpu: int
    wall: int
    rows: int
    total: int


class Contender(NamedTuple):
    """Somebody who settles the batch; the goal is the least or most ratio to `fenrun`."""

    name: str
    run: Callable[[], Run]
    goal: str = ""


def make_data(members: int, orders: int, seed: int) -> dict[str, np.ndarray]:
    """Members in join order with uniformly random parents; uniformly random buyers and amounts."""
    rng = np.random.default_rng(seed)
    ids = np.arange(1, members + 1, dtype=np.int64)
    inviters = 1 + np.floor(rng.random(members) * (ids - 1)).astype(np.int64)
    inviters[0] = 0
    return {
        "members": ids,
        "inviters": inviters,
        "buyers": rng.integers(1, members + 1, orders),
        "base": rng.integers(0, 100_000, orders),
    }


class Partner:
    """fenrun's side: a process that keeps the data and settles when told to."""

    def __init__(self, data: dict[str, np.ndarray]) -> None:
        program = BUILT / "fenrun-bench"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with tempfile.TemporaryDirectory() as folder:
            for name, column in data.items():
                column.astype("<u8").tofile(pathlib.Path(folder) / name)
            self.ask(f"load {folder}")

    def ask(self, line: str) -> dict:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("fenrun-bench ended: build it with cargo build --release -p fenrun-benches")
        return json.loads(answer)

    def job(self, line: str) -> Callable[[], Run]:
        def run() -> Run:
            answer = self.ask(line)
            return Run(answer["cpu_ns"], answer["wall_ns"], answer["rows"], answer["sum"])

        return run


def timed(job: Callable[[], tuple[int, int]]) -> Callable[[], Run]:
    def run() -> Run:
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        rows, total = job()
        return Run(time.process_time_ns() - cpu, time.perf_counter_ns() - wall, rows, total)

    return run


def contenders(partner: Partner, data: dict[str, np.ndarray], rates: list[int]) -> list[Contender]:
    levels = len(rates)
    duckdb = duckdb_joins.VERSION
    found = [
        Contender("fenrun: rows into kept memory", partner.job(f"kept {levels} 1")),
        Contender("fenrun: two threads", partner.job(f"kept {levels} 2")),
        Contender("fenrun: sums, no rows", partner.job(f"sums {levels}")),
        Contender("fenrun: rows into new huge pages", partner.job(f"fresh {levels}")),
        Contender("fenrun: rows into new vectors", partner.job(f"vectors {levels}")),
    ]
    library = BUILT / "libfenrun.so"
    if library.exists():
        found.append(Contender("fenrun: C interface", timed(ours.prepare_c(library, data, rates))))
    if importlib.util.find_spec("fenrun"):
        found.append(Contender("fenrun: Python package", timed(ours.prepare_python(data, rates))))
    found += [
        Contender("plain loop in Rust", partner.job(f"chase {levels}")),
        Contender(f"numpy {np.__version__}: rows by level", timed(numpy_gather.prepare(data, rates)), "≥ 3"),
        Contender(f"numpy {np.__version__}: the rows of ours", timed(numpy_rows.prepare(data, rates)), "≥ 3"),
        Contender(f"DuckDB {duckdb}: joins", timed(duckdb_joins.prepare(data, rates)), "≥ 30"),
        Contender(f"DuckDB {duckdb}: recursive query", timed(duckdb_recursive.prepare(data, rates)), "≥ 30"),
    ]
    return found


def median_ratio(above: list[int], below: list[int]) -> float:
    return statistics.median(a / b for a, b in zip(above, below))


def page_table(options: argparse.Namespace, runs: dict[str, list[Run]], goals: dict[str, str], limits: list[dict]) -> str:
    """The report of a run, as Markdown."""
    first = next(iter(runs.values()))
    base = [run.cpu for run in first]
    rows_per_order = first[0].rows / options.orders
    limit = {name: statistics.median(answer[name] for answer in limits) for name in limits[0]}
    reads = options.levels * limit["gathered_ns"] + ORDER_BYTES * limit["read_ns_per_byte"]
    writes = ROW_BYTES * rows_per_order * limit["written_ns_per_byte"]
    lines = [
        f"N = {options.members:,} members, {options.orders:,} orders, L = {options.levels}, seed {options.seed}, "
        f"{options.rounds} rounds; checksum: {first[0].rows:,} rows, sum {first[0].total:,}. "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}.",
        "",
        "| contender | ns an order | times fenrun | goal | share of the limit |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, values in runs.items():
        threads = "two threads" in name
        ns = statistics.median(run.cpu for run in values) / options.orders
        if threads:
            speed = median_ratio(base, [run.cpu for run in values])
            shown, goal, share = f"{speed:.2f} times as fast", "≥ 1.7", ""
        else:
            shown, goal = f"{median_ratio([run.cpu for run in values], base):.2f}", goals[name]
            share = f"{(reads if 'no rows' in name else reads + writes) / ns:.2f}"
        lines.append(f"| {name} | {ns:.1f} | {shown} | {goal} | {share} |")
    by_name = {name.split(": ")[-1]: [run.cpu for run in values] for name, values in runs.items()}
    pairs = [("C interface", "≤ 1.05"), ("Python package", "≤ 1.2")]
    for name, goal in pairs:
        if name in by_name:
            ratio = median_ratio(by_name[name], by_name["rows into new huge pages"])
            lines += ["", f"{name} against the same batch in Rust into new memory: {ratio:.2f} (goal {goal})."]
    lines += [
        "",
        "| limit of this machine, measured in the same run | |",
        "|---|---:|",
        f"| a read of the forest that waits for the one before | {limit['dependent_ns']:.1f} ns |",
        f"| a read of the forest that does not wait | {limit['gathered_ns']:.1f} ns |",
        f"| writing rows | {1 / limit['written_ns_per_byte']:.1f} GB/s |",
        f"| reading columns | {1 / limit['read_ns_per_byte']:.1f} GB/s |",
        f"| so an order takes at least | {reads + writes:.1f} ns, {reads:.1f} of them for reads |",
    ]
    return "\n".join(lines)


def write_page(path: pathlib.Path, table: str) -> None:
    """Puts the report between the two marks of the page."""
    begin, end = "<!-- written by make bench -->\n", "\n<!-- end -->"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(begin, 1)
    path.write_text(before + begin + table + end + rest.split(end, 1)[1], encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--page", type=pathlib.Path, help="the page whose table is written anew")
    options = parser.parse_args()
    data = make_data(options.members, options.orders, options.seed)
    partner = Partner(data)
    all_of_them = contenders(partner, data, RATES[: options.levels])
    runs: dict[str, list[Run]] = {contender.name: [] for contender in all_of_them}
    limits = []
    for _ in range(options.rounds):
        limits.append(partner.ask("limits"))
        for contender in all_of_them:
            contender.run()
            runs[contender.name].append(contender.run())
    checks = {(run.rows, run.total) for values in runs.values() for run in values}
    if len(checks) != 1:
        raise SystemExit(f"the contenders disagree: {sorted(checks)}")
    table = page_table(options, runs, {contender.name: contender.goal for contender in all_of_them}, limits)
    print(table)
    if options.page:
        write_page(options.page, table)


if __name__ == "__main__":
    main()
