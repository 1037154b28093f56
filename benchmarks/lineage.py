"""Lineage: what a lot is made of, back through three processes to 10,000 packs, with as many others around it again.

Every pack gives a module to crushing and goes into it itself; 100 crushings, 10 smeltings that pass a liquor on from
one to the next, one refining. Two rivals find the same: the same edges fetched level by level through Django's ORM, and
a recursive query written by hand for batteries, batches and lots alone, that knows no parts, products or identities
(and so no modules' packs). All must come to the same shares, as far as they know the same things.

    uv run python benchmarks/lineage.py [--packs 10000] [--rounds 7] [--format json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("DATABASE_URL") or "postgres://127.0.0.1:5432/postgres"
ALLIANCE = "91510100MA6A1B2C3Q"
CRUSHINGS, SMELTINGS = 100, 10
#: Plants of which one is asked about; the others are what a database holds besides.
PLANTS = 2

BY_HAND = """
WITH RECURSIVE run(batch) AS (
    SELECT o.batch_id FROM recyclers_batchoutput o WHERE o.lot_id = %s
    UNION
    SELECT o.batch_id FROM run
    JOIN recyclers_batchinput i ON i.batch_id = run.batch AND i.lot_id IS NOT NULL
    JOIN recyclers_batchoutput o ON o.lot_id = i.lot_id
)
SELECT 'in', i.batch_id, i.lot_id, i.battery, i.mass_mg FROM run
JOIN recyclers_batchinput i ON i.batch_id = run.batch
UNION ALL
SELECT 'out', o.batch_id, o.lot_id, '', o.mass_mg FROM run JOIN recyclers_batchoutput o ON o.batch_id = run.batch
"""


# Inside one database --------------------------------------------------------------------------------------------------


def child(packs: int, rounds: int) -> dict[str, Any]:
    """Fill the database of DATABASE_URL, and measure."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "traceability.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.single_records import describe
    from recyclers import lineage
    from recyclers.lineage_edges import edges_behind
    from recyclers.lineage_shares import LOT, Lineage, Node
    from recyclers.models import Lot
    from traceability.access import Viewer

    call_command("migrate", verbosity=0)
    fill(packs)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    lot = Lot.objects.get(number="refined-0")
    viewer = Viewer(1, ALLIANCE, frozenset({"alliance"}), "bench")
    found = edges_behind([lot.pk], None)
    shares = Lineage(found.edges, found.masses).origins(Node(LOT, str(lot.pk)))
    level_by_level = by_levels(lot.pk)
    assert Lineage(*level_by_level).origins(Node(LOT, str(lot.pk))) == shares, "the levels disagree"
    assert len(shares) == packs
    told: dict[str, Callable[[], Any]] = {
        "edges": lambda: edges_behind([lot.pk], None),
        "levels": lambda: by_levels(lot.pk),
        "by hand": lambda: by_hand(connection, lot.pk),
        "read": lambda: Lineage(found.edges, found.masses),
        "all": lambda: lineage.origins(viewer, [lot]),
    }
    # The best of the rounds: on shared cores the others measure the neighbours.
    seconds = {name: min(timed(work) for _ in range(rounds)) for name, work in told.items()}
    return {"database": describe(connection), "edges found": len(found.edges), "packs": packs, **seconds}


def fill(packs: int) -> None:
    """Capture the history of all plants."""
    from batteries.codes import organisation_code_with_check_digit as company
    from traceability import ledger
    from traceability.access import Viewer

    founder = Viewer(None, ALLIANCE, frozenset({"alliance"}), "command")
    maker, plant = (company(f"91510100MA6{number:06d}") for number in (1, 2))
    roles = {ALLIANCE: "alliance", maker: "vehicle_maker", plant: "recycler"}
    ledger.record(
        [fact("organisation", ALLIANCE, 0, code=code, name=role, roles=[role]) for code, role in roles.items()],
        by=founder,
    )
    for number in range(PLANTS):
        first = number * packs
        for chunk in chunks(produced(maker, range(first, first + packs)), 1000):
            ledger.record(chunk, by=founder)
        for one in (*crushed(plant, number, packs), *smelted(plant, number, packs), refined(plant, number, packs)):
            ledger.record([one], by=founder)


