"""The golden vectors, through the calls a user makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import fenrun as fr
import pytest
from support import ROOT

Case = dict[str, Any]


def read_cases() -> Iterator[Any]:
    for path in sorted((ROOT / "vectors").glob("*.json")):
        # The schema of the files and the tables the cases were made with stand beside them.
        for case in json.loads(path.read_text("utf-8")).get("cases", ()):
            yield pytest.param(case, id=case["id"])


def plan_of(case: Case) -> fr.Plan:
    plan = case["plan"]
    return fr.Plan.preset(plan) if isinstance(plan, str) else fr.Plan.parse(json.dumps(plan))


def allocate(case: Case) -> Any:
    return fr.allocate(**case["input"])._asdict()


def parse_money(case: Case) -> Any:
    # The text is what other languages need to print; Python formats ints itself.
    case.get("expect", {}).pop("text", None)
    return {"minor": fr.minor(case["input"]["text"], case["input"]["currency"])}


def multiply(case: Case) -> Any:
    given = {key: value for key, value in case["input"].items() if key != "currency"}
    return {"minor": fr.multiply(**given)}


def round_(case: Case) -> Any:
    return {"value": fr.round_(**case["input"])}


def telescope(case: Case) -> Any:
    parts = fr.telescope(**case["input"])
    return {"parts": list(parts), "left": case["input"]["total"] - sum(parts)}


def settle_one(case: Case) -> Any:
    outcome = plan_of(case).settle_one(case["input"]["sale"])
    assert outcome.conserved
    return outcome.to_dict()


def reverse(case: Case) -> Any:
    frozen = plan_of(case).settle_one(case["input"]["sale"]).frozen
    # Without a refund, nothing is taken back and everything stands.
    left = fr.reverse(frozen, {"id": "none", "lines": []}).left
    steps, before = [], list[Case]()
    for refund in case["input"]["refunds"]:
        standing = refund.get("standing")
        refund = {"id": refund["id"], "lines": refund["lines"]}
        rows, left, _ = fr.reverse(frozen, refund, before=before, standing=standing)
        steps.append([row._asdict() for row in rows])
        before.append(refund)
    return {"steps": steps, "left": [entry._asdict() for entry in left]}


def check(case: Case) -> Any:
    plan = plan_of(case) if "plan" in case else fr.Plan.parse(**case["input"])
    report = plan.check()
    return {
        "bounds": [{"rule": bound.rule, "at_most": bound.at_most} for bound in report.bounds],
        "total": report.total,
        "warnings": [{"rule": warning.rule, "text": warning.text} for warning in report.warnings],
        "allowed": report.allowed,
        "hash": plan.hash,
    }


def settle(case: Case) -> Any:
    plan, members = plan_of(case), case["input"]["members"]
    names = {name for member in members for name in member} - {"id", "inviter", "rank"}
    forest = fr.Forest.from_edges(
        [member["id"] for member in members],
        [member["inviter"] for member in members],
        ranks=[member.get("rank") for member in members],
        facts={name: [member[name] for member in members] for name in names},
    )
    columns, overrides = lines_of(case["input"]["sales"])
    rows = plan.settle(forest, columns, overrides=overrides)
    assert rows.conserved
    table = zip(rows.order, rows.line, rows.payee, rows.amount, rows.rule, rows.level, strict=True)
    return {
        "pool": rows.pool,
        "rows": [
            {
                "sale": str(order),
                "line": None if line is None else str(line),
                "payee": str(payee),
                "amount": int(amount),
                "rule": rows.rules[rule],
                "level": int(level),
            }
            for order, line, payee, amount, rule, level in table
        ],
        "retained": [{"reason": reason, "amount": amount} for reason, amount in rows.retained.items()],
    }


def lines_of(sales: list[Case]) -> tuple[Case, list[Case]]:
    """Sales as columns, one row a line, and the overrides of every line."""
    rows = [(sale, at, line) for sale in sales for at, line in enumerate(sale["lines"], start=1)]
    names = {name for _, _, line in rows for name in line} - {"id", "units", "override"}
    columns = {
        "buyer": [sale["buyer"] for sale, _, _ in rows],
        "order": [sale["id"] for sale, _, _ in rows],
        "line": [line.get("id", at) for _, at, line in rows],
        "units": [line.get("units", 1) for _, _, line in rows],
        "override": range(1, len(rows) + 1),
        **{name: [line[name] for _, _, line in rows] for name in names | {"paid"}},
    }
    return columns, [line.get("override", {}) for _, _, line in rows]


def order(case: Case) -> Any:
    order, given = fr.Order("1"), case["input"].get("given", [])
    answer: Case = {}
    for at, command in enumerate(given + case["input"].get("when", []), start=1):
        envelope = {"command_id": f"c{at}", "now": 0, "actor": "shop", **command}
        try:
            # The events of the first time too, which `apply` leaves out.
            events, repeat = order.handle({"order_id": "1", **envelope})
        except fr.Error as error:
            assert at > len(given), error
            answer = {"last": "rejected", "error": error.name, "events": []}
        else:
            last = "repeat" if repeat else "ok"
            answer = {"last": last, "error": None, "events": [event["type"] for event in events]}
    return order.state | answer


def general(case: Case) -> Any:
    """What has no function of its own goes through the general door."""
    return fr.run(case["op"], plan_of(case) if "plan" in case else None, case["input"])


OPERATIONS: dict[str, Callable[[Case], Any]] = {
    "allocate": allocate,
    "check": check,
    "multiply": multiply,
    "order": order,
    "parse_money": parse_money,
    "reverse": reverse,
    "round": round_,
    "settle": settle,
    "settle_one": settle_one,
    "telescope": telescope,
}


def match(expected: Any, actual: Any, path: str = "$") -> None:
    """Every key of an expected dict matches; lists match as a whole."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in actual, f"{path}.{key} is not in the answer"
            match(value, actual[key], f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(expected) == len(actual), f"{path}: {actual}"
        for at, pair in enumerate(zip(expected, actual, strict=True)):
            match(*pair, f"{path}[{at}]")
    else:
        assert (type(expected), expected) == (type(actual), actual), path


CASES = list(read_cases())


@pytest.mark.parametrize("case", CASES)
def test_vector(case: Case) -> None:
    run = OPERATIONS.get(case["op"], general)
    if "error" in case:
        with pytest.raises(fr.Error) as raised:
            run(case)
        assert raised.value.name == case["error"], raised.value
    else:
        match(case["expect"], run(case))


def test_every_operation_of_this_list_has_vectors() -> None:
    assert {parameter.values[0]["op"] for parameter in CASES} >= set(OPERATIONS)
