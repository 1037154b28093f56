"""Batteries as rows for a viewer: by code, by record, as a filtered list. Each in a fixed number of queries."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from batteries.codes import read
from batteries.rows import ALL_OF_IT, INTAKE_ONLY, BatteryRow, Page, Sight, part_until
from batteries.sight import SEEN, seen, visible
from traceability import identity
from traceability.access import FULL, PART, Viewer
from traceability.events import batches
from traceability.models import CODE_LENGTH, CodePrefix, Component, Organisation
from traceability.values import from_ms

_COLUMNS: Final = (
    "id",
    "code",
    "level",
    "part_of",
    "maker_id",
    "intruder_id",
    "second_life",
    "part_ms",
    "part_arrival",
    "battery__battery_type",
    "battery__manufacturer_code",
    "battery__produced_on",
    "battery__model_number",
    "battery__mass_mg",
    "battery__inherited_model",
    *SEEN,
)
#: A cell in a module in a pack, in a product: how far up a part's battery is looked for in one query.
_LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class BatteryFilters:
    """Conditions that must all hold; None asks nothing. Stage, holder and status are judged by what is seen."""

    stage: str | None = None
    level: str | None = None
    battery_type: str | None = None
    model: str | None = None
    manufacturer: str | None = None
    holder: str | None = None
    chain_status: str | None = None
    produced_from: date | None = None
    produced_until: date | None = None
    code_prefix: str | None = None


NO_FILTERS: Final = BatteryFilters()


# By code -------------------------------------------------------------------------------------------------------------


def batteries_by_code(viewer: Viewer, codes: Iterable[str], *, intake: bool = False) -> dict[str, BatteryRow]:
    """Find batteries by any of their codes; what the viewer may not see is absent.

    A provisional code that was identified leads to the true battery; a part still built in shares its battery's life.

    Args:
        intake: answer what a scan tells of those that the viewer may not see, instead of leaving them out.
    """
    # PostgreSQL takes no NUL, in whatever is asked for.
    wanted = {code for code in codes if code and len(code) <= CODE_LENGTH and "\0" not in code}
    found: dict[str, BatteryRow] = {}
    intruded: set[str] = set()
    for batch in batches(wanted):
        for values in seen(viewer).filter(code__in=batch).values(*_COLUMNS):
            found[values["code"]] = _row(values)
            if values["intruder_id"] is not None and values["intruder_id"] == viewer.organisation_id:
                intruded.add(values["code"])
    joined = {code for code in wanted - found.keys() if identity.is_provisional(code)}
    for batch in batches(joined):
        for values in seen(viewer).filter(joined__code__in=batch).values("joined__code", *_COLUMNS):
            found[values["joined__code"]] = _row(values)
    inside = {code for code in wanted - joined if code not in found or found[code].inside}
    found |= _built_in(viewer, inside, found) if inside else {}
    return {code: row for code, row in found.items() if intake or row.sight.sees_chain or code in intruded}


def batteries_by_record(viewer: Viewer, ids: Iterable[int], *, intake: bool = False) -> dict[int, BatteryRow]:
    """Find batteries by the records of their chains."""
    found: dict[int, BatteryRow] = {}
    for batch in batches(set(ids)):
        for values in seen(viewer).filter(id__in=batch).values(*_COLUMNS):
            found[values["id"]] = _row(values)
    inside = {row.code for row in found.values() if row.inside}
    if inside:
        shared = _built_in(viewer, inside, {row.code: row for row in found.values()})
        found = {id_: shared.get(row.code, row) for id_, row in found.items()}
    return {id_: row for id_, row in found.items() if intake or row.sight.sees_chain}


def _row(values: Mapping[str, Any]) -> BatteryRow:
    level = values["seen_level"]
    sight = ALL_OF_IT if level == FULL else INTAKE_ONLY
    if level == PART:
        sight = part_until(values["part_ms"], values["part_arrival"])
    return BatteryRow(
        code=values["code"],
        level=values["level"],
        sight=sight,
        stage=values["seen_stage"],
        record_id=values["id"],
        chain_id=values["id"],
        inside=values["part_of"],
        holder_id=values["seen_holder"],
        keeper_id=values["seen_keeper"],
        transit_to_id=values["seen_transit"],
        status=values["seen_status"],
        maker_id=values["maker_id"],
        battery_type=values["battery__battery_type"] or "",
        prefix=values["battery__manufacturer_code"] or "",
        produced_on=values["battery__produced_on"],
        model_number=values["battery__model_number"] or "",
        inherited_model=values["battery__inherited_model"] or "",
        mass_mg=values["battery__mass_mg"],
        second_life=values["second_life"],
        quarantined=values["seen_quarantine"] is not None if level == FULL else None,
    )


# Parts still built in ------------------------------------------------------------------------------------------------


def _built_in(viewer: Viewer, codes: Collection[str], own: Mapping[str, BatteryRow]) -> dict[str, BatteryRow]:
    """The rows of parts that share the life of what they are built into; `own` are those with a record."""
    stays = _stays(codes)
    hosts = {stay["host"] for stay in stays.values()}
    rows: dict[str, BatteryRow] = {}
    for batch in batches(hosts):
        for values in seen(viewer).filter(code__in=batch).values(*_COLUMNS):
            rows[values["code"]] = _row(values)
    found: dict[str, BatteryRow] = {}
    for code in codes:
        stay = stays.get(code)
        host = rows.get(stay["host"]) if stay else None
        if stay is None or host is None or (stay["since_ms"], stay["since_event_id"]) > host.sight.until:
            if code in own:
                found[code] = replace(own[code], inside="")
            elif stay is not None and host is not None:
                # Built in after the viewer's part, or never its business: known by a scan only.
                found[code] = part_row(stay, replace(host, sight=INTAKE_ONLY))
            continue
        found[code] = inside_row(own[code], host, stay["parent_code"]) if code in own else part_row(stay, host)
    return found


def _stays(codes: Collection[str]) -> dict[str, dict[str, Any]]:
    """Where these codes are built in now: the stay, with `host`, the outermost battery around them."""
    found: dict[str, dict[str, Any]] = {}
    for batch in batches(codes):
        rows = Component.objects.filter(code__in=batch, until_ms=None)
        up = "parent_code"
        for number in range(_LEVELS):
            above = Component.objects.filter(code=OuterRef(up), until_ms=None).order_by("-id")
            rows = rows.annotate(**{f"up{number}": Subquery(above.values("parent_code")[:1])})
            up = f"up{number}"
        for stay in rows.order_by("id").values():
            parents = [stay["parent_code"], *(stay.get(f"up{number}") for number in range(_LEVELS))]
            found[stay["code"]] = stay | {"host": [code for code in parents if code][-1]}
    return found


def part_row(stay: Mapping[str, Any], host: BatteryRow) -> BatteryRow:
    """A part without a record of its own: its identity, and the life of what it is built into."""
    code = stay["code"]
    sees = host.sight.sees_chain
    # A code that was accepted once is read again without asking whether its date lies in the future.
    known = None if identity.is_provisional(code) else read(code, today=from_ms(1 << 42).date()).battery_code
    return BatteryRow(
        code=code,
        level=stay["level"],
        sight=host.sight,
        stage=host.stage,
        chain_id=host.chain_id,
        inside=stay["parent_code"] if sees else "",
        holder_id=host.holder_id if sees else None,
        keeper_id=host.keeper_id if sees else None,
        transit_to_id=host.transit_to_id if sees else None,
        status=host.status if sees else None,
        maker_id=host.maker_id,
        battery_type=known.battery_type if known else "",
        prefix=known.manufacturer_code if known else "",
        produced_on=known.produced_on if known else None,
        model_number=stay["model_number"],
        mass_mg=stay["mass_mg"],
        second_life=identity.is_second_life(code),
    )


def inside_row(own: BatteryRow, host: BatteryRow, parent: str) -> BatteryRow:
    """A part with a record of its own that is built in: its own history, and the stage and holder of its battery."""
    if not host.sight.sees_chain:
        return replace(own, inside="", stage=host.stage if not own.sight.sees_chain else own.stage)
    sight = max((own.sight, host.sight), key=lambda sight: (sight.level == FULL, sight.sees_chain, sight.until))
    return replace(
        own,
        sight=sight,
        stage=host.stage,
        inside=parent,
        holder_id=host.holder_id,
        keeper_id=host.keeper_id,
        transit_to_id=host.transit_to_id,
        status=own.status or host.status,
    )


def parts_by_parent(
    viewer: Viewer, parents: Collection[BatteryRow], size: int, after: str | None
) -> dict[str, list[BatteryRow]]:
    """The direct parts of each battery, now and before, in order of code; two queries for all of them."""
    open_ = {row.code: row for row in parents if row.sight.sees_chain}
    stays: list[Any] = []
    for batch in batches(open_):
        rows = Component.objects.filter(parent_code__in=batch)
        rows = rows if after is None else rows.filter(code__gt=after)
        order = Window(RowNumber(), partition_by=F("parent_code"), order_by=[F("code").asc(), F("id").asc()])
        stays += list(rows.annotate(place=order).filter(place__lte=size).order_by("parent_code", "place").values())
    own = batteries_by_record_code(viewer, {stay["code"] for stay in stays})
    found: dict[str, dict[str, BatteryRow]] = {}
    for stay in stays:
        parent = open_[stay["parent_code"]]
        row = _part_of(parent, stay, own.get(stay["code"]))
        if row is not None:
            found.setdefault(parent.code, {})[row.code] = row
    return {code: list(rows_.values()) for code, rows_ in found.items()}


def batteries_by_record_code(viewer: Viewer, codes: Collection[str]) -> dict[str, BatteryRow]:
    """Records under these very codes, as far as the viewer sees them; one query."""
    found = {}
    for batch in batches(codes):
        for values in visible(viewer).filter(code__in=batch).values(*_COLUMNS):
            found[values["code"]] = _row(values)
    return found


def _part_of(parent: BatteryRow, stay: Mapping[str, Any], own: BatteryRow | None) -> BatteryRow | None:
    """A part as the viewer of its battery sees it; None when it came in after that viewer's part."""
    if (stay["since_ms"], stay["since_event_id"]) > parent.sight.until:
        return None
    left = stay["until_ms"]
    if left is None or left > parent.sight.until[0]:
        return inside_row(own, parent, parent.code) if own else part_row(stay, parent)
    # It has left: its own chain tells the rest, to those who see it.
    return own or replace(part_row(stay, replace(parent, sight=INTAKE_ONLY)), stage="", chain_id=None)


