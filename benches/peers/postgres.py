"""Flat levels in PostgreSQL: one recursive query over all orders, and one query per level and order as most
shops do. The server is started on a socket of its own in a temporary folder and stopped at the end."""

from __future__ import annotations

import glob
import os
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

try:
    import psycopg
except ImportError:  # pragma: no cover
    psycopg = None  # type: ignore[assignment]

RECURSIVE = """
    create temp table r as
    with recursive chain(number, base, person, level) as (
        select o.number, o.base, m.up, 1 from o join m on m.id = o.buyer where m.up <> 0
        union all
        select c.number, c.base, m.up, c.level + 1 from chain c join m on m.id = c.person
        where m.up <> 0 and c.level < {levels}
    )
    select number, person as payee, level, base * rate / 10000 as amount
    from chain join rates using (level) where base * rate / 10000 > 0"""


def programs() -> pathlib.Path | None:
    """The folder with initdb and pg_ctl of the newest PostgreSQL here, or nothing."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    found = sorted(folders, key=lambda path: int(path.split("/")[-2])) or [shutil.which("initdb")]
    if psycopg is None or found[-1] is None:
        return None
    return pathlib.Path(found[-1]) if folders else pathlib.Path(found[-1]).parent


class Server:
    """A server in a temporary folder. As root it runs as the user `postgres`, for it refuses root."""

    def __init__(self) -> None:
        found = programs()
        assert found
        self.programs = found
        self.folder = tempfile.mkdtemp(prefix="fenrun-bench-")
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        data = f"{self.folder}/data"
        self.call("initdb", "-D", data, "-A", "trust", "-U", "bench", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -c jit=off -c max_parallel_workers_per_gather=0"
        memory = " -c shared_buffers=512MB -c work_mem=512MB -c synchronous_commit=off"
        self.call("pg_ctl", "-D", data, "-w", "-o", options + memory, "-l", f"{self.folder}/log", "start")
        self.con = psycopg.connect(host=self.folder, user="bench", dbname="postgres", autocommit=True)
        self.version = self.con.execute("show server_version").fetchone()[0].split()[0]

    def call(self, program: str, *arguments: str) -> None:
        command = [*self.user, str(self.programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def load(self, data: dict[str, np.ndarray], rates: list[int]) -> None:
        """Members, orders and rates as tables with keys."""
        tables = {
            "m (id, up)": zip(data["members"].tolist(), data["inviters"].tolist()),
            "o (number, buyer, base)": zip(range(len(data["buyers"])), data["buyers"].tolist(), data["base"].tolist()),
            "rates (level, rate)": enumerate(rates, start=1),
        }
        for table, rows in tables.items():
            key, *others = table.split("(")[1].rstrip(")").split(", ")
            columns = ", ".join([f"{key} bigint primary key", *(f"{name} bigint not null" for name in others)])
            self.con.execute(f"create table {table.split()[0]} ({columns})")
            with self.con.cursor().copy(f"copy {table} from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
        self.con.execute("vacuum analyze")

    def recursive(self, levels: int):
        def run() -> tuple[int, int]:
            self.con.execute("drop table if exists r")
            self.con.execute(RECURSIVE.format(levels=levels))
            rows, total = self.con.execute("select count(*), sum(amount) from r").fetchone()
            return rows, int(total)

        return run

    def per_level(self, data: dict[str, np.ndarray], rates: list[int]):
        """Asks for each person above and inserts each row, one transaction an order."""
        buyers, base = data["buyers"].tolist(), data["base"].tolist()

        def run() -> tuple[int, int]:
            self.con.execute("drop table if exists w")
            self.con.execute("create table w (number bigint, payee bigint, level int, amount bigint)")
            for order, (person, amount) in enumerate(zip(buyers, base)):
                with self.con.transaction():
                    for level, rate in enumerate(rates, start=1):
                        person = self.con.execute("select up from m where id = %s", (person,)).fetchone()[0]
                        if person == 0:
                            break
                        share = amount * rate // 10_000
                        if share > 0:
                            row = (order, person, level, share)
                            self.con.execute("insert into w values (%s, %s, %s, %s)", row)
            rows, total = self.con.execute("select count(*), sum(amount) from w").fetchone()
            return rows, int(total)

        return run

    def stop(self) -> None:
        self.con.close()
        self.call("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", "fast", "stop")
        shutil.rmtree(self.folder)
