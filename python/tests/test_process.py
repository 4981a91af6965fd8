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
