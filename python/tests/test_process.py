"""What the package does to the process it lives in."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import subprocess
import sys
import threading
from typing import Any

import fenrun as fr
import numpy as np
import pytest
from support import plan, sale


def settle_something(threads: int = 1, orders: int = 100) -> int:
    forest = fr.Forest.from_edges(np.arange(1, 101), np.arange(0, 100))
    buyers = np.resize(np.arange(1, 101), orders)
    rows = plan().settle(forest, buyer=buyers, paid=np.full(orders, 10000), threads=threads)
    return int(rows.amount.sum())


def create_and_free(cycles: int) -> None:
    for at in range(cycles):
        outcome = plan().settle_one(sale(id=at + 1))
        fr.reverse(outcome.frozen, {"id": "R", "lines": [{"line": 1, "units": 1, "amount": 9999}]})
        pickle.loads(pickle.dumps(outcome))
        forest = fr.Forest.from_edges(["a", "b"], ["", "a"], ranks=["x", None], facts={"f": ["y", "z"]})
        assert forest.upline("b") == ["a"]
        settle_something()
        order = fr.Order(at + 1)
        for bad in ({"now": 1.5}, {}):
            with pytest.raises((TypeError, fr.Error)):
                order.apply(bad)


def test_ten_thousand_cycles_leave_nothing_behind() -> None:
    create_and_free(1_000)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    create_and_free(10_000)
    gc.collect()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # A leak of one kilobyte a cycle would be ten megabytes.
    assert grown < 4_000, f"{grown} KiB"


def many_rows(amount: int) -> fr.Rows:
    orders = 300_000
    forest = fr.Forest.from_edges(np.arange(1, 101), np.arange(0, 100))
    return plan().settle(
        forest, buyer=np.resize(np.arange(30 + amount // 1000, 101), orders), paid=np.full(orders, amount), threads=1
    )


COLUMNS = ("source", "payee", "rule", "level", "amount")


def test_memory_of_rows_is_used_again_only_when_nobody_holds_it() -> None:
    held: list[tuple[Any, Any]] = []
    for amount in range(10_000, 22_000, 1000):
        rows = many_rows(amount)
        column: Any = rows.payee if len(held) >= 8 else rows.amount
        # A part of a column, another view of it, a buffer, and the whole, each without the others.
        part = (column[7::100_000], column.view(np.uint8), memoryview(column), column)[len(held) % 4]
        held.append((part, bytes(part)))
        del rows, column, part
    assert all(bytes(part) == before for part, before in held)

    held.clear()
    gc.collect()
    rows = many_rows(500)
    places = {getattr(rows, name).ctypes.data for name in COLUMNS}
    del rows
    rows = many_rows(700)
    again = {getattr(rows, name).ctypes.data for name in COLUMNS}
    # The column of single bytes may be too small to be kept.
    assert len(places & again) >= 4
    assert int(rows.amount[:2].sum()) == int(many_rows(700).amount[:2].sum())


def test_threads_that_settle_at_once_do_not_share_memory() -> None:
    wrong = []

    def work(amount: int) -> None:
        expected = many_rows(amount)
        for _ in range(4):
            if many_rows(amount) != expected:
                wrong.append(amount)

    workers = [threading.Thread(target=work, args=(amount,)) for amount in (1000, 2000, 3000)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_forked_child_settles_too() -> None:
    expected = settle_something(4, 20_000)
    child = os.fork()
    if child == 0:
        os._exit(0 if settle_something(4, 20_000) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert settle_something(4, 20_000) == expected


def test_where_no_thread_can_be_started_the_caller_works_alone() -> None:
    expected = settle_something(1, 20_000)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        if os.geteuid() == 0:
            os.setuid(65534)  # the limit does not hold for root
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            os._exit(0 if settle_something(4, 20_000) == expected else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("threads", [257, 2**32, 2**32 + 1, 2**64 - 1, 2**70, -1])
def test_nobody_gets_more_than_256_threads(threads: int) -> None:
    with pytest.raises(fr.LibraryError, match=rf"^{threads} threads; at most 256") as raised:
        settle_something(threads)
    assert raised.value.name == "invalid_argument"


def test_threads_are_a_number() -> None:
    wrong: list[Any] = [True, False, None, 1.0, "2", np.True_]
    for threads in wrong:
        with pytest.raises(TypeError, match="threads: an int from 0 to 256, not "):
            settle_something(threads)
    for right in (0, 1, 256, np.int64(2), np.uint8(2)):
        assert settle_something(right) == settle_something()  # type: ignore[arg-type]


def test_errors_pickle() -> None:
    with pytest.raises(fr.ForestError) as raised:
        fr.Forest.from_edges([1, 2], [0, 9])
    copy = pickle.loads(pickle.dumps(raised.value))
    assert type(copy) is fr.ForestError
    assert (copy.code, copy.name, copy.index, str(copy)) == (402, "unknown_member", 1, str(raised.value))


def test_every_code_has_its_class() -> None:
    from fenrun import _fenrun, errors

    for name, (code, family) in _fenrun.codes().items():
        error = errors.make(code, name, "a message")
        assert type(error).__name__ == f"{family}Error"
        assert (error.code, error.name, error.index) == (code, name, None)


def test_numpy_is_all_it_needs() -> None:
    """Neither pandas nor pyarrow is imported before somebody asks for a table of theirs."""
    code = "import fenrun, sys; print(sorted({'pandas', 'pyarrow', 'polars'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
