"""What the audit says of what companies took in and handed over, as of a day: batteries of unknown origin among what
they received, and what of their own intake and outbound was reported late or not at all.

The rules themselves are asked, of the chains that the companies have to do with: one statement, whatever their number.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from traceability import replica
from traceability.audit import calendar
from traceability.audit.compiling import rules
from traceability.audit.concerning import chains_concerning, ids_in
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


def findings_of(
    organisations: Collection[int], first: date, last: date, as_of: date, heads: str
) -> dict[int, Findings]:
    """Ask the audit about companies' intake and outbound on some days: id → findings, for each of them.

    Args:
        heads: how the heads of chains are read as of that day (`traceability.audit.seeing`).
    """
    rows = _Question(organisations, first, last, calendar.number_of(as_of), heads).asked() if organisations else []
    named = _named({(row.record, row.number) for row in rows if row.record is not None})
    counts: dict[tuple[int, str], list[tuple[str, date, int]]] = defaultdict(list)
    examples: dict[tuple[int, str], list[Example]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.day, row.record or 0, row.number, row.code)):
        place, day = (row.organisation, row.table), calendar.day_of(row.day)
        if row.record is None:
            counts[place].append((row.code, day, row.number))
        else:
            examples[place].append(Example(row.code, *named[row.record, row.number], day))
    return {
        own: Findings(
            counts[own, "handled"],
            counts[own, "unknown"],
            counts[own, "amiss"],
            examples[own, "unknown"],
            examples[own, "amiss"],
        )
        for own in organisations
    }


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


class _Row(NamedTuple):
    """A count (of `number`, without a record), or an example (`number` is its event)."""

    table: str
    organisation: int
    code: str
    day: int
    record: int | None
    number: int


@dataclass(frozen=True, slots=True)
class _Question:
    organisations: Collection[int]
    first: date
    last: date
    as_of: int
    heads: str

    def asked(self) -> list[_Row]:
        """Give counts and examples, these in their order."""
        with replica.connection().cursor() as cursor:
            cursor.execute(self._sql())
            return [_Row(table, own, code, int(day), record, int(n)) for table, own, code, day, record, n in cursor]

    def _sql(self) -> str:
        place = Place(self.as_of, self.heads).only(f"record_id IN ({chains_concerning(self.organisations)})")
        gaps = {rule.code: place.statement(rule) for rule in rules().values() if rule.of == "battery"}
        own = " UNION ALL ".join(self._own(gaps[code], code) for code in _OWN)
        missing = " UNION ALL ".join(self._missing(gaps[code], code) for code in _MISSING)
        return f"""
          WITH handled AS ({self._handled()}), own AS ({own}), missing AS ({missing}),
            amiss AS (SELECT * FROM own UNION ALL SELECT * FROM missing),
            origins AS MATERIALIZED (SELECT record_id FROM ({gaps[UNKNOWN_ORIGIN]}) g),
            unknown AS (
              SELECT h.organisation_id, '{UNKNOWN_ORIGIN}' AS code, MIN(h.day) AS day, h.record_id,
                MIN(h.event_id) AS event_id
              FROM handled h JOIN origins o ON o.record_id = h.record_id WHERE h.type = 'received'
              GROUP BY h.organisation_id, h.record_id)
          SELECT 'handled', organisation_id, type, day, CAST(NULL AS BIGINT), COUNT(DISTINCT record_id)
          FROM handled GROUP BY organisation_id, type, day
          {self._counted("unknown")} {self._counted("amiss")}"""

    def _counted(self, table: str) -> str:
        """A table counted by company and day, and the first of each company's rows."""
        return f"""
          UNION ALL SELECT '{table}', organisation_id, code, day, NULL, COUNT(*) FROM {table}
          GROUP BY organisation_id, code, day
          UNION ALL SELECT '{table}', organisation_id, code, day, record_id, event_id FROM (
            SELECT {table}.*, ROW_NUMBER() OVER (PARTITION BY organisation_id ORDER BY day, record_id, event_id) AS n
            FROM {table}) {table}_first WHERE n <= {EXAMPLES}"""

    def _handled(self) -> str:
        day = f"((s.occurred_ms + {OFFSET_MS}) / {DAY_MS})"
        # A range of the column itself: the planner knows how much that is, and nothing of the days made of it.
        since, until = (calendar.end_of(calendar.number_of(one)) for one in (self.first, self.last))
        since -= DAY_MS
        return f"""
          SELECT s.organisation_id, s.record_id, s.event_id, s.type, {day} AS day FROM traceability_step s
          WHERE s.record_id IN ({chains_concerning(self.organisations)})
            AND s.organisation_id IN {ids_in(self.organisations)}
            AND s.effective AND s.type IN ('received', 'dispatched')
            AND s.reported_ms <= {calendar.end_of(self.as_of)} AND s.occurred_ms BETWEEN {since + 1} AND {until}"""

    def _own(self, statement: str, code: str) -> str:
        types = ", ".join(f"'{type_}'" for type_ in _OWN_TYPES)
        return f"""
          SELECT g.organisation_id, '{code}' AS code, g.since_day AS day, g.record_id, g.event_id FROM ({statement}) g
          JOIN traceability_step s ON s.record_id = g.record_id AND s.event_id = g.event_id
          WHERE g.organisation_id IN {ids_in(self.organisations)} AND s.type IN ({types})
            AND {self._days("g.since_day")}"""

    def _missing(self, statement: str, code: str) -> str:
        return f"""
          SELECT g.organisation_id, '{code}' AS code, g.since_day AS day, g.record_id, g.event_id FROM ({statement}) g
          WHERE g.organisation_id IN {ids_in(self.organisations)} AND {self._days("g.since_day")}"""

    def _days(self, day: str) -> str:
        return f"{day} BETWEEN {calendar.number_of(self.first)} AND {calendar.number_of(self.last)}"