# Lists ---------------------------------------------------------------------------------------------------------------


def battery_page(viewer: Viewer, filters: BatteryFilters, size: int, after: int | None) -> Page[BatteryRow]:
    """A page of the batteries that the viewer sees and that stand alone, in order of their first record."""
    return page_of(filtered(viewer, filters), size, after)


def page_of(rows: QuerySet[Any], size: int, after: int | None) -> Page[BatteryRow]:
    """A page of rows of `seen`, in order of their first record."""
    ordered = rows.order_by("id") if after is None else rows.order_by("id").filter(id__gt=after)
    found = [_row(values) for values in ordered.values(*_COLUMNS)[: size + 1]]
    return Page.cut(found, size, begun=after is not None)


def count_batteries(viewer: Viewer, filters: BatteryFilters) -> int:
    """How many batteries the whole list holds."""
    return filtered(viewer, filters).count()


def filtered(viewer: Viewer, filters: BatteryFilters) -> QuerySet[Any]:
    """The batteries that the viewer sees, that stand alone, and that the filters leave."""
    rows = visible(viewer).filter(part_of="")
    if filters.manufacturer is not None:
        own = CodePrefix.objects.filter(organisation__code=filters.manufacturer)
        rows = rows.filter(battery__manufacturer_code__in=own.values("prefix"))
    if filters.holder is not None:
        rows = rows.filter(seen_holder__in=Organisation.objects.filter(code=filters.holder).values("id"))
    if filters.model is not None:
        rows = rows.filter(Q(battery__model_number=filters.model) | Q(battery__inherited_model=filters.model))
    asked = {
        "seen_stage": filters.stage,
        "level": filters.level,
        "seen_status": filters.chain_status,
        "battery__battery_type": filters.battery_type,
        "battery__produced_on__gte": filters.produced_from,
        "battery__produced_on__lte": filters.produced_until,
        "code__startswith": None if filters.code_prefix is None else filters.code_prefix.upper(),
    }
    return rows.filter(Q(**{name: value for name, value in asked.items() if value is not None}))


def sight_of(viewer: Viewer, record_id: int) -> Sight | None:
    """How much the viewer sees of one chain; None when it does not exist."""
    row = batteries_by_record(viewer, [record_id], intake=True).get(record_id)
    return row.sight if row else None
