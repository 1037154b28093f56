"""Evidence bundles: a zip with the stored events, tables, a printed page and a program that checks them offline."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
import xlsxwriter

from traceability.access import Viewer
from traceability.audit.exporting import tables, workbook
from traceability.audit.exporting.tables import Column, Table
from traceability.models import Gap
from web.audit_report.evidence import Chain, Evidence, Shown, of_battery, of_gap
from web.audit_report.evidence_page import write_page
from web.audit_report.verify_evidence import INDEX, SUMS
from web.audit_report.words import Words

FORMAT: Final = "evidence-bundle/1"
_PROGRAM: Final = Path(__file__).with_name("verify_evidence.py")
#: A zip needs times; one for all, so that the same evidence gives the same bytes.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_EVENTS: Final = (
    Column("record", "record", width=28),
    Column("sequence", "sequence", "whole", 9),
    Column("type", "type", width=18),
    Column("occurredAt", "occurredAt", width=26),
    Column("recordedAt", "recordedAt", width=26),
    Column("organisation", "organisation", width=22),
    Column("key", "key", width=32),
    Column("hash", "hash", width=66),
    Column("previousHash", "previousHash", width=66),
)


def write_bundle(about: str | Gap, file: BinaryIO, viewer: Viewer, language: str | None = None) -> None:
    """Write the evidence of a battery (by its code) or of a finding, as far as the viewer may have it.

    Raises:
        Refusal: `not_found`.
    """
    evidence = of_gap(about, viewer) if isinstance(about, Gap) else of_battery(about, viewer)
    words = Words(language)
    sums: dict[str, str] = {}
    with ZipFile(file, "w", ZIP_DEFLATED) as bundle:
        for name, data in _files(evidence, words):
            sums[name] = hashlib.sha256(data).hexdigest()
            bundle.writestr(_entry(name), data)
        lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
        bundle.writestr(_entry(SUMS), lines.encode())


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _TIME)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _files(evidence: Evidence, words: Words) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _readme(evidence, words)
    yield INDEX, orjson.dumps(_index(evidence), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    yield "evidence.xlsx", _workbook(evidence)
    page = BytesIO()
    write_page(evidence, page, words)
    yield "evidence.pdf", page.getvalue()
    yield _PROGRAM.name, _PROGRAM.read_bytes()
    for number, chain in enumerate(evidence.chains, start=1):
        for event in chain.events:
            yield _event_name(number, event), event.body
            for place, value in event.contents.items():
                yield _content_name(number, event, place), value.encode()


def _event_name(number: int, event: Shown) -> str:
    return f"events/{number}-{event.sequence}.json"


def _content_name(number: int, event: Shown, place: str) -> str:
    return f"contents/{number}-{event.sequence}-{place}.json"


def _readme(evidence: Evidence, words: Words) -> bytes:
    both = [f"{words(name)}: {value}" for name, value in ((evidence.kind, evidence.about), ("made", evidence.made_at))]
    told = [Words(language)("verify") for language in ("zh-hans", "en")]
    partial = [words("partial")] if evidence.partial else []
    return "\n".join([words("evidence"), *both, *partial, "", *told, ""]).encode()


def _index(evidence: Evidence) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "about": evidence.about,
        "gap": evidence.gap,
        "run": evidence.run,
        "madeAt": evidence.made_at,
        "partial": evidence.partial,
        "records": [_record(number, chain) for number, chain in enumerate(evidence.chains, start=1)],
        "gaps": [gap.as_json() for gap in evidence.gaps],
    }


def _record(number: int, chain: Chain) -> dict[str, Any]:
    return {
        "record": chain.record,
        "kind": chain.kind,
        "events": chain.events[-1].sequence,
        "head": chain.head,
        "chain": [
            {
                "sequence": event.sequence,
                "type": event.type,
                "hash": event.hash,
                "file": _event_name(number, event),
                "contents": {place: _content_name(number, event, place) for place in sorted(event.contents)},
                "withheld": event.withheld,
            }
            for event in chain.events
        ],
    }


def _workbook(evidence: Evidence) -> bytes:
    rows = (
        (chain.record, e.sequence, e.type, e.occurred, e.recorded, e.organisation, e.key, e.hash, e.previous)
        for chain in evidence.chains
        for e in chain.events
    )
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        workbook.add(book, Table("Events 事件", _EVENTS, rows))
        workbook.add(book, tables.gaps_table(evidence.gaps))
    return file.getvalue()
