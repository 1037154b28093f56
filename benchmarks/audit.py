"""The audit: every rule against the same question written by hand, whole runs and their parts, and what touched costs.

For each size a database is made, filled with batteries of ten events (`audit_history.py`), asked, and dropped. A rule
and its rival (`audit_rivals.py`) must give the same gaps. Figures: how long a rule takes to its rival, whole runs at
two sizes, a run over what changed, memory of Python, and DuckDB over a snapshot of the same history.

    uv run python benchmarks/audit.py [--sqlite 10000,100000] [--postgresql 100000,1000000] [--rounds 2] [--format json]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("DATABASE_URL") or "postgres://127.0.0.1:5432/postgres"
#: 2026-09-01: what the generator tells has happened by then.
AS_OF = "2026-09-01"
TOUCHED = 10_000


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that it took, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def memory() -> float:
    """The most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# Inside one database --------------------------------------------------------------------------------------------------


def child(options: argparse.Namespace) -> dict[str, Any]:
    """Fill the database of DATABASE_URL, and measure."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "traceability.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from benchmarks import audit_history
    from traceability.audit import calendar

    call_command("migrate", verbosity=0)
    calendar.fill()
    made, _ = timed(lambda: audit_history.write(options.batteries))
    say(f"{options.batteries} batteries made in {made:.0f} s")
    result: dict[str, Any] = {
        "vendor": connection.vendor,
        "batteries": options.batteries,
        "made": made,
        "rules": rules_of(options.rounds),
        "memory_before": memory(),
    }
    result["full"], digest = whole()
    result["memory_after"] = memory()
    say(f"full: {result['full']}")
    result["again"], again = whole()
    result["touched"], _ = touched(options.batteries)
    say(f"touched: {result['touched']}")
    result["duckdb"], there = whole(engine="duckdb", keep=False)
    result["memory_duckdb"] = memory()
    say(f"duckdb: {result['duckdb']}")
    assert digest == again == there, "engines differ"
    return result


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"  {text}", file=sys.stderr, flush=True)


def rules_of(rounds: int) -> dict[str, Any]:
    """Each rule and its rival: the quickest of some rounds, in turns."""
    from django.db import connection

    from benchmarks.audit_rivals import filled, rivals
    from traceability.audit.calendar import number_of
    from traceability.audit.compiling import rules
    from traceability.audit.finding import Place
    from traceability.audit.relations import HEADS_NOW

    day = number_of(date.fromisoformat(AS_OF))
    by_hand, found = rivals(), {}
    for code, rule in rules().items():
        ours, theirs = Place(day, HEADS_NOW).statement(rule), filled(by_hand[code], connection.vendor, day)
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(rounds):
            for name, statement in (("ours", ours), ("theirs", theirs)):
                seconds, sums = timed(lambda statement=statement: summed(statement))
                times[name].append(seconds)
                said = found.setdefault(code, {"sums": sums})
                assert said["sums"] == sums, f"{code}: {said['sums']} {sums}"
        found[code] |= {name: min(seconds) for name, seconds in times.items()}
        found[code]["ratio"] = found[code]["ours"] / found[code]["theirs"]
        say(f"{code:24} {found[code]}")
    return found


def summed(statement: str) -> tuple[int, ...]:
    """How many gaps a statement finds, and sums over them that tell differences."""
    from django.db import connection

    with connection.cursor() as cursor:
        columns = "COUNT(*), SUM(record_id), SUM(event_id), SUM(organisation_id), SUM(since_day), SUM(LENGTH(evidence))"
        cursor.execute(f"SELECT {columns} FROM ({statement}) x")
        return tuple(int(value or 0) for value in cursor.fetchone())


def whole(**options: Any) -> tuple[dict[str, float], str]:
    """One run of the audit without `verify`: its parts in seconds, and the digest of its gaps."""
    from traceability.audit import figures, keeping, running, snapshot, staging
    from traceability.audit.engines import duckdb

    parts: dict[str, float] = {}

    @contextmanager
    def measured() -> Iterator[None]:
        places = [(running, "_find"), (running, "digest_of"), (keeping, "keep"), (figures, "keep"), (keeping, "take")]
        places += [(snapshot, "write"), (duckdb, "ask"), (staging, "add_rows")]
        kept = [(module, name, getattr(module, name)) for module, name in places]
        for module, name, work in kept:
            setattr(module, name, part(f"{module.__name__.rpartition('.')[2]}.{name.strip('_')}", work))
        try:
            yield
        finally:
            for module, name, work in kept:
                setattr(module, name, work)

    def part(name: str, work: Any) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            seconds, result = timed(lambda: work(*args, **more))
            parts[name] = round(parts.get(name, 0) + seconds, 2)
            return result

        return call

    with measured():
        started = time.perf_counter()
        with running.audit(as_of=date.fromisoformat(AS_OF), verify=False, **options) as found:
            run = found.run
        took = time.perf_counter() - started
    return {"all": round(took, 2), "gaps": run.gaps, **parts}, run.digest


def touched(batteries: int) -> tuple[dict[str, float], str]:
    """A run over what changed: some batteries, strewn over all of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        every = max(batteries // TOUCHED, 1)
        cursor.execute(
            f"UPDATE traceability_lifecyclerecord SET touched = touched + 1 WHERE kind = 'battery' AND id % {every} = 0"
        )
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE traceability_lifecyclerecord")
    return whole(touched=True)


# Outside: databases made and dropped ----------------------------------------------------------------------------------


@contextmanager
def postgresql() -> Iterator[str]:
    """A database on the server of DATABASE_URL."""
    name = f"bench_audit_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as connection:
        info = connection.info
        login = info.user + (f":{info.password}" if info.password else "")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgres://{login}@{info.host.replace('/', '%2F')}:{info.port}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def measure(url: str, folder: str, batteries: int, rounds: int) -> dict[str, Any]:
    """Run a child on a new database."""
    environment = {**os.environ, "DATABASE_URL": url, "DATA_DIR": folder, "LOG_LEVEL": "ERROR", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, "--child", "--batteries", str(batteries), "--rounds", str(rounds)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=7200, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def told(found: list[dict[str, Any]]) -> None:
    """Print what was measured."""
    for row in found:
        print(f"\n{row['vendor']}, {row['batteries']} batteries (made in {row['made']:.0f} s)")
        for code, rule in row["rules"].items():
            times = f"{rule['ours']:8.2f} s  by hand {rule['theirs']:8.2f} s  {rule['ratio']:5.2f}×"
            print(f"  {code:24} {times}  {rule['sums'][0]} gaps")
        ours, theirs = (sum(rule[name] for rule in row["rules"].values()) for name in ("ours", "theirs"))
        print(f"  {'all rules':24} {ours:8.2f} s  by hand {theirs:8.2f} s  {ours / theirs:5.2f}×")
        for name in ("full", "again", "touched", "duckdb"):
            print(f"  {name:24} {row[name]}")
        print(f"  touched of full          {row['touched']['all'] / row['again']['all']:.3f}")
        before, after, duckdb = (row[f"memory_{name}"] for name in ("before", "after", "duckdb"))
        print(f"  memory, MB               {before:.0f} → {after:.0f}, with DuckDB {duckdb:.0f}")


def main() -> None:
    """Measure every size on both databases, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sqlite", default="10000,100000", help="numbers of batteries; empty for none")
    parser.add_argument("--postgresql", default="100000,1000000", help="likewise")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument("--batteries", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options)))
        return
    found = []
    for vendor in ("sqlite", "postgresql"):
        for batteries in map(int, filter(None, getattr(options, vendor).split(","))):
            with tempfile.TemporaryDirectory() as folder:
                place = postgresql() if vendor == "postgresql" else nullcontext(f"sqlite:///{folder}/records.sqlite3")
                with place as url:
                    found.append(measure(url, folder, batteries, options.rounds))
    print(json.dumps(found, indent=1)) if options.format == "json" else told(found)


if __name__ == "__main__":
    main()
