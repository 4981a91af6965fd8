"""What the package does to the process it lives in."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import subprocess
import sys

import fenrun as fr
import numpy as np
import pytest
from support import plan, sale


def settle_something(threads: int = 1) -> int:
    forest = fr.Forest.from_edges(np.arange(1, 101), np.arange(0, 100))
    rows = plan().settle(forest, buyer=np.arange(1, 101), paid=np.full(100, 10000), threads=threads)
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
    expected = settle_something(threads=4)
    child = os.fork()
    if child == 0:
        os._exit(0 if settle_something(threads=4) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert settle_something(threads=4) == expected


def test_errors_pickle() -> None:
    with pytest.raises(fr.ForestError) as raised:
        fr.Forest.from_edges([1, 2], [0, 9])
    copy = pickle.loads(pickle.dumps(raised.value))
    assert type(copy) is fr.ForestError
    assert (copy.code, copy.name, copy.index, str(copy)) == (402, "unknown_member", 1, str(raised.value))


def test_every_code_has_its_class() -> None:
    from fenrun import _fenrun, errors

    for name, code in _fenrun.codes().items():
        error = errors.make(code, name, "a message")
        assert type(error) is not fr.Error
        assert (error.code, error.name, error.index) == (code, name, None)


def test_numpy_is_all_it_needs() -> None:
    """Neither pandas nor pyarrow is imported before somebody asks for a table of theirs."""
    code = "import fenrun, sys; print(sorted({'pandas', 'pyarrow', 'polars'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
