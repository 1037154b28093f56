"""Single records: one fact a call through `ledger.record()`, against a bare INSERT of the same event rows.

Both run in turns in one process on one database, each in a transaction of its own, with the same durability (SQLite:
WAL, synchronous=FULL; PostgreSQL: as the server has it). The rival's table has the columns and indexes of the ledger's,
and no triggers, chain, stage, custody or projections: what an append costs when nothing is asked.

    uv run python benchmarks/single_records.py [--events 1800] [--format json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("DATABASE_URL") or "postgres://127.0.0.1:5432/postgres"
ALLIANCE = "91510100MA6A1B2C3Q"
ROUND = 150
LIFE = ("installed", "sold", "removed", "dispatched", "received", "inspected")


# Inside one database --------------------------------------------------------------------------------------------------


def child(events: int) -> dict[str, Any]:
    """Measure on the database of DATABASE_URL; it must be empty."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "traceability.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    world = World(events // len(LIFE))
    bare = bare_inserter(connection)
    rounds: list[tuple[float, float]] = []
    facts = world.life()
    while chunk := [fact for _, fact in zip(range(ROUND), facts, strict=False)]:
        rounds.append((timed(world.record, chunk), timed(bare, newest_rows(connection, len(chunk)))))
    warm = rounds[1:] or rounds  # the first round warms plans and caches
    ledger, raw = (statistics.median(ROUND / pair[side] for pair in warm) for side in (0, 1))
    return {
        "database": describe(connection),
        "ledger": ledger,
        "bare": raw,
        "share": statistics.median(pair[1] / pair[0] for pair in warm),
        "events": sum(1 for _ in rounds) * ROUND,
    }


class World:
    """A maker, a repair shop and a recycler, and batteries that have just been registered."""

    def __init__(self, batteries: int) -> None:
        from batteries.codes import organisation_code_with_check_digit as company
        from traceability import ledger
        from traceability.access import Viewer, viewer_for_organisation
        from traceability.models import Organisation

        self.maker, self.shop, self.recycler = (company(f"91510100MA6{number:06d}") for number in (1, 2, 3))
        founder = Viewer(None, ALLIANCE, frozenset({"alliance"}), "command")
        roles = {ALLIANCE: "alliance", self.maker: "vehicle_maker", self.shop: "service", self.recycler: "recycler"}
        stated = [
            self.fact("organisation", ALLIANCE, 0, details={"code": code, "name": role, "roles": [role]})
            for code, role in roles.items()
        ]
        ledger.record(stated, by=founder)
        self.viewers = {o.code: viewer_for_organisation(o, "bench") for o in Organisation.objects.all()}
        self.codes = [f"04QPE76836300JBC4{number:07d}" for number in range(batteries)]
        details = {"massKg": "412.5", "model": "N"}
        produced = [self.fact("produced", self.maker, 1, code, details) for code in self.codes]
        ledger.record(produced, by=self.viewers[self.maker])
        self.write = ledger.record

    def fact(self, type_: str, organisation: str, day: int, battery: str = "", details: Any = None) -> Any:
        """Read a fact of that day, as a door would."""
        from traceability.facts import read_fact

        moment = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=day)
        given = {
            "key": f"{type_}#{battery or (details or {}).get('code')}",
            "type": type_,
            "organisation": organisation,
            "occurredAt": moment.isoformat(),
            "details": details or {},
        }
        return read_fact(given | ({"battery": battery} if battery else {}), today=date(2026, 11, 22))

    def life(self) -> Iterator[Any]:
        """Give one event after another, so that no battery comes twice in a row."""
        details: dict[str, tuple[str, dict[str, Any]]] = {
            "installed": (self.maker, {"vin": "LSVAA49J132047371"}),
            "sold": (self.maker, {"region": "510100"}),
            "removed": (self.shop, {"reason": "scrapping"}),
            "dispatched": (self.shop, {"to": self.recycler, "waybill": "W1", "massKg": "412.5"}),
            "received": (self.recycler, {"from": self.shop, "waybill": "W1", "massKg": "412.5", "condition": "intact"}),
            "inspected": (self.recycler, {"sohPercent": "71.5", "decision": "recovery"}),
        }
        for day, type_ in enumerate(LIFE, start=2):
            organisation, content = details[type_]
            for code in self.codes:
                yield self.fact(type_, organisation, day, code, content)

    def record(self, fact: Any) -> None:
        """Record one fact in its author's name."""
        self.write([fact], by=self.viewers[fact.organisation])


