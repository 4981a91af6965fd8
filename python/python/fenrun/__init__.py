"""fenrun (分润): orders, referral trees and commission splitting in exact integers.

>>> import fenrun as fr
>>> plan = fr.Plan.preset("two_level")
>>> person = {"distributor": True, "frozen": False}
>>> upline = [{"id": "A", **person}, {"id": "M", **person}]
>>> outcome = plan.settle_one({"id": "O1", "buyer": "B", "upline": upline, "lines": [{"paid": 9999}]})
>>> [(row.payee, row.amount) for row in outcome.rows]
[('A', 499), ('M', 249)]
"""

from collections.abc import Mapping
from typing import Any

from . import _fenrun
from ._fenrun import __version__
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
from .forest import Forest
from .money import Allocation, allocate, minor, multiply, round_, telescope
from .order import Applied, Order
from .outcome import Outcome, Reversal, ReversalRow, Row, Standing, Trace, reverse
from .plan import Bound, Caution, Plan, Report
from .rows import Rows

__all__ = [
    "Allocation",
    "Applied",
    "Bound",
    "Caution",
    "DocumentError",
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
    "Standing",
    "StoreError",
    "TableError",
    "Trace",
    "__version__",
    "allocate",
    "minor",
    "multiply",
    "reverse",
    "round_",
    "run",
    "telescope",
]


def run(op: str, plan: Plan | None, input: Mapping[str, Any]) -> Any:
    """Runs one operation of the golden vectors on plain documents: the general door.

    ``vectors/README.md`` lists the operations with their inputs and answers; the typed functions of this
    package are what to use in programs.
    """
    return _fenrun.run(op, plan, input)
