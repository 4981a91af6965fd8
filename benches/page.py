"""The page of a run: its table as Markdown, its picture as SVG."""

from __future__ import annotations

import argparse
import math
import os
import pathlib
import platform
import statistics
from collections.abc import Sequence
from typing import NamedTuple

# Bytes of a row (three numbers of four bytes and an amount) and of an order (buyer and amount).
ROW_BYTES, ORDER_BYTES = 20, 12
PICTURE = "performance.svg"


class Result(NamedTuple):
    """What a contender needs for an order, in nanoseconds, and how often the first contender's time that is."""

    name: str
    nanoseconds: float
    times: float
    goal: str
    note: str


def results(contenders: Sequence, runs: dict[str, list], orders: int) -> list[Result]:
    """Medians over the rounds; a ratio compares two runs of the same round."""
    base = [run.cpu / orders for run in runs[contenders[0].name]]
    found = []
    for contender in contenders:
        settled = contender.orders or orders
        each = [(run.wall if contender.by_clock else run.cpu) / settled for run in runs[contender.name]]
        notes = [f"first {settled:,} orders"] if settled < orders else []
        notes += ["by the clock"] if contender.by_clock else []
        ratio = statistics.median(one / other for one, other in zip(each, base))
        found.append(Result(contender.name, statistics.median(each), ratio, contender.goal, ", ".join(notes)))
    return found


def table(options: argparse.Namespace, found: list[Result], limits: list[dict], wanted: tuple[int, int]) -> str:
    """The report of a run, as Markdown."""
    rows, total = wanted
    limit = {name: statistics.median(answer[name] for answer in limits) for name in limits[0]}
    reads = options.levels * limit["gathered_ns"] + ORDER_BYTES * limit["read_ns_per_byte"]
    writes = ROW_BYTES * rows / options.orders * limit["written_ns_per_byte"]
    lines = [
        f"![Nanoseconds to settle an order, by contender]({PICTURE})",
        "",
        f"N = {options.members:,} members, {options.orders:,} orders, L = {options.levels}, seed {options.seed}, "
        f"{options.rounds} rounds; checksum: {rows:,} rows, sum {total:,}. "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}.",
        "",
        "| contender | ns an order | times fenrun | goal | share of the limit |",
        "|---|---:|---:|---:|---:|",
    ]
    for one in found:
        name = f"{one.name} ({one.note})" if one.note else one.name
        if "two threads" in one.name:
            shown, share = f"{1 / one.times:.2f} times as fast", ""
        else:
            least = reads if "no rows" in one.name else reads + writes
            shown, share = significant(one.times), significant(least / one.nanoseconds)
        lines.append(f"| {name} | {significant(one.nanoseconds)} | {shown} | {one.goal} | {share} |")
    by_name = {one.name.split(": ")[-1]: one for one in found}
    for name, goal in [("C interface", "≤ 1.05"), ("Python package", "≤ 1.2")]:
        if name in by_name:
            ratio = by_name[name].times / by_name["rows into new columns"].times
            lines += ["", f"{name} against the same batch in Rust into new columns: {ratio:.2f} (goal {goal})."]
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


def significant(number: float) -> str:
    """Three figures, without an exponent: 0.0123, 1.23, 12.3, 1,230."""
    if number <= 0:
        return "0"
    digits = 2 - math.floor(math.log10(number))
    return f"{round(number, digits):,.{max(0, min(digits, 4))}f}"


def write(path: pathlib.Path, text: str, found: list[Result]) -> None:
    """Puts the report between the two marks of the page, and the picture beside it."""
    begin, end = "<!-- written by make bench -->\n", "\n<!-- end -->"
    page = path.read_text(encoding="utf-8")
    before, rest = page.split(begin, 1)
    path.write_text(before + begin + text + end + rest.split(end, 1)[1], encoding="utf-8")
    path.with_name(PICTURE).write_text(picture(found), encoding="utf-8")


def picture(found: list[Result]) -> str:
    """Bars over a logarithmic scale: nanoseconds an order, fenrun's own in colour."""
    shown = [one for one in found if "two threads" not in one.name]
    least = math.floor(math.log10(min(one.nanoseconds for one in shown)))
    most = math.ceil(math.log10(max(one.nanoseconds for one in shown)))
    left, width, step = 290, 480, 24
    height = 62 + step * len(shown)

    def x(nanoseconds: float) -> float:
        return left + width * (math.log10(nanoseconds) - least) / (most - least)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 80} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="12" y="22" font-size="15" font-weight="600" fill="#1a1a1a">'
        "Nanoseconds to settle an order, one thread, logarithmic scale</text>",
    ]
    for power in range(least, most + 1):
        at = x(10**power)
        parts.append(f'<line x1="{at:.1f}" y1="50" x2="{at:.1f}" y2="{height - 8}" stroke="#dddddd"/>')
        parts.append(f'<text x="{at:.1f}" y="44" text-anchor="middle" fill="#666666">{10**power:,}</text>')
    for row, one in enumerate(shown):
        top = 54 + step * row
        colour = "#c8382d" if one.name.startswith("fenrun") else "#8a97a6"
        parts.append(f'<text x="{left - 8}" y="{top + 13}" text-anchor="end" fill="#1a1a1a">{one.name}</text>')
        parts.append(f'<rect x="{left}" y="{top}" width="{x(one.nanoseconds) - left:.1f}" height="17" fill="{colour}"/>')
        value = significant(one.nanoseconds)
        parts.append(f'<text x="{x(one.nanoseconds) + 6:.1f}" y="{top + 13}" fill="#1a1a1a">{value}</text>')
    return "\n".join([*parts, "</svg>", ""])
