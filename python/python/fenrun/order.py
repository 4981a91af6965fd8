"""One order: commands in, events out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from . import _fenrun


class Order(_fenrun.Order):
    """An order and its log. One thread at a time. It pickles as its events.

    >>> order = Order("O1")
    >>> events = order.apply({"command_id": "c1", "now": 0, "actor": "shop", "command":
    ...     {"place": {"currency": "CNY", "lines": [{"id": 1, "units": 2, "paid": 10000}]}}})
    >>> [event["type"] for event in events], order.life
    (['order_placed'], 'pending_payment')
    """

    __slots__ = ()

    def __new__(cls, order_id: str | int, tenant: str = "") -> Self:
        return super().__new__(cls, str(order_id), tenant, [])

    @classmethod
    def replay(cls, events: Iterable[Mapping[str, Any]]) -> Self:
        """The order that these events made, from the first on."""
        log = list(events)
        if not log:
            raise ValueError("an empty log names no order")
        return _fenrun.Order.__new__(cls, "", "", log)

    def apply(self, command: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Decides a command and gives its events; the order is as it was when it is refused.

        The command is ``{"command_id", "now", "actor", "command": {name: options}}``; the order's own id
        and tenant are filled in. ``now`` is milliseconds of UTC or a datetime with its zone. A command that
        came before gives its original events.

        Raises OrderError when the order refuses it, DocumentError when it is no command.
        """
        events, _ = self.handle({"order_id": self.id, "tenant": self.tenant, **command})
        return events

    def __repr__(self) -> str:
        return f"<fenrun.Order {self.id}: {self.life}, {self.version} events>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.id, self.tenant, self.events)


def _restore(cls: type[Order], order_id: str, tenant: str, events: list[dict[str, Any]]) -> Order:
    return _fenrun.Order.__new__(cls, order_id, tenant, events)
