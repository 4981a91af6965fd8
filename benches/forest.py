"""Jobs over a forest against what people use today: one run, interleaved, medians of ratios.

    make bench
    python benches/forest.py [--rounds R] [--page docs/performance.md]

Team volumes of all members, a whole differential period (own and team volumes, ranks, all orders), is-above,
pages of 50 of a team, and moves that keep the team volumes right. Data are those of `batch.py`. Every checksum
must agree with that of fenrun for the same questions, or the run fails. Those who need long answer the first
questions, or in the first rounds. In each round each contender runs twice, and the second run counts. What the
memory of this machine needs at least for a job is measured in each round, too.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import batch
import numpy as np
import ours
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
    """What is done, for how many of what; `word` is what our side calls it. Where people call it from Python, the
    first contender, to whom all are compared, is the package, and `kept` names our side in Rust."""

    name: str
    word: str
    unit: str
    goal: str
    count: int
    peers: list[Peer]
    package: Callable | None = None
    kept: str = ""


class Least(NamedTuple):
    """What one of a job reads and writes at least: reads of the forest that wait for no other, steps up a path,
    bytes read in a row, bytes written."""

    reads: float = 0
    steps: float = 0
    read_bytes: float = 0
    written_bytes: float = 0

    def nanoseconds(self, limit: dict[str, float]) -> float:
        return (
            self.reads * limit["gathered_ns"]
            + self.steps * limit["walked_ns"]
            + self.read_bytes * limit["read_ns_per_byte"]
            + self.written_bytes * limit["written_ns_per_byte"]
        )


def least(word: str, count: int, rows: int, data: dict[str, np.ndarray]) -> Least:
    """What `count` of a job, which gave so many rows, need each; the page says why."""
    members, each = len(data["members"]) / count, rows / count
    if word == "teams":
        return Least(reads=1, read_bytes=12, written_bytes=8)
    if word == "differential":
        written = page.ROW_BYTES * each + 9 * members
        return Least(reads=4 + members, read_bytes=2 * page.ORDER_BYTES + 12 * members, written_bytes=written)
    if word == "above":
        return Least(reads=2, read_bytes=8)
    if word == "pages":
        return Least(reads=2, read_bytes=8 + 4 * each)
    parents = forest_numpy.parents_of(data)
    steps, person = 0, np.concatenate(forest_numpy.pairs_of(data, count))
    while len(person):
        steps += len(person)
        person = parents[person]
        person = person[person != 0]
    return Least(steps=steps / count, read_bytes=8)


def jobs(members: int, orders: int) -> list[Job]:
    teams = [
        Peer(f"{NUMBA}: loop", forest_numba.prepare_teams, "≥ 1"),
        Peer(f"{NUMPY}: sums by level, sorted before", forest_numpy.prepare_teams),
        Peer(f"{DUCKDB}: recursive query", forest_duckdb.prepare_teams, "≥ 50", turns=3),
        Peer(f"{PANDAS}: merges", forest_pandas.prepare_teams, "≥ 40", turns=1),
    ]
    sums = {"package": ours.prepare_teams, "kept": "fenrun: in Rust, into memory that is kept"}
    if members == MANY:
        return [Job("team volumes of 10,000,000", "teams", "member", "≤ 15", members, teams, **sums)]
    return [
        Job("team volumes", "teams", "member", "≤ 7", members, teams, **sums),
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
    rust = partner.job(f"job {job.word} {job.count}")
    ours_first = batch.timed(job.package(data)) if job.package else rust
    peers = [(Peer(job.kept, lambda _: None), rust)] if job.kept else []
    peers += [(peer, made(job, peer, data)) for peer in job.peers]
    counts = {peer.count or job.count for peer, _ in peers} | {job.count}
    wanted = {count: partner.job(f"job {job.word} {count}")() for count in counts}
    needed = {count: least(job.word, count, done.rows, data) for count, done in wanted.items()}
    own, ran, limits = [], {peer.name: [] for peer, _ in peers}, []

    def answer(name: str, run: Callable[[], batch.Run], count: int) -> float:
        done, expected = run(), wanted[count]
        if (done.rows, done.total) != (expected.rows, expected.total):
            raise SystemExit(f"{job.name}, {name}: {done[2:]}, not {expected[2:]}")
        return done.cpu / count

    for turn in range(rounds):
        limits.append(partner.ask("limits"))
        ours_first()
        own.append(answer("fenrun", ours_first, job.count))
        for peer, run in peers:
            if peer.turns is not None and turn >= peer.turns:
                continue
            if peer.turns != 1:
                run()
            ran[peer.name].append(answer(peer.name, run, peer.count or job.count))
    limit = {name: statistics.median(one[name] for one in limits) for name in limits[0]}

    def shown(times: list[float], count: int) -> tuple[str, str]:
        time_of_one = statistics.median(times)
        return page.significant(time_of_one), page.significant(needed[count].nanoseconds(limit) / time_of_one)

    checksum = wanted[job.count]
    (time_of_ours, share), name = shown(own, job.count), "fenrun: Python package" if job.package else "fenrun"
    lines = [
        f"| **{job.name}**: {name} | {job.unit} | {time_of_ours} | {job.goal} | 1.00 | | {share} | "
        f"{checksum.rows:,} rows, {checksum.total:,} |"
    ]
    for peer, _ in peers:
        times = ran[peer.name]
        ratio = statistics.median(one / base for one, base in zip(times, own))
        note = f" (first {peer.count:,})" if peer.count else ""
        time_of_peer, share = shown(times, peer.count or job.count)
        lines.append(
            f"| {peer.name}{note} | {job.unit} | {time_of_peer} | | {page.significant(ratio)} | {peer.goal} | {share} | |"
        )
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
        "| job and contender | for | ns | goal | times fenrun | goal | share of the limit | checksum |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
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
