"""Jobs over a forest in pandas: volumes climb level by level through merges and groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .forest_numpy import RATES, STEPS, depth_first, own_of, pairs_of, parents_of

VERSION = pd.__version__


def waves(own: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """The sum of everybody's team: what members have goes up one level after the other."""
    wave, found = own, [own]
    while len(wave):
        wave = wave.merge(edges, on="person")
        wave = wave[wave["up"] != 0].groupby("up", as_index=False, sort=False)["volume"].sum()
        wave = wave.rename(columns={"up": "person"})
        found.append(wave)
    return pd.concat(found, ignore_index=True).groupby("person", as_index=False, sort=False)["volume"].sum()


def prepare_teams(data: dict[str, np.ndarray]):
    edges = pd.DataFrame({"person": data["members"], "up": data["inviters"]})
    own = pd.DataFrame({"person": data["members"], "volume": own_of(data)[1:]})

    def run() -> tuple[int, int]:
        team = waves(own, edges)
        return len(team), int(np.bitwise_xor.reduce(team["volume"].to_numpy()))

    return run


def prepare_differential(data: dict[str, np.ndarray]):
    edges = pd.DataFrame({"person": data["members"], "up": data["inviters"]})
    sales = pd.DataFrame({"order": np.arange(len(data["buyers"])), "person": data["buyers"], "base": data["base"]})

    def run() -> tuple[int, int]:
        own = sales.groupby("person", as_index=False, sort=False)["base"].sum().rename(columns={"base": "volume"})
        team = waves(own, edges)
        team["rate"] = RATES[np.searchsorted(STEPS, team["volume"].to_numpy(), side="right")]
        ranked = edges.merge(team[["person", "rate"]].rename(columns={"person": "up"}), on="up", how="inner")
        chain, found = sales.assign(best=0, taken=0), []
        while len(chain):
            chain = chain.merge(ranked, on="person")
            reached = chain["base"] * chain["rate"] // 100
            higher = chain["rate"] > chain["best"]
            rows = pd.DataFrame({"order": chain["order"], "payee": chain["up"], "amount": reached - chain["taken"]})
            found.append(rows[higher & (rows["amount"] > 0)])
            chain["taken"] = chain["taken"].where(~higher, reached)
            chain["best"] = chain["best"].where(~higher, chain["rate"])
            chain = chain[chain["best"] < RATES[-1]]
            chain = chain[["order", "up", "base", "best", "taken"]].rename(columns={"up": "person"})
        rows = pd.concat(found, ignore_index=True)
        return len(rows), int(rows["amount"].sum())

    return run


def prepare_above(data: dict[str, np.ndarray], count: int):
    """All questions at once, a merge per level."""
    edges = pd.DataFrame({"person": data["members"], "up": data["inviters"]})
    upper, lower = pairs_of(data, count)
    asked = pd.DataFrame({"wanted": upper, "person": lower})

    def run() -> tuple[int, int]:
        chain, hits = asked, 0
        while len(chain):
            chain = chain.merge(edges, on="person")
            hits += int((chain["up"] == chain["wanted"]).sum())
            chain = chain.loc[chain["up"] > chain["wanted"], ["wanted", "up"]].rename(columns={"up": "person"})
        return count, hits

    return run


def prepare_pages(data: dict[str, np.ndarray], count: int):
    """Nested sets in a frame that is sorted by place."""
    walk, place, sizes = depth_first(parents_of(data))
    frame = pd.DataFrame({"member": walk})
    spots = pd.DataFrame({"place": place, "size": sizes})
    whose, after = pairs_of(data, count)
    whose, after = whose.tolist(), (after % 100).tolist()

    def run() -> tuple[int, int]:
        rows = total = 0
        for member, skip in zip(whose, after):
            spot = spots.iloc[member]
            first, end = int(spot["place"]) + 1, int(spot["place"] + spot["size"])
            page = frame["member"].iloc[min(first + skip, end) : min(first + skip + 50, end)]
            rows += len(page)
            total += int(page.sum())
        return rows, total

    return run
