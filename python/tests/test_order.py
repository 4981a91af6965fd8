"""One order, driven by commands."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import fenrun as fr
import pytest

PLACE = {"place": {"currency": "CNY", "lines": [{"id": 1, "units": 2, "paid": 10000}]}}


def apply(order: fr.Order, name: str, command: Any, now: Any = 0) -> list[str]:
    events = order.apply({"command_id": name, "now": now, "actor": "shop", "command": command})
    return [event["type"] for event in events]


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


def test_a_retry_gives_the_same_events() -> None:
    order = shipped()
    before = order.events
    capture = {"capture": {"transaction_id": "t1", "amount": 10000}}
    assert apply(order, "c2", capture, 5) == ["payment_captured"]
    assert order.events == before
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
    with pytest.raises(fr.MoneyError, match="teleport"):
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
