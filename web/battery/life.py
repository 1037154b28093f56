"""What who has rights sees of a battery besides: time line, custody, parts, lots, gaps, labels, next steps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from batteries import chain_reading, label_printing, label_states, reading
from batteries.custody_reading import Stay, stays_of
from batteries.rows import BatteryRow, IdentityRow
from recyclers import inspection, lineage
from recyclers.models import Lot
from traceability import law
from traceability.access import FULL, Viewer
from traceability.audit import wording
from traceability.audit.live import Standing, Verdict
from traceability.audit.remedies import remedies_for
from traceability.audit.telling import parties_in
from traceability.errors import Refusal
from traceability.models import LifecycleRecord, Organisation
from traceability.values import kilograms
from web.battery import timeline, words
from web.battery.telling import moment
from web.battery.timeline import Entry, Place
from web.names import is_english
from web.places import address_of
from web.words import LEVELS, MATERIALS, ROUTES, SEVERITIES, THINGS, evidence_in_words

#: Parts, and lots, that are written on the page.
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap: what it says, what it rests on, whose it is, and what closes it."""

    name: str
    severity: Any
    is_break: bool
    sentence: str
    since: str
    clause: str
    clause_text: str
    organisation: str
    anchor: str
    remedies: Sequence[str]


@dataclass(frozen=True, slots=True)
class Told:
    """A stay in somebody's custody."""

    holder: str
    transit: str
    disputed: Sequence[str]
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Line:
    """A battery, a lot or a share of mass on a list."""

    code: str
    about: str
    is_battery: bool = False
    #: The page of a lot.
    address: str = ""


@dataclass(frozen=True, slots=True)
class LabelLine:
    """A label that was issued."""

    serial: str
    issued: str
    state: Any


@dataclass(frozen=True, slots=True)
class Step:
    """A route, and what stands against it."""

    route: Any
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Life:
    """The whole page but for what the street sees."""

    status: str
    whole: bool
    quarantined: bool
    vehicle: str
    entries: Sequence[Entry]
    #: Where the next page of the time line begins; empty on the last.
    after: str
    first: bool
    gaps: Sequence[Gap]
    custody: Sequence[Told]
    parts: Sequence[Line]
    more_parts: bool
    inside: str
    sources: Sequence[Line]
    products: Sequence[Line]
    taken_from: Sequence[Line]
    identities: Sequence[tuple[IdentityRow, str, str]]
    lots: Sequence[Line]
    destinations: Sequence[Line]
    refused: str
    steps: Sequence[Step]
    labels: Sequence[LabelLine]
    may_print: bool
    evidence: bool


class Names:
    """Organisations by id and by code, in one query for all that was announced."""

    def __init__(self, ids: Iterable[int | None], codes: Iterable[str]) -> None:
        self.by_id: dict[int, str] = {}
        self.by_code: dict[str, str] = {}
        self.codes: dict[int, str] = {}
        english = is_english()
        wanted, named = {id_ for id_ in ids if id_ is not None}, set(codes)
        rows = Organisation.objects.filter(id__in=wanted) | Organisation.objects.filter(code__in=named)
        for row in rows:
            name = row.name_en if english and row.name_en else row.name
            self.by_id[row.pk], self.by_code[row.code], self.codes[row.pk] = name, name, row.code

    def of(self, id_: int | None) -> str:
        """The name of an organisation; a dash for nobody."""
        return "—" if id_ is None else self.by_id.get(id_, "—")


def life(row: BatteryRow, viewer: Viewer, after: Place | None = None, parts_after: str | None = None) -> Life:
    """Gather it as far as the viewer sees the chain; a fixed number of queries.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: a stored body was altered until it cannot be read.
    """
    chain = row.chain_id or 0
    loaded = timeline.load(row, after)
    verdict = chain_reading.verdict(chain_reading.verdicts_of([chain]).get(chain) or Verdict(), row, viewer)
    stays = stays_of(row)
    identities = chain_reading.identities([row]).get(row.code, [])
    names = Names(_ids(loaded, verdict.gaps, stays, identities), timeline.codes_in(loaded))
    parts = reading.parts_by_parent(viewer, [row], MOST + 1, parts_after).get(row.code, [])
    ties = chain_reading.lineage([row]).get(row.code) or chain_reading.Ties()
    tied = reading.batteries_by_code(viewer, [code for some in ties for code in some])
    lots, destinations, refused = _mass(row, viewer)
    vehicle = chain_reading.vehicles(viewer, [row]).get(row.code)
    events = {event.id: timeline.anchor_of(event.record_code, event.sequence) for event in loaded.page.rows}
    last = loaded.page.rows[-1].order if loaded.page.rows else None
    return Life(
        status=str(wording.STATUSES.get(verdict.status(row.stage), "")),
        whole=row.sight.level == FULL,
        quarantined=bool(row.quarantined),
        vehicle=(vehicle.vin or "—") if vehicle else "",
        entries=timeline.entries(loaded, verdict.gaps, names.by_id, names.by_code, viewer),
        after=".".join(map(str, last)) if last and loaded.page.has_next else "",
        first=after is None,
        gaps=[_gap(gap, names, events) for gap in verdict.gaps],
        custody=[_stay(stay, names) for stay in stays],
        parts=[_line(part) for part in parts[:MOST]],
        more_parts=len(parts) > MOST,
        inside=row.inside,
        sources=_tied(ties.sources, tied),
        products=_tied(ties.products, tied),
        taken_from=_tied(ties.taken_from, tied),
        identities=[(one, names.of(one.organisation_id), moment(one.occurred_ms)) for one in identities],
        lots=lots,
        destinations=destinations,
        refused=refused,
        steps=_steps(row),
        labels=_labels(row),
        may_print=label_printing.may_print(viewer, row, None),
        evidence=row.sight.level == FULL,
    )


