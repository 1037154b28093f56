"""Organisations as master data: which ones a fact names, and their rows, projected from their `organisation` events."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from traceability import bulk, events, lots
from traceability.facts import Fact
from traceability.models import CodePrefix, LifecycleRecord, Organisation

#: Details that name an organisation which has to exist.
_REQUIRED: Final[dict[str, str]] = {
    "dispatched": "to",
    "dispute_decided": "holder",
    "permit": "organisation",
    "listing": "organisation",
    "declaration_reviewed": "organisation",
    "penalty": "organisation",
}
_NAMED: Final = ("to", "from", "holder", "organisation")


def named(facts: Iterable[Fact]) -> set[str]:
    """Every organisation code that these facts mention."""
    found: set[str] = set()
    for fact in facts:
        for said in (fact, fact.replacement):
            if said is not None:
                found |= {said.organisation, said.lot_of} - {""}
                found |= {value for name in _NAMED if isinstance(value := said.details.get(name), str)}
                found |= {code for _, code in lots.organisations(said.type, said.details)}
    return found


def required_in(fact: Fact) -> list[tuple[tuple[str, ...], str]]:
    """The organisations that have to exist for the fact to make sense: (path, code)."""
    name = _REQUIRED.get(fact.type)
    value = fact.details.get(name) if name else None
    found: list[tuple[tuple[str, ...], str]] = [(("details", name), value)] if name and value else []
    if fact.lot_of:
        found.append((("lotOf",), fact.lot_of))
    return [*found, *lots.organisations(fact.type, fact.details)]


def found(fact: Fact) -> int:
    """Make the row of the organisation that founds the system by its own record; gives its id."""
    return Organisation.objects.create(code=fact.details["code"], **_columns(fact.details)).id


def _columns(details: Mapping[str, Any]) -> dict[str, Any]:
    names = {"name": "name", "nameEn": "name_en", "region": "region"}
    columns = {column: details[name] for name, column in names.items() if name in details}
    if "roles" in details:
        columns["roles"] = " " + "".join(f"{role} " for role in sorted(details["roles"]))
    columns.setdefault("name", details["code"])
    return columns


def project(record_ids: Collection[int]) -> None:
    """Derive the rows of these organisations again: later statements complete and replace earlier ones."""
    stated = _stated(record_ids)
    if not stated:
        return
    existing = {row.code: row for row in Organisation.objects.filter(code__in=stated)}
    rows = []
    for code, statements in stated.items():
        row = existing.get(code) or Organisation(code=code)
        row.name = row.name_en = row.region = ""
        row.roles = " "
        for fact in statements:
            columns = _columns(fact.details)
            for column, value in columns.items():
                if column != "name" or "name" in fact.details or not row.name:
                    setattr(row, column, value)
            row.stated_ms = fact.occurred_ms
        rows.append(row)
    bulk.insert([row for row in rows if row.id is None])
    columns_ = ["name", "name_en", "region", "roles", "stated_ms"]
    Organisation.objects.bulk_update([row for row in rows if row.code in existing], columns_)
    _file_prefixes({row.code: row.id for row in rows}, stated)


def _stated(record_ids: Collection[int]) -> dict[str, list[Fact]]:
    """The standing statements per organisation, in order of occurrence."""
    stated: dict[str, list[Fact]] = {}
    for fact in standing_of(record_ids, "organisation"):
        stated.setdefault(fact.details["code"], []).append(fact)
    return stated


def standing_of(record_ids: Collection[int], type_: str) -> list[Fact]:
    """The standing facts of one type on these organisations' records, in order of occurrence."""
    return [place.fact for place in places_of(record_ids, type_)]


def places_of(record_ids: Collection[int], type_: str, *, until_ms: int | None = None) -> list[events.Standing]:
    """The same, each with the events that gave its content and its place.

    `until_ms` leaves out what these records were told later, corrections included.
    """
    by_record: dict[int, list[events.Stored]] = {}
    for event in events.of_records(record_ids, (type_, "corrected")):
        if until_ms is None or event.reported_ms <= until_ms:
            by_record.setdefault(event.record_id, []).append(event)
    places = [place for own in by_record.values() for place in events.standing(own)[0] if place.fact.type == type_]
    return sorted(places, key=lambda place: (place.fact.occurred_ms, place.original.id))


def _file_prefixes(ids: Mapping[str, int], stated: Mapping[str, list[Fact]]) -> None:
    """A prefix belongs to who filed it last; statements without the list change nothing."""
    claims = []
    for code, statements in stated.items():
        latest = next((f for f in reversed(statements) if "codePrefixes" in f.details), None)
        if latest is not None:
            claims.append((latest.occurred_ms, ids[code], latest.details["codePrefixes"]))
    # The latest claim comes last: one owner a prefix, also when two file it at once.
    wanted = {prefix: owner for _, owner, prefixes in sorted(claims) for prefix in prefixes}
    owned = CodePrefix.objects.filter(organisation__in=[owner for _, owner, _ in claims])
    stale = [row.id for row in owned if wanted.get(row.prefix) != row.organisation_id]
    CodePrefix.objects.filter(id__in=stale).delete()
    bulk.insert(
        [CodePrefix(prefix=prefix, organisation_id=owner) for prefix, owner in sorted(wanted.items())],
        update_conflicts=True,
        unique_fields=["prefix"],
        update_fields=["organisation"],
    )


def owners_of(prefixes: Collection[str]) -> dict[str, int]:
    """Who filed these manufacturer codes: prefix → organisation id."""
    rows = CodePrefix.objects.filter(prefix__in=set(prefixes))
    return dict(rows.values_list("prefix", "organisation_id"))


def records_by_id(record_ids: Collection[int]) -> dict[int, str]:
    """The codes of organisations by the ids of their records."""
    return dict(LifecycleRecord.objects.filter(id__in=record_ids).values_list("id", "code"))


def records_of(codes: Collection[str]) -> list[LifecycleRecord]:
    """The lifecycle records of these organisations."""
    return list(LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.ORGANISATION, code__in=codes))
