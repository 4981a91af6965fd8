"""The three graph libraries of Python, walked as their users do: the referrer of a node is its predecessor."""

from __future__ import annotations

from collections.abc import Callable

import igraph
import networkx
import numpy as np
import rustworkx

Rows = list[tuple[int, int, int, int]]


def walk(up: Callable[[int], int], data: dict[str, np.ndarray], rates: list[int]):
    buyers, base = data["buyers"].tolist(), data["base"].tolist()

    def run() -> tuple[int, int]:
        rows: Rows = []
        for order, (person, amount) in enumerate(zip(buyers, base)):
            for level, rate in enumerate(rates, start=1):
                person = up(person)
                if person == 0:
                    break
                share = amount * rate // 10_000
                if share > 0:
                    rows.append((order, person, level, share))
        return len(rows), sum(row[3] for row in rows)

    return run


def edges(data: dict[str, np.ndarray]) -> list[tuple[int, int]]:
    """(inviter, member) of everybody with an inviter."""
    return [(up, member) for member, up in zip(data["members"].tolist(), data["inviters"].tolist()) if up]


def prepare_networkx(data: dict[str, np.ndarray], rates: list[int]):
    graph = networkx.DiGraph()
    graph.add_nodes_from(data["members"].tolist())
    graph.add_edges_from(edges(data))
    return walk(lambda person: next(graph.predecessors(person), 0), data, rates)


def prepare_rustworkx(data: dict[str, np.ndarray], rates: list[int]):
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(len(data["members"]) + 1))
    graph.add_edges_from_no_data(edges(data))
    return walk(lambda person: next(iter(graph.predecessor_indices(person)), 0), data, rates)


def prepare_igraph(data: dict[str, np.ndarray], rates: list[int]):
    graph = igraph.Graph(n=len(data["members"]) + 1, edges=edges(data), directed=True)
    return walk(lambda person: next(iter(graph.predecessors(person)), 0), data, rates)
