"""The time line of a battery: each event with when it happened and was recorded, by whom, and what contradicts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from batteries.chain_reading import event_pages
from batteries.rows import BatteryRow, EventRow, Page
from traceability import attachments, findings
from traceability.access import Viewer
from traceability.audit.live import Standing
from traceability.audit.rule import BREAK
from traceability.audit.wording import name_of
from traceability.errors import Problem
from web.battery.telling import Detail, details_of, moment, parties_in, told
from web.battery.words import STAGES
from web.words import TYPES

#: Events on one page.
SIZE = 100
Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that an event names; `address` is empty where it was never sent."""

    sha256: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, as it is shown."""

    anchor: str
    event_id: int
    record: str
    sequence: int
    type: Any
    occurred: str
    recorded: str
    #: When it counts as reported, where that is another time.
    reported: str
    organisation: str
    organisation_code: str
    actor: str
    key: str
    corrects: str
    effective: bool
    stage: Any
    site: str
    details: Sequence[Detail]
    attached: Sequence[Attached]
    hash: str
    previous: str
    #: The gaps that hang on it: what they are called, and whether they break the chain.
    gaps: Sequence[tuple[str, bool]]
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A page of events with what is loaded for all of them at once."""

    page: Page[EventRow]
    warnings: Mapping[int, Sequence[Problem]]
    sent: Collection[tuple[int, str]]


def load(row: BatteryRow, after: Place | None) -> Loaded:
    """Read a page of events, with their warnings and files; a fixed number of queries."""
    page = event_pages([row], SIZE, after=after).get(row.code) or Page(())
    named = {(event.organisation_id, given["sha256"]) for event in page.rows for given in event.attachments}
    warnings = findings.of_events([event.id for event in page.rows])
    return Loaded(page, warnings, attachments.sent_among(named) if named else ())


def codes_in(loaded: Loaded) -> set[str]:
    """The organisations that the details of these events name, by their codes."""
    return {code for event in loaded.page.rows for code in parties_in(event)}


def entries(
    loaded: Loaded, gaps: Sequence[Standing], names: Mapping[int, str], parties: Mapping[str, str], viewer: Viewer
) -> list[Entry]:
    """Show the events; `names` are those of organisations by their ids, `parties` by their codes."""
    standing: dict[int, list[tuple[str, bool]]] = {}
    for gap in gaps:
        standing.setdefault(gap.event_id, []).append((name_of(gap.code), gap.severity == BREAK))
    found: list[Entry] = []
    stage = ""
    for event in loaded.page.rows:
        found.append(_entry(event, loaded, standing.get(event.id, ()), stage, names, parties, viewer))
        stage = event.stage_after if event.effective else stage
    return found


def anchor_of(record: str, sequence: int) -> str:
    """Where an event stands on the page."""
    return f"event-{record}-{sequence}"


def _entry(
    event: EventRow,
    loaded: Loaded,
    gaps: Sequence[tuple[str, bool]],
    stage: str,
    names: Mapping[int, str],
    parties: Mapping[str, str],
    viewer: Viewer,
) -> Entry:
    own = viewer.is_alliance or event.organisation_id == viewer.organisation_id
    return Entry(
        anchor=anchor_of(event.record_code, event.sequence),
        event_id=event.id,
        record=event.record_code,
        sequence=event.sequence,
        type=TYPES.get(event.type, event.type),
        occurred=moment(event.occurred_ms),
        recorded=moment(event.recorded_ms),
        reported="" if moment(event.reported_ms) == moment(event.recorded_ms) else moment(event.reported_ms),
        organisation=names.get(event.organisation_id, ""),
        organisation_code=event.organisation_code,
        # Who recorded it is for its own organisation and the alliance.
        actor=event.actor if own else "",
        key=event.key,
        corrects=event.corrects or "",
        effective=event.effective,
        stage=_led_to(event, stage),
        site=told("site", event.site) if event.site else "",
        details=details_of(event, parties),
        attached=[_attached(event, given, loaded.sent) for given in event.attachments],
        hash=event.hash.hex(),
        previous=event.previous_hash.hex() if event.previous_hash else "",
        gaps=gaps,
        warnings=[problem.message for problem in loaded.warnings.get(event.id, ())],
    )


def _led_to(event: EventRow, before: str) -> Any:
    """The stage that an event led to, where that is news: another than before, and not what its type says already."""
    after = event.stage_after
    name = STAGES[after][0] if after else ""
    return "" if after == before or str(name) == str(TYPES.get(event.type)) else name


def _attached(event: EventRow, given: Mapping[str, Any], sent: Collection[tuple[int, str]]) -> Attached:
    sha256 = str(given["sha256"])
    there = (event.organisation_id, sha256) in sent
    return Attached(sha256, str(given.get("name") or ""), reverse("attachment", args=[sha256]) if there else "")
