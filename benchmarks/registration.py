"""Registration in bulk: a maker's CSV through the import, against bare COPY (on SQLite executemany) of the same rows.

Each round imports a file of new packs (read, checked, compared, recorded) into one database, then writes exactly the
rows that this made, by the database's own fastest way and nothing else, into a second one that had every round before
as well: same tables, indexes, constraints and triggers, one transaction. A third database gets the same file through
the same checks and Django's `bulk_create`.

    uv run python benchmarks/registration.py [--packs 20000] [--rounds 4] [--format json]
"""

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("DATABASE_URL") or "postgres://127.0.0.1:5432/postgres"
MAKER = "91510100MA6A1B2C3Q"
#: Table → its order: rows that others refer to come first.
TABLES = (
    "traceability_lifecyclerecord traceability_lifecycleevent traceability_outboxentry traceability_step"
    " traceability_involvement traceability_eventcontent traceability_component batteries_battery"
).split()
KEYS = {"traceability_outboxentry": "event_id", "traceability_step": "event_id", "batteries_battery": "record_id"}


def write_file(path: Path, first: int, packs: int, modules: int, cells: int) -> None:
    """Write a maker's file of packs, each with so many modules and cells."""
    with path.open("w") as file:
        file.write("code,model,mass_kg,produced_at,parent_code\n")
        for number in range(first, first + packs):
            pack = f"04QPE768363A0JBC4{number:07d}"
            file.write(f"{pack},NCM-75,{400 + number % 50}.5,2022-03-01,\n")
            for m in range(modules):
                module = f"04QME768363{m:02d}JBC4{number:07d}"
                file.write(f"{module},M-4,25.5,2022-03-01,{pack}\n")
                for c in range(cells // modules + (m < cells % modules)):
                    file.write(f"04QCE7683{m:02d}{c:02d}JBC4{number:07d},C-1,,2022-03-01,{module}\n")


# Inside one database --------------------------------------------------------------------------------------------------


def child(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; DATABASE_URL is ours, RIVAL_URL the one for bare rows."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "traceability.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from batteries.registration_files import register_file
    from traceability import bulk
    from traceability.access import viewer_for_organisation
    from traceability.models import Organisation

    call_command("migrate", verbosity=0)
    maker = Organisation.objects.create(code=MAKER, name="maker", roles=" vehicle_maker ")
    viewer = viewer_for_organisation(maker, "bench")
    rival = Rival(os.environ["RIVAL_URL"], maker.id)
    rounds: list[tuple[float, float]] = []
    last = dict.fromkeys(TABLES, 0)
    file = Path(os.environ["DATA_DIR"]) / "packs.csv"

    def imported(number: int, packs: int) -> float:
        write_file(file, 1 + number * options.packs, packs, options.modules, options.cells)
        started = time.perf_counter()
        result = register_file(file, by=viewer)
        took = time.perf_counter() - started
        assert (result.new, result.refused) == (packs * (1 + options.modules + options.cells), 0), result
        return took

    for number in range(options.rounds):
        ours = imported(number, options.packs)
        rounds.append((ours, rival.write(connection, last)))
    warm = rounds[1:] or rounds
    load = bulk.load
    few = max(options.packs // 10, 1)
    quick = imported(options.rounds, few)
    bulk.load = bulk_create(bulk)
    slow = imported(options.rounds + 1, few)
    bulk.load = load
    return {
        "database": describe(connection),
        "packs": statistics.median(options.packs / ours for ours, _ in warm),
        "bare": statistics.median(options.packs / bare for _, bare in warm),
        "share": statistics.median(bare / ours for ours, bare in warm),
        "of_bulk_create": slow / quick,
    }


def bulk_create(bulk: Any) -> Callable[..., None]:
    """The same rows as objects of the ORM."""

    def load(model: Any, names: Any, rows: Any) -> None:
        bulk.insert([model(**dict(zip(names, row, strict=True))) for row in rows])

    return load


class Rival:
    """A second database with the same tables, and nothing but its driver."""

    def __init__(self, url: str, maker: int) -> None:
        environment = {**os.environ, "DATABASE_URL": url}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        self.raw: Any
        if url.startswith("postgres"):
            self.raw = psycopg.connect(url, autocommit=True)
        else:
            self.raw = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            self.raw.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
        self.raw.execute(
            "INSERT INTO traceability_organisation (id, code, name, name_en, roles, region, stated_ms)"
            f" VALUES ({maker}, '{MAKER}', 'maker', '', ' vehicle_maker ', '', 0)"
        )

    def write(self, connection: Any, last: dict[str, int]) -> float:
        """Write the rows that were made since `last`; gives the seconds it took."""
        postgresql = connection.vendor == "postgresql"
        fetched = [(table, *self.fetch(connection, table, last, postgresql)) for table in TABLES]
        started = time.perf_counter()
        self.raw.execute("BEGIN" if postgresql else "BEGIN IMMEDIATE")
        for table, columns, rows in fetched:
            if postgresql:
                with self.raw.cursor().copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                    for block in rows:
                        copy.write(block)
            else:
                marks = ",".join("?" * (columns.count(",") + 1))
                self.raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        self.raw.execute("COMMIT")
        return time.perf_counter() - started

    @staticmethod
    def fetch(connection: Any, table: str, last: dict[str, int], postgresql: bool) -> tuple[str, list[Any]]:
        """The new rows of a table: as COPY gives them, or as tuples."""
        key = KEYS.get(table, "id")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            columns = ", ".join(f'"{column[0]}"' for column in cursor.description)
            where = f"FROM {table} WHERE {key} > {last[table]}"
            if postgresql:
                with cursor.copy(f"COPY (SELECT {columns} {where} ORDER BY {key}) TO STDOUT (FORMAT BINARY)") as copy:
                    rows: list[Any] = [bytes(block) for block in copy]
            else:
                rows = connection.connection.execute(f"SELECT {columns} {where} ORDER BY {key}").fetchall()
            cursor.execute(f"SELECT COALESCE(max({key}), 0) FROM {table}")
            last[table] = cursor.fetchone()[0]
        return columns, rows


def describe(connection: Any) -> str:
    """Name the database and its version."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT current_setting('server_version')")
            return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"
        cursor.execute("SELECT sqlite_version()")
        return f"SQLite {cursor.fetchone()[0]}"


# Outside: databases made and dropped ----------------------------------------------------------------------------------


def measure(ours: str, rival: str, folder: str, options: argparse.Namespace, parts: bool) -> dict[str, Any]:
    """Run a child on two databases."""
    environment = {
        **os.environ,
        "DATABASE_URL": ours,
        "RIVAL_URL": rival,
        "DATA_DIR": folder,
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, __file__, "--child", "--rounds", str(options.rounds)]
    command += ["--packs", str(options.packs // 20 if parts else options.packs)]
    command += ["--modules", "16", "--cells", "100"] if parts else []
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"parts": "16 modules, 100 cells" if parts else "none"}


@contextmanager
def postgresql() -> Iterator[tuple[str, str]]:
    """Two databases on the server of DATABASE_URL."""
    names = [f"bench_registration_{os.getpid()}_{side}" for side in "ab"]
    with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as connection:
        info = connection.info
        where = f"{info.host.replace('/', '%2F')}:{info.port}"
        login = info.user + (f":{info.password}" if info.password else "")
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            ours, rival = (f"postgres://{login}@{where}/{name}" for name in names)
            yield ours, rival
        finally:
            for name in names:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    """Measure both databases, without and with parts, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=int, default=20_000, help="packs a round (a twentieth of it with parts)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    for name in ("--modules", "--cells"):
        parser.add_argument(name, type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options)))
        return
    found = []
    for parts in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            ours, rival = (f"sqlite:///{folder}/{side}.sqlite3" for side in "ab")
            found.append(measure(ours, rival, folder, options, parts))
        try:
            with postgresql() as (ours, rival), tempfile.TemporaryDirectory() as folder:
                found.append(measure(ours, rival, folder, options, parts))
        except psycopg.OperationalError as error:
            print(f"PostgreSQL was not measured: {error}", file=sys.stderr)
    if options.format == "json":
        print(json.dumps(found, indent=1))
        return
    print(f"{'':20} {'parts':24} {'import':>10} {'bare':>10}  share  of bulk_create")
    for row in found:
        told = f"{row['packs']:8.0f}/s {row['bare']:8.0f}/s {row['share']:6.2f} {row['of_bulk_create']:10.1f}×"
        print(f"{row['database']:20} {row['parts']:24} {told}")


if __name__ == "__main__":
    main()