def produced(maker: str, serials: Iterable[int]) -> Iterator[Any]:
    """Packs of one module each."""
    for serial in serials:
        details = {"massKg": "412.5", "model": "N", "components": [{"code": module_code(serial), "massKg": "30"}]}
        yield fact("produced", maker, 1, battery=pack_code(serial), **details)


def pack_code(serial: int) -> str:
    """The code of a pack."""
    return f"04QPE76836300JBC4{serial:07d}"


def module_code(serial: int) -> str:
    """The code of its module."""
    return f"04QME76836300JBC4{serial:07d}"


def crushed(plant: str, number: int, packs: int) -> Iterator[Any]:
    """Packs without their modules, and the modules of others."""
    each = packs // CRUSHINGS
    for run in range(CRUSHINGS):
        serials = range(number * packs + run * each, number * packs + (run + 1) * each)
        inputs = [{"battery": pack_code(serial), "massKg": "382.5"} for serial in serials]
        inputs += [{"battery": module_code(serial), "massKg": "30"} for serial in serials]
        outputs = [lot(f"powder-{number}-{run}", "electrode_powder", each * 250), lot(f"copper-{number}-{run}", "copper", each * 80)]  # fmt: skip  # noqa: E501
        yield batch(plant, 2, f"crush-{number}-{run}", "crushing", inputs, outputs)


def smelted(plant: str, number: int, packs: int) -> Iterator[Any]:
    """Ten powders each, and the liquor of the smelting before."""
    each = packs // CRUSHINGS
    for run in range(SMELTINGS):
        inputs = [
            {"lot": f"powder-{number}-{one}", "massKg": str(each * 200)} for one in range(run * 10, run * 10 + 10)
        ]
        if run:
            inputs.append({"lot": f"liquor-{number}-{run - 1}", "massKg": str(each * 50)})
        outputs = [lot(f"salt-{number}-{run}", "lithium_carbonate", each * 300), lot(f"liquor-{number}-{run}", "lithium_phosphate", each * 50)]  # fmt: skip  # noqa: E501
        yield batch(plant, 3 + run, f"smelt-{number}-{run}", "hydrometallurgy", inputs, outputs)


def refined(plant: str, number: int, packs: int) -> Any:
    """All the salts."""
    each = packs // CRUSHINGS
    inputs = [{"lot": f"salt-{number}-{run}", "massKg": str(each * 300)} for run in range(SMELTINGS)]
    outputs = [lot(f"refined-{number}", "cathode_material", each * 2900)]
    return batch(plant, 30, f"refine-{number}", "material_repair", inputs, outputs)


def lot(number: str, material: str, kilograms: int) -> dict[str, str]:
    """An output."""
    return {"lot": number, "material": material, "massKg": str(kilograms)}


def batch(plant: str, day: int, number: str, process: str, inputs: list[Any], outputs: list[Any]) -> Any:
    """A batch."""
    return fact("batch", plant, day, number=number, process=process, inputs=inputs, outputs=outputs)


def fact(type_: str, organisation: str, day: int, *, battery: str = "", **details: Any) -> Any:
    """Read a fact of that day, as a door would."""
    from traceability.facts import read_fact

    moment = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=day)
    named = battery or details.get("code") or details.get("number")
    given = {"key": f"{type_}#{named}", "type": type_, "organisation": organisation, "occurredAt": moment.isoformat()}
    return read_fact(given | {"details": details} | ({"battery": battery} if battery else {}), today=date(2026, 11, 22))


def chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Cut into lists."""
    from traceability.events import batches

    return batches(values, size)


# Rivals ---------------------------------------------------------------------------------------------------------------


def by_levels(lot_id: int) -> tuple[list[Any], dict[Any, int]]:
    """Fetch the same edges a level at a time, with the ORM."""
    from recyclers.lineage_shares import BATCH, BATTERY, LOT, Edge, Node
    from recyclers.models import BatchInput, BatchOutput, Lot
    from traceability.events import batches

    edges: list[Any] = []
    met: set[int] = set()
    level, codes, runs_met = {lot_id}, set[str](), set[int]()
    while level:
        met |= level
        runs = set()
        for ids in batches(level):
            runs |= set(BatchOutput.objects.filter(lot__in=ids).values_list("batch_id", flat=True))
        runs, level = runs - runs_met, set()
        runs_met |= runs
        for ids in batches(runs):
            for run, made, mass in BatchOutput.objects.filter(batch__in=ids).values_list(
                "batch_id", "lot_id", "mass_mg"
            ):
                edges.append(Edge(Node(BATCH, str(run)), Node(LOT, str(made)), mass))
            rows = BatchInput.objects.filter(batch__in=ids).values_list("batch_id", "lot_id", "battery", "mass_mg")
            for run, fed, battery, mass in rows:
                source = Node(BATTERY, battery) if battery else Node(LOT, str(fed))
                edges.append(Edge(source, Node(BATCH, str(run)), mass))
                if battery:
                    codes.add(battery)
                elif fed not in met:
                    level.add(fed)
    edges += parts_by_levels(codes)
    masses = {}
    for ids in batches(met):
        masses |= {
            Node(LOT, str(id_)): mass for id_, mass in Lot.objects.filter(id__in=ids).values_list("id", "mass_mg")
        }
    return edges, masses


def parts_by_levels(codes: set[str]) -> list[Any]:
    """Fetch what these are parts of, and that in turn."""
    from recyclers.lineage_shares import BATTERY, Edge, Node
    from traceability.events import batches
    from traceability.models import Component

    edges = []
    while codes:
        above = set()
        for chunk in batches(codes):
            for code, parent in Component.objects.filter(code__in=chunk).values_list("code", "parent_code"):
                edges.append(Edge(Node(BATTERY, parent), Node(BATTERY, code), None))
                above.add(parent)
        codes = above
    return edges


def by_hand(connection: Any, lot_id: int) -> int:
    """Ask for batteries, batches and lots alone, and read the rows."""
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, [lot_id])
        return len(cursor.fetchall())


def timed(work: Callable[[], Any]) -> float:
    """The seconds that it took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# Outside: databases made and dropped ----------------------------------------------------------------------------------


def measure(url: str, folder: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run a child on one database."""
    environment = {**os.environ, "DATABASE_URL": url, "DATA_DIR": folder, "LOG_LEVEL": "ERROR", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, "--child", "--packs", str(options.packs), "--rounds", str(options.rounds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def on_postgresql(folder: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """Measure in a database of its own on the server of DATABASE_URL; None where no server answers."""
    name = f"bench_lineage_{os.getpid()}"
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        print(f"PostgreSQL was not measured: {error}", file=sys.stderr)
        return None
    with connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            info = connection.info
            login = info.user + (f":{info.password}" if info.password else "")
            url = f"postgres://{login}@{info.host.replace('/', '%2F')}:{info.port}/{name}"
            return measure(url, folder, options)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    """Measure both databases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options.packs, options.rounds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(f"sqlite:///{folder}/bench.sqlite3", folder, options)]
        if measured := on_postgresql(folder, options):
            found.append(measured)
    if options.format == "json":
        print(json.dumps(found, indent=1))
        return
    print(f"{'':56}   edges  query s  of levels  of by hand  shares s  all s")
    for row in found:
        ratios = f"{row['edges'] / row['levels']:10.2f} {row['edges'] / row['by hand']:11.2f}"
        shares = row["all"] - row["edges"]
        print(
            f"{row['database']:56} {row['edges found']:7} {row['edges']:8.3f} {ratios} {shares:9.3f} {row['all']:6.3f}"
        )


if __name__ == "__main__":
    main()
