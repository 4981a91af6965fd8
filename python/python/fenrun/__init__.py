"""fenrun (分润): orders, referral trees and commission splitting in exact integers.

>>> import fenrun as fr
>>> plan = fr.Plan.preset("two_level")
>>> person = {"distributor": True, "frozen": False}
>>> upline = [{"id": "A", **person}, {"id": "M", **person}]
>>> outcome = plan.settle_one({"id": "O1", "buyer": "B", "upline": upline, "lines": [{"paid": 9999}]})
>>> [(row.payee, row.amount) for row in outcome.rows]
[('A', 499), ('M', 249)]
"""

import os
from collections.abc import Mapping
from typing import Any

from . import _fenrun
from ._fenrun import Teams, __version__
from .errors import (
    DocumentError,
    Error,
    ForestError,
    LedgerError,
    LibraryError,
    MoneyError,
    OrderError,
    PersonError,
    PlanError,
    SaleError,
    StoreError,
    TableError,
)
from .faults import EdgeFaults, SecondParent, edge_faults
from .forest import Forest
from .images import qr
from .money import Allocation, allocate, minor, multiply, round_, telescope
from .order import Applied, Order
from .outcome import Outcome, Reversal, ReversalRow, Row, Standing, Trace, reverse
from .plan import Bound, Caution, Plan, Report
from .rows import Rows
from .share import Share, ShareKeys

__all__ = [
    "Allocation",
    "Applied",
    "Bound",
    "Caution",
    "DocumentError",
    "EdgeFaults",
    "Error",
    "Forest",
    "ForestError",
    "LedgerError",
    "LibraryError",
    "MoneyError",
    "Order",
    "OrderError",
    "Outcome",
    "PersonError",
    "Plan",
    "PlanError",
    "Report",
    "Reversal",
    "ReversalRow",
    "Row",
    "Rows",
    "SaleError",
    "SecondParent",
    "Share",
    "ShareKeys",
    "Standing",
    "StoreError",
    "TableError",
    "Teams",
    "Trace",
    "__version__",
    "allocate",
    "edge_faults",
    "minor",
    "multiply",
    "qr",
    "reverse",
    "round_",
    "run",
    "telescope",
]


def run(op: str, plan: Plan | str | Mapping[str, Any] | os.PathLike[str] | None, input: Mapping[str, Any]) -> Any:
    """Runs one operation on plain documents: the general door to whatever has no function of its own here.

    ``plan`` is a Plan or whatever ``Plan`` takes, ``None`` for operations without one; ``input`` is the
    operation's document, a dict of texts, ints, lists and dicts, and so is the answer. "Any operation" in
    ``docs/reference/python.md`` lists the document of each; a wrong key is told with the nearest right one.

    >>> stairs = {"id": "own", "on": "month", "to": "self", "pay": {"ladder": [[0, "5%"], [1000, "10%"]]}}
    >>> plan = Plan({"schema": "fenrun.plan/1", "name": "stairs", "currency": "CNY", "rule": [stairs]})
    >>> month = {"period": "month/2026-11-01", "members": [{"id": 1, "inviter": 0}]}
    >>> month["volumes"] = [{"member": 1, "paid": 5000}]
    >>> run("close", plan, month)["outcomes"][0]["rows"][0]["amount"]
    500
    >>> print(run("explain_close", plan, month)["lines"][0])
    1 · own: 5.00 CNY = 10% × 50.00 CNY
    """
    known = plan if plan is None or isinstance(plan, Plan) else Plan(plan)
    return _fenrun.run(op, known, input)
