"""One order: commands in, events out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from . import _fenrun


class Applied(NamedTuple):
    """What a command did."""

    events: list[dict[str, Any]]
    """The events to store: none when the command came before."""
    repeat: bool
    """Whether the command came before; its events stand in the log already."""


class Order(_fenrun.Order):
    """An order and its log. One thread at a time. It pickles as its events.

    >>> order = Order("O1")
    >>> place = {"command_id": "c1", "now": 0, "actor": "shop", "command": {"place": {
    ...     "currency": "CNY", "sale": {"buyer": "B", "upline": ["A"]}, "lines": [{"id": 1, "paid": 9999}]}}}
    >>> log = order.apply(place).events
    >>> [event["type"] for event in log], order.life
    (['order_placed'], 'pending_payment')
    >>> order.apply(place)
    Applied(events=[], repeat=True)
    >>> Order.replay(log).sale()["upline"]
    ['A']
    """

    __slots__ = ()

    def __new__(cls, order_id: str | int, tenant: str = "") -> Self:
        return super().__new__(cls, order_id, tenant, [])

    @classmethod
    def replay(cls, events: Iterable[Mapping[str, Any]]) -> Self:
        """The order that these events made, from the first on."""
        log = list(events)
        if not log:
            raise ValueError("an empty log names no order")
        return _fenrun.Order.__new__(cls, "", "", log)

    def apply(self, command: Mapping[str, Any]) -> Applied:
        """Decides a command and gives its events; the order is as it was when it is refused.

        The command is ``{"command_id", "now", "actor", "command": {name: options}}``; the order's own id
        and tenant are filled in. ``now`` is milliseconds of UTC or a datetime with its zone. A command that
        came before changes nothing: it gives no events and says ``repeat``, so whatever ``apply`` gives
        may be appended to the log.

        Raises OrderError when the order refuses it, DocumentError when it is no command.
        """
        events, repeat = self.handle({"order_id": self.id, "tenant": self.tenant, **command})
        return Applied([] if repeat else events, repeat)

    def __repr__(self) -> str:
        return f"<fenrun.Order {self.id}: {self.life}, {self.version} events>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.id, self.tenant, self.events)


def _restore(cls: type[Order], order_id: str, tenant: str, events: list[dict[str, Any]]) -> Order:
    return _fenrun.Order.__new__(cls, order_id, tenant, events)
