"""What the audit says of what a company took in and handed over, as of a day: batteries of unknown origin among what it
received, and what of its own intake and outbound was reported late or not at all.

The rules themselves are asked, of the chains that the company has to do with: one statement, whatever their number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from traceability import replica
from traceability.audit import calendar
from traceability.audit.compiling import rules
from traceability.audit.concerning import chains_concerning
from traceability.audit.finding import Place
from traceability.audit.relations import DAY_MS, OFFSET_MS
from traceability.events import batches
from traceability.models import LifecycleEvent, LifecycleRecord

UNKNOWN_ORIGIN: Final = "unknown_origin"
#: Intake and outbound of the company's own: reported late, out of order, or by who did not hold the battery then.
_OWN: Final = ("late_report", "missing_link", "custody_break")
_OWN_TYPES: Final = ("received", "dispatched", "refused")
#: What it ought to have reported, and did not: a receipt, a dispatch.
_MISSING: Final = ("unreceived", "unannounced_receipt")
#: So many of each are named; the rest is counted.
EXAMPLES: Final = 20
_Counts = Sequence[tuple[str, date, int]]


@dataclass(frozen=True, slots=True)
class Example:
    """One finding, by its battery and its event."""

    gap: str
    battery: str
    event: str | None
    day: date

    def as_json(self) -> dict[str, Any]:
        """Give it as it is told."""
        return {"gap": self.gap, "battery": self.battery, "event": self.event, "since": self.day.isoformat()}


@dataclass(frozen=True, slots=True)
class Findings:
    """Counts by day, and examples.

    Args:
        handled: ("received" | "dispatched", day, how many batteries).
        unknown: ("unknown_origin", day of receipt, how many batteries).
        amiss: (gap, day it is since, how many).
    """

    handled: _Counts = ()
    unknown: _Counts = ()
    amiss: _Counts = ()
    unknown_examples: Sequence[Example] = field(default=())
    amiss_examples: Sequence[Example] = field(default=())

    def received_between(self, first: date, last: date) -> int:
        """Count the batteries received on these days."""
        return _sum(self.handled, first, last, "received")

    def dispatched_between(self, first: date, last: date) -> int:
        """Count the batteries dispatched on these days."""
        return _sum(self.handled, first, last, "dispatched")

    def unknown_between(self, first: date, last: date) -> int:
        """Count the batteries of unknown origin received on these days."""
        return _sum(self.unknown, first, last, UNKNOWN_ORIGIN)

    def amiss_between(self, first: date, last: date) -> dict[str, int]:
        """Count what was not reported completely and in time on these days, by gap."""
        found: dict[str, int] = {}
        for gap, day, count in self.amiss:
            if first <= day <= last:
                found[gap] = found.get(gap, 0) + count
        return dict(sorted(found.items()))


def _sum(counts: _Counts, first: date, last: date, name: str) -> int:
    return sum(count for what, day, count in counts if what == name and first <= day <= last)


def findings_of(organisation: int, first: date, last: date, as_of: date, heads: str) -> Findings:
    """Ask the audit about one company's intake and outbound on some days.

    Args:
        organisation: its id.
        heads: how the heads of chains are read as of that day (`traceability.audit.seeing`).
    """
    question = _Question(organisation, first, last, calendar.number_of(as_of), heads)
    rows = question.asked()
    named = _named({(record, event) for _, _, _, record, event in rows if record is not None})
    counts: dict[tuple[str, str, int], int] = {}
    examples: dict[str, list[Example]] = {"unknown": [], "amiss": []}
    for table, code, day, record, event in rows:
        if record is None:
            counts[table, code, day] = event
        else:
            battery, key = named[record, event]
            examples[table].append(Example(code, battery, key, calendar.day_of(day)))

    def of(table: str) -> _Counts:
        return [(code, calendar.day_of(day), n) for (t, code, day), n in sorted(counts.items()) if t == table]

    return Findings(of("handled"), of("unknown"), of("amiss"), examples["unknown"], examples["amiss"])


def _named(places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, str | None]]:
    """The battery's code and the event's key of each."""
    places = list(places)
    codes: dict[int, str] = {}
    keys: dict[int, str] = {}
    for some in batches({record for record, _ in places}):
        codes |= dict(LifecycleRecord.objects.filter(id__in=some).values_list("id", "code"))
    for some in batches({event for _, event in places}):
        keys |= dict(LifecycleEvent.objects.filter(id__in=some).values_list("id", "key"))
    return {(record, event): (codes[record], keys.get(event)) for record, event in places}


@dataclass(frozen=True, slots=True)
class _Question:
    organisation: int
    first: date
    last: date
    as_of: int
    heads: str

    def asked(self) -> list[tuple[str, str, int, int | None, int]]:
        """Give counts as (table, code, day, None, count), and examples as (table, code, day, record, event)."""
        with replica.connection().cursor() as cursor:
            cursor.execute(self._sql())
            return [(table, code, int(day), record, int(n)) for table, code, day, record, n in cursor.fetchall()]

    def _sql(self) -> str:
        place = Place(self.as_of, self.heads).only(f"record_id IN ({chains_concerning(self.organisation)})")
        gaps = {rule.code: place.statement(rule) for rule in rules().values() if rule.of == "battery"}
        own = " UNION ALL ".join(self._own(gaps[code], code) for code in _OWN)
        missing = " UNION ALL ".join(self._missing(gaps[code], code) for code in _MISSING)
        return f"""
          WITH handled AS ({self._handled()}), own AS ({own}), missing AS ({missing}),
            amiss AS (SELECT * FROM own UNION ALL SELECT * FROM missing),
            origins AS (SELECT record_id FROM ({gaps[UNKNOWN_ORIGIN]}) g),
            unknown AS (
              SELECT '{UNKNOWN_ORIGIN}' AS code, MIN(h.day) AS day, h.record_id, MIN(h.event_id) AS event_id
              FROM handled h JOIN origins o ON o.record_id = h.record_id WHERE h.type = 'received'
              GROUP BY h.record_id)
          SELECT 'handled', type, day, CAST(NULL AS BIGINT), COUNT(DISTINCT record_id) FROM handled GROUP BY type, day
          {self._counted("unknown")} {self._counted("amiss")}"""

    def _counted(self, table: str) -> str:
        """A table counted by day, and the first of its rows."""
        return f"""
          UNION ALL SELECT '{table}', code, day, NULL, COUNT(*) FROM {table} GROUP BY code, day
          UNION ALL SELECT * FROM (SELECT '{table}', code, day, record_id, event_id FROM {table}
            ORDER BY day, record_id, event_id LIMIT {EXAMPLES}) {table}_first"""

    def _handled(self) -> str:
        day = f"((s.occurred_ms + {OFFSET_MS}) / {DAY_MS})"
        return f"""
          SELECT s.record_id, s.event_id, s.type, {day} AS day FROM traceability_step s
          WHERE s.record_id IN ({chains_concerning(self.organisation)}) AND s.organisation_id = {self.organisation}
            AND s.effective AND s.type IN ('received', 'dispatched')
            AND s.reported_ms <= {calendar.end_of(self.as_of)} AND {self._days(day)}"""

    def _own(self, statement: str, code: str) -> str:
        types = ", ".join(f"'{type_}'" for type_ in _OWN_TYPES)
        return f"""
          SELECT '{code}' AS code, g.since_day AS day, g.record_id, g.event_id FROM ({statement}) g
          JOIN traceability_step s ON s.record_id = g.record_id AND s.event_id = g.event_id
          WHERE g.organisation_id = {self.organisation} AND s.type IN ({types}) AND {self._days("g.since_day")}"""

    def _missing(self, statement: str, code: str) -> str:
        return f"""
          SELECT '{code}' AS code, g.since_day AS day, g.record_id, g.event_id FROM ({statement}) g
          WHERE g.organisation_id = {self.organisation} AND {self._days("g.since_day")}"""

    def _days(self, day: str) -> str:
        return f"{day} BETWEEN {calendar.number_of(self.first)} AND {calendar.number_of(self.last)}"
