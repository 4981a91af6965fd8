"""Flat levels in PHP arrays: a process that keeps the data and settles when told to."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

SCRIPT = pathlib.Path(__file__).with_name("arrays.php")


def version() -> str | None:
    """PHP's version, or nothing where there is no PHP."""
    if not shutil.which("php"):
        return None
    return subprocess.run(["php", "-r", "echo PHP_VERSION;"], capture_output=True, text=True, check=True).stdout


def prepare(data: dict[str, np.ndarray], rates: list[int]):
    """Returns a job that gives its CPU time beside rows and sum, for the time passes in another process."""
    folder = tempfile.TemporaryDirectory()
    for name in ("inviters", "buyers", "base"):
        data[name].astype("<u8").tofile(pathlib.Path(folder.name) / name)
    text = ",".join(str(rate) for rate in rates)
    command = ["php", "-d", "memory_limit=-1", str(SCRIPT), folder.name, text]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run() -> tuple[int, int, int]:
        assert process.stdin and process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        return answer["cpu_ns"], answer["rows"], answer["sum"]

    run.keep = folder  # type: ignore[attr-defined]
    return run
