"""Jobs over a forest against what people use today: one run, interleaved, medians of ratios.

    make bench
    python benches/forest.py [--rounds R] [--page docs/performance.md]

Team volumes of all members, a whole differential period (own and team volumes, ranks, all orders), is-above,
pages of 50 of a team, and moves that keep the team volumes right. Data are those of `batch.py`. Every checksum
must agree with that of fenrun for the same questions, or the run fails. Those who need long answer the first
questions, or in the first rounds. In each round each contender runs twice, and the second run counts.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import batch
import page
from peers import forest_duckdb, forest_numba, forest_numpy, forest_pandas

MARKS = "<!-- forest, written by make bench -->\n", "<!-- end of forest -->"
MANY = 10_000_000
DUCKDB, NUMPY = f"DuckDB {forest_duckdb.VERSION}", f"numpy {forest_numpy.VERSION}"
NUMBA, PANDAS = f"numba {forest_numba.VERSION}", f"pandas {forest_pandas.VERSION}"


class Peer(NamedTuple):
    """A contender: how many questions it answers, and in how many rounds."""

    name: str
    prepare: Callable
    goal: str = ""
    count: int | None = None
    turns: int | None = None


class Job(NamedTuple):
    """What is done, for how many of what; `word` is what our side calls it."""

    name: str
    word: str
    unit: str
    goal: str
    count: int
    peers: list[Peer]


def jobs(members: int, orders: int) -> list[Job]:
    teams = [
        Peer(f"{NUMBA}: loop", forest_numba.prepare_teams, "≥ 1"),
        Peer(f"{NUMPY}: sums by level, sorted before", forest_numpy.prepare_teams),
        Peer(f"{DUCKDB}: recursive query", forest_duckdb.prepare_teams, "≥ 50", turns=3),
        Peer(f"{PANDAS}: merges", forest_pandas.prepare_teams, "≥ 40", turns=1),
    ]
    if members == MANY:
        return [Job("team volumes of 10,000,000", "teams", "member", "≤ 15", members, teams)]
    return [
        Job("team volumes", "teams", "member", "≤ 7", members, teams),
        Job("differential period", "differential", "order", "≤ 130", orders, [
            Peer(f"{NUMBA}: loops", forest_numba.prepare_differential),
            Peer(f"{NUMPY}: level by level", forest_numpy.prepare_differential, turns=3),
            Peer(f"{DUCKDB}: recursive queries", forest_duckdb.prepare_differential, "≥ 25", turns=3),
            Peer(f"{PANDAS}: merges", forest_pandas.prepare_differential, turns=1),
        ]),
        Job("is-above", "above", "question", "≤ 20", orders, [
            Peer(f"{NUMBA}: walk", forest_numba.prepare_above),
            Peer(f"{NUMPY}: all walks at once", forest_numpy.prepare_above, turns=3),
            Peer(f"{DUCKDB}: one recursive query", forest_duckdb.prepare_above, turns=3),
            Peer(f"{PANDAS}: a merge per level", forest_pandas.prepare_above, turns=1),
        ]),
        Job("page of 50", "pages", "page", "≤ 300", orders, [
            Peer(f"{NUMBA}: nested sets", forest_numba.prepare_pages),
            Peer(f"{NUMPY}: nested sets", forest_numpy.prepare_pages, count=100_000, turns=3),
            Peer(f"{DUCKDB}: nested sets", forest_duckdb.prepare_pages, count=1_000, turns=3),
            Peer(f"{PANDAS}: nested sets", forest_pandas.prepare_pages, count=10_000, turns=3),
        ]),
        Job("move with team volumes", "moves", "move", "≤ 10,000", 100_000, [
            Peer(f"{NUMBA}: both paths", forest_numba.prepare_moves),
            Peer(f"{DUCKDB}: recursive queries", forest_duckdb.prepare_moves, count=20, turns=1),
        ]),
    ]


def made(job: Job, peer: Peer, data: dict) -> Callable[[], batch.Run]:
    """The contender with its data; of moves, the copies that are moved are made before each run."""
    if job.word not in ("above", "pages", "moves"):
        return batch.timed(peer.prepare(data))
    prepared = peer.prepare(data, peer.count or job.count)
    if job.word != "moves":
        return batch.timed(prepared)
    fresh, run = prepared

    def moves() -> batch.Run:
        state = fresh()
        return batch.timed(lambda: run(state))()

    return moves


def measure(job: Job, partner: batch.Partner, data: dict, rounds: int) -> list[str]:
    """The lines of a job: ours, then each contender's."""
    ours = partner.job(f"job {job.word} {job.count}")
    peers = [(peer, made(job, peer, data)) for peer in job.peers]
    counts = {peer.count or job.count for peer in job.peers} | {job.count}
    wanted = {count: partner.job(f"job {job.word} {count}")() for count in counts}
    own, ran = [], {peer.name: [] for peer in job.peers}
    for turn in range(rounds):
        ours()
        own.append(ours().cpu / job.count)
        for peer, run in peers:
            if peer.turns is not None and turn >= peer.turns:
                continue
            if peer.turns != 1:
                run()
            count, done = peer.count or job.count, run()
            expected = wanted[count]
            if (done.rows, done.total) != (expected.rows, expected.total):
                raise SystemExit(f"{job.name}, {peer.name}: {done[2:]}, not {expected[2:]}")
            ran[peer.name].append(done.cpu / count)
    checksum = wanted[job.count]
    shown = page.significant(statistics.median(own))
    lines = [f"| **{job.name}**: fenrun | {job.unit} | {shown} | {job.goal} | 1.00 | | {checksum.rows:,} rows, {checksum.total:,} |"]
    for peer in job.peers:
        times = ran[peer.name]
        ratio = statistics.median(one / base for one, base in zip(times, own))
        note = f" (first {peer.count:,})" if peer.count else ""
        shown = page.significant(statistics.median(times))
        lines.append(f"| {peer.name}{note} | {job.unit} | {shown} | | {page.significant(ratio)} | {peer.goal} | |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--members", type=int, nargs="*", default=[1_000_000, MANY])
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--page", type=pathlib.Path, help="the page whose table is made anew")
    options = parser.parse_args()
    lines = [
        f"N = {', '.join(f'{members:,}' for members in options.members)} members, {options.orders:,} orders, seed "
        f"{options.seed}, {options.rounds} rounds, one thread.",
        "",
        "| job and contender | for | ns | goal | times fenrun | goal | checksum |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for members in options.members:
        data = batch.make_data(members, options.orders, options.seed)
        partner = batch.Partner(data)
        for job in jobs(members, options.orders):
            start = time.monotonic()
            found = measure(job, partner, data, options.rounds)
            print("\n".join([*found, f"({time.monotonic() - start:.0f} s)"]), flush=True)
            lines += found
        partner.stop()
    if options.page:
        text = options.page.read_text(encoding="utf-8")
        before, rest = text.split(MARKS[0], 1)
        after = rest.split(MARKS[1], 1)[1]
        options.page.write_text(before + MARKS[0] + "\n".join(lines) + "\n" + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
