"""The printed part of an evidence bundle: what it is about, its gaps, its events with their hashes."""

from datetime import datetime, timedelta, timezone
from typing import Any, BinaryIO, Final

from reportlab.platypus import Spacer

from web.audit_report import paper
from web.audit_report.evidence import Evidence
from web.audit_report.report import address_of
from web.audit_report.words import Words

_ZONE: Final = timezone(timedelta(hours=8))


def write_page(evidence: Evidence, file: BinaryIO, words: Words) -> None:
    """Write it as PDF."""
    where = ("audit-battery-evidence", evidence.about)
    if evidence.gap is not None:
        where = ("audit-gap-evidence", str(evidence.gap))
    address = address_of(*where)
    footer = f"{words('evidence')} · {evidence.about} · {evidence.made_at}"
    paper.write(
        lambda: _story(evidence, words, address),
        file,
        title=words("evidence"),
        footer=footer,
        page_of=words("page"),
    )


def _story(evidence: Evidence, words: Words, address: str) -> list[Any]:
    heads = [(words("head"), (chain.head, chain.record)) for chain in evidence.chains]
    facts = [
        (words(evidence.kind), evidence.about),
        *([(words("finding"), str(evidence.gap))] if evidence.gap is not None else []),
        (words("run"), evidence.run or "–"),
        (words("made"), f"{_local(evidence.made_at)} +08:00"),
    ]
    left = [paper.text(words("evidence"), paper.TITLE), paper.facts(facts, paper.WIDTH - paper.SYMBOL)]
    return [
        paper.beside(left, paper.symbol(address)),
        # Who answers for a finding need not have recorded anything there.
        *([paper.facts(heads, paper.WIDTH)] if heads else []),
        Spacer(0, 6),
        *([paper.text(words("partial"))] if evidence.partial else []),
        paper.text(words("verify"), paper.SMALL),
        paper.text(words("gaps"), paper.SECTION),
        _gaps(evidence, words),
        paper.text(words("events"), paper.SECTION),
        _events(evidence, words),
    ]


def _gaps(evidence: Evidence, words: Words) -> Any:
    if not evidence.gaps:
        return paper.text(words("none"))
    heads = [words(name) for name in ("gap", "severity", "event", "organisation", "since", "detail")]
    rows = [
        (
            words.gap(gap.gap),
            words(gap.severity),
            gap.event or "",
            gap.organisation or "",
            gap.since,
            " · ".join(f"{name}={_said(value)}" for name, value in gap.evidence.items()),
        )
        for gap in evidence.gaps
    ]
    return paper.grid(heads, (25, 16, 28, 34, 20, 51), rows)


def _events(evidence: Evidence, words: Words) -> Any:
    heads = ["#", *(words(name) for name in ("record", "event", "occurred", "organisation", "hash"))]
    rows = [
        (str(event.sequence), chain.record, event.type, _local(event.occurred), event.organisation, event.hash[:16])
        for chain in evidence.chains
        for event in chain.events
    ]
    return paper.grid(heads, (8, 43, 24, 34, 35, 30), rows)


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")