def timed(act: Callable[[Any], None], values: list[Any]) -> float:
    """Do it with each value; gives the seconds it took."""
    started = time.perf_counter()
    for value in values:
        act(value)
    return time.perf_counter() - started


def newest_rows(connection: Any, count: int) -> list[tuple[Any, ...]]:
    """Read the rows that the ledger has just written, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM traceability_lifecycleevent ORDER BY id DESC LIMIT {count}")
        return [tuple(row) for row in reversed(cursor.fetchall())]


def bare_inserter(connection: Any) -> Callable[[tuple[Any, ...]], None]:
    """Make the rival's table, and give the function that inserts one row in a transaction, past Django."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CREATE TABLE bare (LIKE traceability_lifecycleevent INCLUDING ALL EXCLUDING IDENTITY)")
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'traceability_lifecycleevent'")
            cursor.execute(cursor.fetchone()[0].replace('"traceability_lifecycleevent"', '"bare"'))
            cursor.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                " AND tbl_name = 'traceability_lifecycleevent'"
            )
            for number, (sql,) in enumerate(cursor.fetchall()):
                name = sql.split('"')[1]
                cursor.execute(sql.replace(name, f"bare_{number}").replace("traceability_lifecycleevent", "bare"))
        cursor.execute("SELECT * FROM traceability_lifecycleevent LIMIT 0")
        marks = ", ".join(["%s" if connection.vendor == "postgresql" else "?"] * len(cursor.description))
    raw = connection.connection
    if connection.vendor == "postgresql":
        return lambda row: raw.execute(f"INSERT INTO bare VALUES ({marks})", row, prepare=True) and None

    def insert(row: tuple[Any, ...]) -> None:
        # Django's connection is in autocommit mode: each statement is its own transaction.
        raw.execute(f"INSERT INTO bare VALUES ({marks})", row)

    return insert


def describe(connection: Any) -> str:
    """Name the database, its version and how durable a commit is."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT current_setting('server_version'), current_setting('synchronous_commit')")
            version, durability = cursor.fetchone()
            cursor.execute("SHOW fsync")
            return f"PostgreSQL {version}, synchronous_commit={durability}, fsync={cursor.fetchone()[0]}"
        cursor.execute("SELECT sqlite_version()")
        version = cursor.fetchone()[0]
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
        cursor.execute("PRAGMA synchronous")
        return f"SQLite {version}, {mode}, synchronous={ {1: 'NORMAL', 2: 'FULL'}.get(cursor.fetchone()[0]) }"


# Outside: databases made and dropped ----------------------------------------------------------------------------------


def measure(url: str, folder: str, events: int) -> dict[str, Any]:
    """Run a child on one database."""
    environment = {**os.environ, "DATABASE_URL": url, "DATA_DIR": folder, "LOG_LEVEL": "ERROR", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, "--child", "--events", str(events)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def on_postgresql(folder: str, events: int) -> dict[str, Any] | None:
    """Measure in a database of its own on the server of DATABASE_URL; None where no server answers."""
    name = f"bench_single_records_{os.getpid()}"
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        print(f"PostgreSQL was not measured: {error}", file=sys.stderr)
        return None
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            info = connection.info
            where = f"{info.host.replace('/', '%2F')}:{info.port}"
            login = info.user + (f":{info.password}" if info.password else "")
            return measure(f"postgres://{login}@{where}/{name}", folder, events)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    """Measure both databases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1800)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options.events)))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(f"sqlite:///{folder}/bench.sqlite3", folder, options.events)]
        if measured := on_postgresql(folder, options.events):
            found.append(measured)
    if options.format == "json":
        print(json.dumps(found, indent=1))
        return
    print(f"{'':56} ledger ev/s  bare INSERT/s  share")
    for row in found:
        print(f"{row['database']:56} {row['ledger']:11.0f} {row['bare']:14.0f} {row['share']:6.3f}")


if __name__ == "__main__":
    main()
