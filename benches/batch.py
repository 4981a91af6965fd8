"""Batch settlement against what users have today: one run, interleaved, medians of ratios.

    cargo build --release -p fenrun-benches && python benches/batch.py [--members N] [--orders N] [--levels L]

Every contender settles the same orders to rows (order, payee, level, amount) with floor rounding, and every
checksum must agree, or the run fails. Times are CPU times of one thread unless they say wall.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import duckdb_joins, numpy_gather  # noqa: E402

RATES = [500, 250, 100, 90, 80, 70, 60, 50, 45, 40, 35, 30, 25, 20, 15, 10, 9, 8, 7, 6]
ROOT = pathlib.Path(__file__).resolve().parent.parent


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
        program = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "fenrun-bench"
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

    def job(self, line: str, clock: str = "cpu_ns"):
        def run() -> tuple[int, int, int]:
            answer = self.ask(line)
            return answer[clock] or answer["wall_ns"], answer["rows"], answer["sum"]

        return run


def timed(job):
    def run() -> tuple[int, int, int]:
        start = time.process_time_ns()
        rows, total = job()
        return time.process_time_ns() - start, rows, total

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    data = make_data(options.members, options.orders, options.seed)
    rates = RATES[: options.levels]
    partner = Partner(data)
    contenders = {
        "fenrun, 1 thread": partner.job(f"settle {options.levels} 1"),
        "fenrun, 2 threads, wall": partner.job(f"settle {options.levels} 2", clock="wall_ns"),
        "plain loop in Rust": partner.job(f"chase {options.levels}"),
        f"numpy {np.__version__} gathers": timed(numpy_gather.prepare(data, rates)),
        f"DuckDB {duckdb_joins.VERSION} joins": timed(duckdb_joins.prepare(data, rates)),
    }
    times: dict[str, list[int]] = {name: [] for name in contenders}
    checks = set()
    for _ in range(options.rounds):
        for name, run in contenders.items():
            ns, rows, total = run()
            times[name].append(ns)
            checks.add((rows, total))
    print(f"N = {options.members}, orders = {options.orders}, L = {options.levels}, seed = {options.seed}, "
          f"rounds = {options.rounds}, checksum (rows, sum) = {sorted(checks)}")
    if len(checks) != 1:
        raise SystemExit("the contenders disagree")
    ours = times["fenrun, 1 thread"]
    print(f"{'contender':28} {'ns/order':>9} {'median of ratios to fenrun':>28}")
    for name, values in times.items():
        ratio = statistics.median(theirs / mine for theirs, mine in zip(values, ours))
        print(f"{name:28} {statistics.median(values) / options.orders:9.1f} {ratio:28.2f}")


if __name__ == "__main__":
    main()
