"""What one request of the audit API reads: as the shared reader does, all that is nested is loaded for a whole page."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.utils import timezone

from batteries import chain_reading
from batteries.rows import BatteryRow, EventRow
from graphql_schema.loading import Batch
from graphql_schema.reader import Reader
from graphql_schema.viewer import viewer_of
from traceability import events, replica
from traceability.access import FULL, Viewer
from traceability.audit import live
from traceability.audit.telling import Told, evidence_told, key_told, parties_in
from traceability.errors import refuse
from traceability.models import Gap, LifecycleEvent, LifecycleRecord, Organisation

#: Batteries that one request may have judged, or followed, live: each takes several queries of its own.
MOST_LIVE: Final = 10


@dataclass(frozen=True, slots=True)
class LiveGap:
    """A gap as it was just found; the organisation where it was loaded with it."""

    told: Told
    organisation: Organisation | None


@dataclass(frozen=True, slots=True)
class LiveChain:
    """How complete a chain is as of a day, as far as the viewer sees it."""

    status: str
    as_of: date
    gaps: list[LiveGap]


class AuditReader(Reader):
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__(viewer)
        self._by_code: Batch[str, Organisation] = Batch(self._load_by_code)
        self._gap_events: Batch[int, EventRow] = Batch(self._load_gap_events)
        self._kept: Batch[int, str] = Batch(_load_kept)
        self.today = timezone.localdate()
        self._live: dict[str, set[str]] = {}

    # Batteries -------------------------------------------------------------------------------------------------------

    def _announce(self, rows: Iterable[BatteryRow]) -> None:
        rows = list(rows)
        super()._announce(rows)
        self._kept.want(row.chain_id for row in rows if row.sight.level == FULL)

    def kept_status(self, row: BatteryRow) -> str | None:
        """The status of a chain as of the last run; that of the own part, for who sees no more of it."""
        return self._kept.get(row.chain_id) if row.sight.level == FULL else row.status

    def count_live(self, what: str, code: str) -> None:
        """Note that a battery is asked for something with queries of its own; refuses `too_many` in one request."""
        asked = self._live.setdefault(what, set())
        asked.add(code)
        if len(asked) > MOST_LIVE:
            raise refuse("too_many", (what,), value=len(asked), limit=MOST_LIVE)

    def live_chain(self, row: BatteryRow, as_of: date | None) -> LiveChain | None:
        """Judge a battery's chain now: all chains of the request together, or one by one as of another day."""
        if row.status is None or row.chain_id is None:
            return None
        if as_of is not None and as_of != self.today:
            self.count_live("chain", row.code)
            with replica.primary():
                # It may have to walk the chain anew, in a transaction that is taken back.
                found = live.chain_of(row.chain_id, as_of=as_of, viewer=self.viewer)
            self._by_code.want(gap.organisation for gap in found.gaps)
            return LiveChain(found.status, found.as_of, [LiveGap(told, None) for told in found.gaps])
        verdict = self.verdict_of(row)
        for gap in verdict.gaps:
            self.parties.want([gap.organisation_id, *parties_in(gap.evidence)])
        return LiveChain(verdict.status(row.stage), self.today, [self._told(row, gap) for gap in verdict.gaps])

    def _told(self, row: BatteryRow, gap: live.Standing) -> "LiveGap":
        answerable = self.parties.by_id(gap.organisation_id)
        evidence = gap.told(self._codes_in(gap.evidence))
        code, since = answerable.code if answerable else None, gap.since.isoformat()
        told = Told(row.code, gap.code, gap.severity, gap.key, code, since, gap.clause, evidence)
        return LiveGap(told, answerable)

    # Organisations ---------------------------------------------------------------------------------------------------

    def answerable(self, gap: LiveGap) -> Organisation | None:
        """The organisation that answers for a gap."""
        return gap.organisation or self._by_code.get(gap.told.organisation)

    def _load_by_code(self, codes: Collection[str]) -> Mapping[str, Organisation]:
        found = {row.code: row for row in Organisation.objects.filter(code__in=codes)}
        self.parties.meet(found.values())
        return found

    # Gaps ------------------------------------------------------------------------------------------------------------

    def meet_gaps(self, gaps: Iterable[Gap]) -> None:
        """Announce what gaps hang on, and who they name."""
        for gap in gaps:
            self.parties.want([gap.organisation_id, *parties_in(gap.evidence)])
            if gap.record.kind == LifecycleRecord.Kind.BATTERY:
                self._item_batteries.want([gap.record_id])
            self._gap_events.want([gap.event_id or None])

    def evidence_of(self, gap: Gap) -> dict[str, Any]:
        """What was found, and what would be right."""
        return evidence_told(gap.code, gap.evidence, self._codes_in(gap.evidence))

    def _codes_in(self, evidence: str) -> dict[int, str]:
        return {id_: row.code for id_ in parties_in(evidence) if (row := self.parties.by_id(id_))}

    def battery_of_gap(self, gap: Gap) -> BatteryRow | None:
        """The battery that a gap hangs on: who answers for the gap knows of it, by the intake view at least."""
        return self._item_batteries.get(gap.record_id) if gap.record.kind == LifecycleRecord.Kind.BATTERY else None

    def event_of_gap(self, gap: Gap) -> EventRow | None:
        """The event that a gap hangs on, if the viewer sees it, under the key that the gap is told with."""
        return self._gap_events.get(gap.event_id or None)

    def _load_gap_events(self, ids: Collection[int]) -> dict[int, EventRow]:
        rows = LifecycleEvent.objects.filter(pk__in=ids).select_related("record", "organisation", "step")
        found = [(event, getattr(event, "step", None)) for event in rows]
        self._item_batteries.want(step.record_id for _, step in found if step)
        contents = events.contents_of([event.pk for event, _ in found])
        told = {}
        for event, step in found:
            row = self._item_batteries.get(step.record_id) if step else None
            if chain_reading.may_see(self.viewer, event, step, row.sight if row else None):
                shown = chain_reading.event_row(event, step, contents.get(event.pk, ()))
                told[event.pk] = replace(shown, key=key_told(shown.key, shown.type) or shown.key)
        self.parties.want(row.organisation_id for row in told.values())
        return told


def reader_of(info: Any) -> AuditReader:
    """The request's reader: what was loaded for one field serves the others."""
    request = info.context
    if getattr(request, "reader", None) is None:
        request.reader = AuditReader(viewer_of(info))
    return request.reader  # type: ignore[no-any-return]


def _load_kept(ids: Collection[int]) -> Mapping[int, str]:
    return dict(LifecycleRecord.objects.filter(pk__in=ids).values_list("pk", "audit_status"))
