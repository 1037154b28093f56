"""The gaps of single chains, asked of the record as it stands now: one statement, nothing kept."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Final

from django.utils import timezone

from traceability import law, replica
from traceability.access import Viewer
from traceability.audit import calendar, statute
from traceability.audit.altered import ALTERED
from traceability.audit.finding import Place, one_statement
from traceability.audit.relations import HEADS_NOW
from traceability.audit.seeing import seen_by
from traceability.audit.telling import Told, evidence_told, key_told, severity_of
from traceability.chains import COMPLETING, status_of
from traceability.models import Involvement, LifecycleRecord, Organisation, Step

#: Records in one statement.
_SIZE: Final = 500
#: After everything: where a gap stands that hangs on no step of its chain.
_LAST: Final = (1 << 62, 1 << 62)
#: In place of a gap code: the chain's end is no completion yet.
_PENDING: Final = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A gap of a chain as it stands; evidence as the rules write it, `place` in the chain (occurred ms, arrival)."""

    record_id: int
    code: str
    severity: str
    event_id: int
    key: str | None
    place: tuple[int, int]
    organisation_id: int | None
    since_day: int
    evidence: str
    type: str | None = None

    @property
    def since(self) -> date:
        """Since which day at +08:00."""
        return calendar.day_of(self.since_day)

    @property
    def clause(self) -> str | None:
        """The key of the clause that it rests on."""
        return statute.clause_of(self.code, self.since_day) or None

    def told(self, codes: dict[int, str]) -> dict[str, Any]:
        """Its evidence as it is read; `codes` names organisations by their ids."""
        return evidence_told(self.code, self.evidence, codes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one chain: its gaps in order of occurrence; whether its end is no completion yet."""

    gaps: tuple[Standing, ...] = ()
    pending: bool = False

    def status(self, stage: str) -> str:
        """The chain status of `audit.md`."""
        breaks = sum(gap.severity == "break" for gap in self.gaps)
        return status_of(breaks, len(self.gaps) - breaks, stage, completing=() if self.pending else COMPLETING)


@dataclass(frozen=True, slots=True)
class Chain:
    """How complete one chain is, as far as its viewer sees it."""

    status: str
    as_of: date
    gaps: tuple[Told, ...]


def verdicts(record_ids: Collection[int], *, as_of: int | None = None, heads: str = HEADS_NOW) -> dict[int, Verdict]:
    """What the rules say of these chains, where they say anything; what was found altered is of the last run."""
    day = calendar.number_of(timezone.localdate()) if as_of is None else as_of
    found: dict[int, list[Standing]] = defaultdict(list)
    pending: set[int] = set()
    ids = sorted(record_ids)
    for start in range(0, len(ids), _SIZE):
        wanted = ", ".join(str(int(id_)) for id_ in ids[start : start + _SIZE])
        for row in _rows(day, heads, wanted):
            if row.code == _PENDING:
                pending.add(row.record_id)
            else:
                found[row.record_id].append(row)
    return {
        id_: Verdict(tuple(sorted(found.get(id_, ()), key=lambda gap: (gap.place, gap.code))), id_ in pending)
        for id_ in found.keys() | pending
    }


def _rows(day: int, heads: str, wanted: str) -> list[Standing]:
    connection = replica.connection()
    sql = _template(connection.vendor, heads, law.book().digest)
    for name, value in (("as_of", day), ("end", calendar.end_of(day)), ("wanted", wanted)):
        sql = sql.replace(f"[[{name}]]", str(value))
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [
            Standing(
                record,
                code,
                severity_of(code),
                event,
                key_told(key, type_),
                _LAST if ms is None else (ms, arrival),
                organisation,
                since,
                evidence,
                type_,
            )
            for code, record, event, organisation, since, evidence, key, type_, ms, arrival in cursor.fetchall()
        ]


def compile_rules() -> None:
    """Make the statement of all rules now, which takes two seconds, and not when it is first asked for."""
    _template(replica.connection().vendor, HEADS_NOW, law.book().digest)


@cache
def _template(vendor: str, heads: str, digest: str) -> str:
    """The statement of all rules, with marks for what differs from call to call."""
    place = Place("[[as_of]]", heads, "record_id IN ([[wanted]])", end="[[end]]")
    found, pending = one_statement(place), place.pending()
    return f"""
      SELECT f.code, f.record_id, f.event_id, f.organisation_id, f.since_day, f.evidence,
        COALESCE(s.key, e.key), e.type, s.occurred_ms, s.arrival
      FROM ({found} UNION ALL
        SELECT '{_PENDING}', p.record_id, 0, NULL, 0, '' FROM ({pending}) p UNION ALL
        SELECT g.code, g.record_id, g.event_id, g.organisation_id, g.since_day, g.evidence FROM traceability_gap g
        WHERE g.closed_in_id IS NULL AND g.code = '{ALTERED}' AND g.record_id IN ([[wanted]])) f
      LEFT JOIN traceability_step s ON s.event_id = f.event_id AND s.record_id = f.record_id
      LEFT JOIN traceability_lifecycleevent e ON e.id = f.event_id"""


def chain_of(record_id: int, *, viewer: Viewer, as_of: date | None = None) -> Chain:
    """The status and the gaps of one battery's chain.

    Args:
        record_id: the chain's record.
        as_of: the day, today in China by default.
        viewer: sees all as the alliance, else the gaps within its part of the chain, and its own.
    """
    record = LifecycleRecord.objects.get(pk=record_id)
    day = calendar.number_of(as_of or timezone.localdate())
    with seen_by(day, battery=record_id) as heads:
        found = verdicts([record_id], as_of=day, heads=heads).get(record_id, Verdict())
        stage = record.stage if heads == HEADS_NOW else _stage_then(record_id, day)
    seen = found if viewer.is_alliance else replace(found, gaps=_seen(found.gaps, viewer, record_id))
    codes = dict(Organisation.objects.values_list("id", "code"))
    told = tuple(
        Told(
            record.code,
            gap.code,
            gap.severity,
            gap.key,
            codes.get(gap.organisation_id or 0),
            gap.since.isoformat(),
            gap.clause,
            gap.told(codes),
        )
        for gap in seen.gaps
    )
    return Chain(seen.status(stage), calendar.day_of(day), told)


def _seen(gaps: Collection[Standing], viewer: Viewer, record_id: int) -> tuple[Standing, ...]:
    part = Involvement.objects.filter(organisation=viewer.organisation_id, record=record_id)
    until = part.values_list("until_ms", "until_arrival").first() or (-1, -1)
    own = viewer.organisation_id
    return tuple(gap for gap in gaps if gap.place <= until or (own is not None and gap.organisation_id == own))


def _stage_then(record_id: int, day: int) -> str:
    """The stage that a chain had reached by what was reported until a day."""
    steps = Step.objects.filter(record=record_id, effective=True, reported_ms__lte=calendar.end_of(day))
    last = steps.order_by("-occurred_ms", "-arrival").values_list("stage_after", flat=True).first()
    return last or ""
