"""One order, driven by commands."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import fenrun as fr
import numpy as np
import pytest
from support import plan

PLACE = {"place": {"currency": "CNY", "lines": [{"id": 1, "units": 2, "paid": 10000}]}}


def apply(order: fr.Order, name: str, command: Any, now: Any = 0) -> list[str]:
    applied = order.apply({"command_id": name, "now": now, "actor": "shop", "command": command})
    return [event["type"] for event in applied.events]


def shipped() -> fr.Order:
    order = fr.Order("O1")
    apply(order, "c1", PLACE)
    apply(order, "c2", {"capture": {"transaction_id": "t1", "amount": 10000}}, 5)
    apply(order, "c3", "release", 6)
    apply(order, "c4", {"ship": {"lines": [{"line": 1, "units": 2}]}}, 7)
    return order


def test_a_life() -> None:
    order = fr.Order("O1")
    assert (order.id, order.tenant, order.life, order.version) == ("O1", "", "draft", 0)
    assert apply(order, "c1", PLACE) == ["order_placed"]
    assert order.life == "pending_payment"
    order = shipped()
    assert order.life == "shipped"
    assert order.state["captured"] == 10000
    assert [event["seq"] for event in order.events] == list(range(1, order.version + 1))
    assert repr(order) == f"<fenrun.Order O1: shipped, {order.version} events>"


def test_a_retry_gives_nothing_new() -> None:
    order, log = fr.Order("O1"), list[dict[str, Any]]()
    capture = {"capture": {"transaction_id": "t1", "amount": 10000}}
    for name, command in (("c1", PLACE), ("c2", capture), ("c2", capture), ("c3", "release"), ("c2", capture)):
        envelope = {"command_id": name, "now": 5, "actor": "shop", "command": command}
        applied = order.apply(envelope)
        assert applied.repeat is (not applied.events)
        log += applied.events
    # What a host stored, command by command, is the log.
    assert log == order.events
    assert fr.Order.replay(log).state == order.state
    with pytest.raises(fr.OrderError) as raised:
        apply(order, "c2", {"capture": {"transaction_id": "t1", "amount": 1}}, 5)
    assert raised.value.name == "idempotency_conflict"


def test_a_refused_command_changes_nothing() -> None:
    order = shipped()
    state = order.state
    with pytest.raises(fr.OrderError) as raised:
        apply(order, "c9", {"cancel": {"reason": "too late"}}, 9)
    assert raised.value.name == "not_allowed"
    refund = {"refund_id": "r1", "lines": [{"line": 1, "units": 3, "amount": 1}]}
    with pytest.raises(fr.OrderError):
        apply(order, "c10", {"refund_lines": refund}, 9)
    with pytest.raises(fr.DocumentError, match="teleport"):
        apply(order, "c11", "teleport", 9)
    assert order.state == state


def test_replay_and_pickling() -> None:
    order = shipped()
    for copy in (fr.Order.replay(order.events), pickle.loads(pickle.dumps(order))):
        assert type(copy) is fr.Order
        assert (copy.state, copy.events) == (order.state, order.events)
    draft = pickle.loads(pickle.dumps(fr.Order(7, "shop")))
    assert (draft.id, draft.tenant, draft.life) == ("7", "shop", "draft")
    with pytest.raises(ValueError, match="empty log"):
        fr.Order.replay([])
    with pytest.raises(fr.Error):
        fr.Order.replay(order.events[1:])


def test_times_have_a_zone() -> None:
    order = fr.Order("O1")
    now = dt.datetime(2024, 5, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    apply(order, "c1", PLACE, now)
    assert order.events[0]["at"] == 1714521600000
    with pytest.raises(TypeError, match="without zone"):
        apply(order, "c2", "release", now.replace(tzinfo=None))


def test_a_price_in_floats_is_refused() -> None:
    order = fr.Order("O1")
    place = {"place": {"currency": "CNY", "lines": [{"id": 1, "units": 2, "paid": 99.99}]}}
    with pytest.raises(
        TypeError, match=r"command\.command\.place\.lines\[0\]\.paid is 99\.99.*fenrun\.minor"
    ):
        apply(order, "c1", place)
    assert order.version == 0


def test_a_placed_order_is_a_sale() -> None:
    with pytest.raises(fr.SaleError, match="not placed"):
        fr.Order("O1").sale()
    order = fr.Order("O1", "shop")
    place = PLACE["place"] | {"sale": {"buyer": "B", "upline": ["A", "M"]}}
    apply(order, "c1", {"place": place}, 77)
    sale = order.sale()
    assert (sale["id"], sale["tenant"], sale["placed_at"], sale["upline"]) == ("O1", "shop", 77, ["A", "M"])
    outcome = plan().settle_one(sale)
    assert [(row.payee, row.amount) for row in outcome.rows] == [("A", 1000), ("M", 500)]


@pytest.mark.parametrize("order_id", [None, True, 1.5, b"x", ["x"], np.float64(1)])
def test_an_id_of_another_type_is_no_order(order_id: Any) -> None:
    with pytest.raises(TypeError, match="order_id: an id is a str or an int, not "):
        fr.Order(order_id)


def test_an_id_is_text_or_a_number_above_zero() -> None:
    seven: Any = np.int64(7)
    assert fr.Order(7).id == fr.Order("7").id == fr.Order(seven).id == "7"
    for order_id in (-1, 0, "", "0", "x" * 65, 2**64, "\ud800"):
        with pytest.raises(fr.DocumentError, match="id"):
            fr.Order(order_id)
    with pytest.raises(TypeError):
        fr.Order("x", tenant=7)  # type: ignore[arg-type]
