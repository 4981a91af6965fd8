"""fenrun's own bindings as a user calls them: the Python package, and libfenrun through its C interface."""

from __future__ import annotations

import ctypes
import json
import pathlib

import numpy as np


def plan_text(rates: list[int]) -> str:
    """The plan all contenders compute: one rule, a rate per level in basis points."""
    levels = [f"{rate}bp" for rate in rates]
    rule = {"id": "up", "to": {"up": "referral"}, "pay": {"levels": levels}}
    return json.dumps({"schema": "fenrun.plan/1", "name": "bench", "currency": "CNY", "rule": [rule]})


def prepare_python(data: dict[str, np.ndarray], rates: list[int]):
    """Ids and amounts in as numpy arrays, rows out as numpy arrays."""
    import fenrun

    plan = fenrun.Plan(plan_text(rates))
    forest = fenrun.Forest(data["members"], data["inviters"])
    buyers, base = data["buyers"], data["base"]

    def run() -> tuple[int, int]:
        rows = plan.settle(forest, buyer=buyers, paid=base)
        return len(rows), int(rows.amount.sum())

    return run


def prepare_teams(data: dict[str, np.ndarray]):
    """What members have in, what their teams have out, as numpy arrays in join order."""
    import fenrun

    forest = fenrun.Forest(data["members"], data["inviters"])
    own = np.zeros(len(data["members"]), dtype=np.int64)
    np.add.at(own, data["buyers"] - 1, data["base"])

    def run() -> tuple[int, int]:
        team = forest.team_volumes(own)
        return len(team), int(np.bitwise_xor.reduce(team))

    return run


class Orders(ctypes.Structure):
    """`fenrun_orders` of include/fenrun.h."""

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("len", ctypes.c_size_t),
        *((name, ctypes.c_void_p) for name in ("buyers", "buyer_handles", "paid", "ids", "lines", "units")),
        *((name, ctypes.c_void_p) for name in ("placed_at", "components")),
        ("components_len", ctypes.c_size_t),
        *((name, ctypes.c_void_p) for name in ("overrides", "override_table")),
        ("override_table_len", ctypes.c_size_t),
        ("tenant", ctypes.c_void_p),
        ("tenant_len", ctypes.c_size_t),
    ]


def prepare_c(library: pathlib.Path, data: dict[str, np.ndarray], rates: list[int]):
    """Handles and amounts in, rows out as a handle that is freed; the pool less what was retained is asked
    for as the sum, so that no column is copied."""
    lib = ctypes.CDLL(str(library))
    members, inviters, buyers = (data[name].astype(np.uint64) for name in ("members", "inviters", "buyers"))
    base, text = np.ascontiguousarray(data["base"], dtype=np.int64), plan_text(rates).encode()
    plan, forest = ctypes.c_void_p(), ctypes.c_void_p()
    handles = np.empty(len(buyers), dtype=np.uint32)

    def call(name: str, *arguments) -> None:
        status = getattr(lib, name)(*arguments, None)
        if status != 0:
            raise RuntimeError(f"{name}: error {status}")

    def pointer(column: np.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(column.ctypes.data)

    size = ctypes.c_size_t
    call("fenrun_plan_new", ctypes.c_char_p(text), size(len(text)), ctypes.byref(plan))
    call("fenrun_forest_new", pointer(members), pointer(inviters), size(len(members)), ctypes.byref(forest))
    call("fenrun_forest_resolve", forest, pointer(buyers), size(len(buyers)), pointer(handles))
    orders = Orders(size=ctypes.sizeof(Orders), len=len(buyers))
    orders.buyer_handles, orders.paid = handles.ctypes.data, base.ctypes.data

    def run() -> tuple[int, int]:
        rows, count = ctypes.c_void_p(), ctypes.c_size_t()
        pool, missing = ctypes.c_int64(), ctypes.c_int64()
        call("fenrun_settle", plan, forest, ctypes.byref(orders), ctypes.c_uint32(1), ctypes.byref(rows))
        call("fenrun_rows_len", rows, ctypes.byref(count))
        call("fenrun_rows_pool", rows, ctypes.byref(pool))
        paid = pool.value
        for reason in (b"no_upline", b"below_minimum"):
            call("fenrun_rows_retained", rows, reason, size(len(reason)), ctypes.byref(missing))
            paid -= missing.value
        lib.fenrun_rows_free(rows)
        return count.value, paid

    run.keep = (members, inviters, buyers, base, handles, text)  # type: ignore[attr-defined]
    return run