def _ids(
    loaded: timeline.Loaded, gaps: Sequence[Standing], stays: Sequence[Stay], identities: Sequence[IdentityRow]
) -> set[int | None]:
    found: set[int | None] = {event.organisation_id for event in loaded.page.rows}
    for gap in gaps:
        found |= {gap.organisation_id, *parties_in(gap.evidence)}
    for stay in stays:
        found |= {stay.holder_id, stay.transit_to_id, *(stay.disputed or ())}
    return found | {one.organisation_id for one in identities}


def _gap(gap: Standing, names: Names, anchors: Mapping[int, str]) -> Gap:
    clause = law.clause_in_force(gap.clause, gap.since) if gap.clause else None
    english = is_english()
    # An organisation is called by its name here, and not by its code.
    told = gap.told(names.by_id)
    return Gap(
        wording.name_of(gap.code),
        SEVERITIES.get(gap.severity, gap.severity),
        gap.severity == "break",
        wording.sentence(gap.code, evidence_in_words(told)),
        gap.since.isoformat(),
        (clause.title_en if english else clause.title_zh) if clause else "",
        (clause.text_en if english else clause.text_zh) if clause else "",
        names.by_id.get(gap.organisation_id or 0, ""),
        anchors.get(gap.event_id, ""),
        remedies_for(gap.code),
    )


def _stay(stay: Stay, names: Names) -> Told:
    return Told(
        names.of(stay.holder_id),
        names.of(stay.transit_to_id) if stay.transit_to_id else "",
        [names.of(id_) for id_ in stay.disputed or ()],
        moment(stay.since_ms),
        "" if stay.until_ms is None else moment(stay.until_ms),
    )


def _line(row: BatteryRow) -> Line:
    told = (LEVELS.get(row.level, ""), words.STAGES[row.stage][0] if row.stage else "")
    return Line(row.code, " · ".join(str(one) for one in told if one), is_battery=True)


def _tied(codes: Iterable[str], seen: Mapping[str, BatteryRow]) -> list[Line]:
    """Those that the viewer sees of what a battery is tied to."""
    return [_line(seen[code]) for code in codes if code in seen]


def _mass(row: BatteryRow, viewer: Viewer) -> tuple[list[Line], list[Line], str]:
    """The lots that its mass went into, where it is now, and why that cannot be told."""
    # A part that is still built in has no mass of its own to follow.
    if row.record_id is None or row.chain_id != row.record_id:
        return [], [], ""
    try:
        lots = lineage.lots_of_batteries(viewer, [row.record_id]).get(row.record_id, [])
        shares = lineage.destinations(viewer, {row.record_id: row.maker_id}).get(row.record_id, [])
    except Refusal as refusal:
        return [], [], refusal.message
    seen = {lot.pk: lot.code for lot in lots}
    whole = len(shares) == 1 and shares[0].thing.code == row.code
    told = [] if whole else [_share(share, seen) for share in shares[:MOST]]
    return [_lot(lot) for lot in lots[:MOST]], told, ""


def _lot(lot: Lot) -> Line:
    return Line(lot.code, _of_lot(lot.material, lot.mass_mg), address=address_of(LifecycleRecord.Kind.LOT, lot.code))


def _of_lot(material: str, mg: int | None) -> str:
    mass = "" if mg is None else f"{kilograms(mg)} kg"
    return " · ".join(str(one) for one in (MATERIALS.get(material, material), mass) if one)


def _share(share: lineage.Share, lots: Mapping[int, str]) -> Line:
    thing = share.thing
    percent = f"{share.ppb / 10**7:.2f} %"
    mass = "" if share.mg is None else f"{kilograms(share.mg)} kg"
    kind: Any = MATERIALS.get(thing.material) or THINGS.get(thing.kind, thing.kind)
    code = lots.get(thing.id_, "") if thing.kind == "lot" else thing.code if thing.kind == "battery" else ""
    about = " · ".join(str(one) for one in (kind, percent, mass) if one)
    address = address_of(LifecycleRecord.Kind.LOT, code) if thing.kind == "lot" and code else ""
    return Line(code, about, thing.kind == "battery" and bool(code), address)


def _steps(row: BatteryRow) -> list[Step]:
    known = inspection.known([row]).get(row.code, inspection.Known())
    found = inspection.next_steps(row, known)
    return [Step(ROUTES[one.route], [problem.message for problem in one.reasons]) for one in found]


def _labels(row: BatteryRow) -> list[LabelLine]:
    """The labels that were issued within the viewer's part of the chain."""
    chain = row.chain_id or 0
    history = [
        event
        for event in label_states.histories([chain]).get(chain, [])
        if (event.occurred_ms, event.event_id) <= row.sight.until
    ]
    found = []
    for event in history:
        if event.type == "label_issued":
            status, issued = label_states.status_of(history, event.serial, event.key_id)
            found.append(LabelLine(event.serial, moment(issued or event.occurred_ms), words.LABELS[status][0]))
    return found
