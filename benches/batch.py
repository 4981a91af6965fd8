"""Batch settlement against what users have today: one run, interleaved, medians of ratios.

    make bench
    python benches/batch.py [--members N] [--orders N] [--levels L] [--rounds R] [--page docs/performance.md]

Every contender settles the same orders to rows (order, payee, level, amount) with floor rounding, and every
checksum must agree, or the run fails. The slow ones settle the first part of the orders, in some of the rounds.
In each round each contender runs twice, and the second run counts, so that all find their own data in the caches.
Times are CPU times of one thread; of two threads, the slower one; of PostgreSQL, the clock, for its work is done
in another process. A contender takes part when its package or program is there; `make bench` installs the
packages and builds ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is imported

import numpy as np  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ours  # noqa: E402
import page  # noqa: E402
from peers import duckdb_joins, duckdb_recursive, graphs, numba_loop, numpy_gather, numpy_rows  # noqa: E402
from peers import pandas_merge, php_arrays, polars_join, postgres, sqlite_recursive  # noqa: E402

RATES = [500, 250, 100, 90, 80, 70, 60, 50, 45, 40, 35, 30, 25, 20, 15, 10, 9, 8, 7, 6]
ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
# What the slow contenders settle: the first orders, in the first rounds.
SOME, FEW, TURNS = 100_000, 2_000, 3


class Run(NamedTuple):
    """One measured run: nanoseconds of the thread and of the clock, and the checksum."""

    cpu: int
    wall: int
    rows: int
    total: int


class Contender(NamedTuple):
    """Somebody who settles the batch, or its first `orders`, in each round or in the first `turns`; the goal is
    the least ratio to `fenrun`."""

    name: str
    run: Callable[[], Run]
    goal: str = ""
    orders: int | None = None
    turns: int | None = None
    by_clock: bool = False


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

    def stop(self) -> None:
        """Lets it end, and its memory go."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

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


def reported(job: Callable[[], tuple[int, int, int]]) -> Callable[[], Run]:
    """A job in another process, which says its CPU time itself."""

    def run() -> Run:
        cpu, rows, total = job()
        return Run(cpu, cpu, rows, total)

    return run


def first(data: dict[str, np.ndarray], orders: int) -> dict[str, np.ndarray]:
    """The same members with the first orders only."""
    return {**data, "buyers": data["buyers"][:orders], "base": data["base"][:orders]}


def own(partner: Partner, data: dict[str, np.ndarray], rates: list[int]) -> list[Contender]:
    """fenrun in its languages, the first of them what all ratios are to, and the loop a Rust user would write."""
    levels = len(rates)
    found = [
        Contender("fenrun: rows into kept memory", partner.job(f"kept {levels} 1")),
        Contender("fenrun: two threads", partner.job(f"kept {levels} 2"), "≥ 1.7"),
        Contender("fenrun: sums, no rows", partner.job(f"sums {levels}")),
        Contender("fenrun: rows into new columns", partner.job(f"fresh {levels}")),
        Contender("fenrun: rows into new vectors", partner.job(f"vectors {levels}")),
    ]
    library = BUILT / "libfenrun.so"
    if library.exists():
        found.append(Contender("fenrun: C interface", timed(ours.prepare_c(library, data, rates))))
    if importlib.util.find_spec("fenrun"):
        found.append(Contender("fenrun: Python package", timed(ours.prepare_python(data, rates))))
    found.append(Contender("plain loop in Rust", partner.job(f"chase {levels}")))
    return found


def arrays_and_tables(data: dict[str, np.ndarray], rates: list[int]) -> list[Contender]:
    """Tools that take the whole batch at once, one thread each."""
    numpy, numba, duckdb = np.__version__, numba_loop.VERSION, duckdb_joins.VERSION
    pandas, polars = pandas_merge.VERSION, polars_join.VERSION
    return [
        Contender(f"numpy {numpy}: rows by level", timed(numpy_gather.prepare(data, rates)), "≥ 3"),
        Contender(f"numpy {numpy}: the rows of ours", timed(numpy_rows.prepare(data, rates)), "≥ 3"),
        Contender(f"numba {numba}: loop", timed(numba_loop.prepare(data, rates)), "≥ 6"),
        Contender(f"numba {numba}: loop into kept arrays", timed(numba_loop.prepare(data, rates, kept=True))),
        Contender(f"DuckDB {duckdb}: joins", timed(duckdb_joins.prepare(data, rates)), "≥ 30"),
        Contender(f"DuckDB {duckdb}: recursive query", timed(duckdb_recursive.prepare(data, rates)), "≥ 30"),
        Contender(f"pandas {pandas}: merges", timed(pandas_merge.prepare(data, rates)), "≥ 40", turns=TURNS),
        Contender(f"polars {polars}: joins", timed(polars_join.prepare(data, rates)), "≥ 150", turns=TURNS),
    ]


def one_by_one(data: dict[str, np.ndarray], rates: list[int], server: postgres.Server | None) -> list[Contender]:
    """Tools that go from order to order or from row to row, on the first orders."""
    some, few = first(data, SOME), first(data, FEW)
    shares = {"orders": len(some["buyers"]), "turns": TURNS}
    found = []
    if version := php_arrays.version():
        found.append(Contender(f"PHP {version}: arrays", reported(php_arrays.prepare(some, rates)), "≥ 80", **shares))
    for name, version, prepare in [
        ("networkx", graphs.networkx.__version__, graphs.prepare_networkx),
        ("rustworkx", graphs.rustworkx.__version__, graphs.prepare_rustworkx),
        ("igraph", graphs.igraph.__version__, graphs.prepare_igraph),
    ]:
        found.append(Contender(f"{name} {version}: walk", timed(prepare(some, rates)), "≥ 300", **shares))
    name = f"SQLite {sqlite_recursive.VERSION}: recursive query"
    found.append(Contender(name, timed(sqlite_recursive.prepare(some, rates)), "≥ 400", **shares))
    if server:
        server.load(some, rates)
        name = f"PostgreSQL {server.version}"
        job = timed(server.recursive(len(rates)))
        found.append(Contender(f"{name}: recursive query", job, "≥ 400", **shares, by_clock=True))
        job = timed(server.per_level(few, rates))
        per_level = Contender(f"{name}: a query per level", job, orders=len(few["buyers"]), turns=1, by_clock=True)
        found.append(per_level)
    return found


def expected(data: dict[str, np.ndarray], rates: list[int], found: list[Contender]) -> dict[int | None, tuple[int, int]]:
    """Rows and sum that everybody must have, by the number of orders settled."""
    return {
        orders: numpy_gather.prepare(first(data, orders) if orders else data, rates)()
        for orders in {contender.orders for contender in found}
    }


def measure(found: list[Contender], rounds: int, wanted: dict[int | None, tuple[int, int]]) -> Iterator[tuple[Contender, Run]]:
    """One round after the other: each contender twice, of which the second run counts."""
    for turn in range(rounds):
        for contender in found:
            if contender.turns is not None and turn >= contender.turns:
                continue
            if contender.turns != 1:
                contender.run()
            run = contender.run()
            if (run.rows, run.total) != wanted[contender.orders]:
                raise SystemExit(f"{contender.name}: {run.rows} rows, sum {run.total}, not {wanted[contender.orders]}")
            yield contender, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--page", type=pathlib.Path, help="the page whose table and picture are made anew")
    options = parser.parse_args()
    rates = RATES[: options.levels]
    data = make_data(options.members, options.orders, options.seed)
    partner = Partner(data)
    server = postgres.Server() if postgres.programs() else None
    try:
        found = own(partner, data, rates) + arrays_and_tables(data, rates) + one_by_one(data, rates, server)
        wanted = expected(data, rates, found)
        ran: dict[str, list[Run]] = {contender.name: [] for contender in found}
        limits = [partner.ask("limits") for _ in range(options.rounds)]
        for contender, run in measure(found, options.rounds, wanted):
            ran[contender.name].append(run)
    finally:
        if server:
            server.stop()
    results = page.results(found, ran, options.orders)
    text = page.table(options, results, limits, wanted[None])
    print(text)
    if options.page:
        page.write(options.page, text, results)


if __name__ == "__main__":
    main()
