"""Facts: one record of `records.md`, read from a sender's JSON into a checked, normalised value, and written back."""

import hmac
import json
from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from traceability import identity, lots, values
from traceability.errors import Problem, Refusal
from traceability.shapes import (
    ATTACHMENTS,
    BATCH,
    FIELDS,
    HANDED,
    LOT_FIELDS,
    LOT_NUMBER,
    LOT_REQUIRED,
    LOT_TYPES,
    ORGANISATION_TYPES,
    REQUIRED,
    SITE,
)
from traceability.stages import RULES
from traceability.values import BATTERY, ORGANISATION, Context, collect, structure

LEDGER_ONLY: Final = frozenset({"released", "reassembled"})
BATTERY_TYPES: Final = (frozenset(RULES) - LEDGER_ONLY) | {"corrected"}
TYPES: Final = BATTERY_TYPES | ORGANISATION_TYPES | LOT_TYPES | {BATCH}
KEY_LIMIT: Final = 255
_TOP: Final = frozenset(
    "key type site battery occurredAt organisation reportedAt details lot lotOf attachments".split()
)
_REPLACEMENT: Final = frozenset("type occurredAt battery lot lotOf site attachments details".split())


@dataclass(frozen=True, slots=True)
class Fact:
    """One checked record. `code` is that of the record it goes to: a battery's, an organisation's, or
    `<organisation>/<number>` of a batch or lot. Times in ms since 1970.

    `details` are normalised and complete, with lists and personal values still in them.
    """

    key: str
    type: str
    organisation: str
    occurred_ms: int
    code: str = ""
    #: The number of the lot that the fact is about, and the organisation that made it.
    lot: str = ""
    lot_of: str = ""
    reported_ms: int | None = None
    site: Mapping[str, Any] | None = None
    attachments: list[dict[str, Any]] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    #: Where it stood in the sender's input, for error paths.
    path: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Whose record it goes to."""
        if self.type in ORGANISATION_TYPES:
            return "organisation"
        return BATCH if self.type == BATCH else "lot" if self.lot else "battery"

    @property
    def replacement(self) -> "Fact | None":
        """The corrected content of a `corrected` fact; None when the original is withdrawn."""
        given = self.details.get("replacement")
        if given is None:
            return None
        return Fact(
            key=self.key,
            type=given["type"],
            organisation=self.organisation,
            occurred_ms=values.read_moment(given["occurredAt"]),
            code=given.get("battery", ""),
            lot=given.get("lot", ""),
            lot_of=given.get("lotOf", ""),
            site=given.get("site"),
            attachments=given.get("attachments"),
            details=given.get("details", {}),
            path=(*self.path, "details", "replacement"),
        )

    def in_place_of(self, first: "Fact") -> "Fact":
        """This content where another fact stands: with its key and recorder, and of the same thing unless it says."""
        code, lot, lot_of = self.code, self.lot, self.lot_of
        if self.type == BATCH:
            code = lots.code_of(first.organisation, self.details["number"])
        elif lot:
            lot_of = lot_of or first.organisation
            code = lots.code_of(lot_of, lot)
        elif not code:
            code, lot, lot_of = first.code, first.lot, first.lot_of
        return replace(self, key=first.key, organisation=first.organisation, code=code, lot=lot, lot_of=lot_of)

    def same_as(self, other: "Fact") -> bool:
        """Tell whether a repeated key says the same again: decimals by value, times by instant."""
        return (
            (self.type, self.organisation, self.occurred_ms) == (other.type, other.organisation, other.occurred_ms)
            and (self.code == other.code)
            and (self.site or None) == (other.site or None)
            and (self.attachments or None) == (other.attachments or None)
            and self.details == other.details
        )


def read_fact(given: Any, *, today: date, path: tuple[str, ...] = ()) -> Fact:
    """Read one record, or refuse it with everything that is wrong with it.

    Args:
        given: the parsed JSON object; numbers as `Decimal` or int, never as binary floats.
        today: the day on which codes are judged (a date of production may not lie after it).
        path: where the record stood, put before each problem's path.
    """
    if not isinstance(given, Mapping):
        raise Refusal(Problem("not_an_object", path))
    problems = _unknown(given, _TOP)
    context = Context(today)
    type_ = _type(given.get("type"), problems)
    key = _required(given, "key", values.text(KEY_LIMIT), context, problems)
    organisation = _required(given, "organisation", ORGANISATION, context, problems)
    occurred_ms = _moment(given, "occurredAt", problems, required=True)
    reported_ms = _moment(given, "reportedAt", problems, required=False)
    site = _optional(given, "site", SITE, context, problems)
    attachments = _optional(given, "attachments", ATTACHMENTS, context, problems)
    lot, lot_of = _lot(given, type_, context, problems)
    details = _details(type_, given.get("details"), context, problems, of_lot=bool(lot)) if type_ else {}
    if lot and not lot_of:
        lot_of = details.get("organisation", organisation) if type_ == "corrected" else organisation
    code = _code(given, type_, key, organisation, details, context, problems)
    if lot:
        code = lots.code_of(lot_of, lot)
    if not problems:
        problems += lots.problems(type_, details, organisation=organisation, own=code, occurred_ms=occurred_ms)
    if problems:
        raise Refusal(*(problem.under(*path) for problem in problems))
    return Fact(key, type_, organisation, occurred_ms, code, lot, lot_of, reported_ms, site, attachments, details, path)


def _unknown(given: Mapping[str, Any], allowed: frozenset[str]) -> list[Problem]:
    return [
        Problem("unknown_field", (str(name)[:100],), {"value": str(name)[:200]})
        for name in given
        if name not in allowed
    ]


def _type(given: Any, problems: list[Problem]) -> str:
    if given is None:
        problems.append(Problem("missing_field", ("type",), {"value": "type"}))
    elif not isinstance(given, str) or given not in TYPES:
        problems.extend(
            problem.under("type")
            for problem in values.wrong(given, _("a type of record that can be recorded here")).problems
        )
    else:
        return given
    return ""


def _required(given: Mapping[str, Any], name: str, kind: values.Kind, context: Context, problems: list[Problem]) -> Any:
    if given.get(name) is None:
        problems.append(Problem("missing_field", (name,), {"value": name}))
        return ""
    return collect(problems, kind, given[name], context, name)


def _optional(given: Mapping[str, Any], name: str, kind: values.Kind, context: Context, problems: list[Problem]) -> Any:
    return None if given.get(name) is None else collect(problems, kind, given[name], context, name)


def _moment(given: Mapping[str, Any], name: str, problems: list[Problem], *, required: bool) -> Any:
    if given.get(name) is None:
        if required:
            problems.append(Problem("missing_field", (name,), {"value": name}))
        return None
    try:
        return values.read_moment(given[name])
    except Refusal as refusal:
        problems.extend(problem.under(name) for problem in refusal.problems)
        return None


def subject_of(type_: str, details: Mapping[str, Any], organisation: str) -> str:
    """The organisation whose record a fact without a battery goes to: the one it speaks of, or who speaks."""
    return str(details.get("code" if type_ == "organisation" else "organisation") or organisation)


def _code(
    given: Mapping[str, Any],
    type_: str,
    key: str,
    organisation: str,
    details: Mapping[str, Any],
    context: Context,
    problems: list[Problem],
) -> str:
    """The battery the record is about: given, or a provisional identity for a receipt without a readable code."""
    if type_ in ORGANISATION_TYPES or type_ in LOT_TYPES or type_ == BATCH:
        if given.get("battery") is not None:
            problems.append(Problem("unknown_field", ("battery",), {"value": "battery"}))
        if type_ == BATCH:
            return lots.code_of(organisation, details.get("number", ""))
        return subject_of(type_, details, organisation) if type_ in ORGANISATION_TYPES else ""
    if given.get("battery") is not None:
        return collect(problems, BATTERY, given["battery"], context, "battery") or ""
    if given.get("lot") is not None:
        return ""
    if type_ == "received":
        return provisional_identity(organisation, key)
    if type_ and type_ != "corrected":
        problems.append(Problem("missing_field", ("battery",), {"value": "battery"}))
    return ""


def _lot(given: Mapping[str, Any], type_: str, context: Context, problems: list[Problem]) -> tuple[str, str]:
    """The lot that a record is about, as far as it names one: number, and who made it."""
    if given.get("lot") is None:
        if type_ in LOT_TYPES:
            problems.append(Problem("missing_field", ("lot",), {"value": "lot"}))
        if given.get("lotOf") is not None:
            problems.append(Problem("unknown_field", ("lotOf",), {"value": "lotOf"}))
        return "", ""
    if given.get("battery") is not None or (type_ and type_ not in LOT_TYPES | HANDED | {"corrected"}):
        problems.append(Problem("unknown_field", ("lot",), {"value": "lot"}))
    number = collect(problems, LOT_NUMBER, given["lot"], context, "lot")
    return number or "", _optional(given, "lotOf", ORGANISATION, context, problems) or ""


def provisional_identity(organisation: str, key: str) -> str:
    """Give the TMP- code for a battery without a readable one: the same call always gives the same."""
    # Keyed with the installation's secret, so that nobody can take a code before the battery comes that it is for.
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"provisional\n{organisation}\n{key}".encode(), "sha256")
    return identity.PROVISIONAL + b32encode(digest[:15]).decode()


def _details(
    type_: str, given: Any, context: Context, problems: list[Problem], *, of_lot: bool = False
) -> dict[str, Any]:
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        problems.extend(problem.under("details") for problem in values.wrong(given, _("an object")).problems)
        return {}
    replacement = None
    if type_ == "corrected":
        replacement = given.get("replacement")
        given = {name: value for name, value in given.items() if name != "replacement"}
    try:
        shapes = _LOT_SHAPES if of_lot and type_ in HANDED else _SHAPES
        details: dict[str, Any] = shapes[type_].read(given, context)
    except Refusal as refusal:
        problems.extend(problem.under("details") for problem in refusal.problems)
        details = {}
    if replacement is not None:
        details["replacement"] = _replacement(replacement, context, problems, of_lot=of_lot)
    return details


def _replacement(given: Any, context: Context, problems: list[Problem], *, of_lot: bool) -> dict[str, Any]:
    """The new content of a corrected fact, in the same shapes as the original's."""
    path = ("details", "replacement")
    if not isinstance(given, Mapping):
        problems.extend(problem.under(*path) for problem in values.wrong(given, _("an object")).problems)
        return {}
    inner = _unknown(given, _REPLACEMENT)
    type_ = _type(given.get("type"), inner)
    if type_ == "corrected":
        inner.extend(
            problem.under("type")
            for problem in values.wrong(type_, _("a type of record that can be recorded here")).problems
        )
        type_ = ""
    occurred = _moment(given, "occurredAt", inner, required=True)
    read: dict[str, Any] = {"type": type_}
    if occurred is not None:
        read["occurredAt"] = values.iso(occurred)
    for name, kind in (("battery", BATTERY), ("site", SITE), ("attachments", ATTACHMENTS)):
        if (value := _optional(given, name, kind, context, inner)) is not None:
            read[name] = value
    if given.get("lot") is not None or given.get("lotOf") is not None:
        number, maker = _lot(given, type_, context, inner)
        read |= {name: value for name, value in (("lot", number), ("lotOf", maker)) if value}
    if type_:
        read["details"] = _details(type_, given.get("details"), context, inner, of_lot=of_lot or "lot" in read)
    problems.extend(problem.under(*path) for problem in inner)
    return read


def leaving(fact: Fact) -> list[str]:
    """The parts or originals that get an event of their own from this one."""
    name = {"repaired": "removed", "dismantled": "components", "assembled": "sources"}.get(fact.type)
    return list(fact.details.get(name, ())) if name else []


def located(fact: Fact) -> str | None:
    """Where it happened, as `<latitude>,<longitude>` in degrees; None where that was not said."""
    site = fact.site or {}
    return f"{site['lat']},{site['lon']}" if "lat" in site and "lon" in site else None


def telling(fact: Fact) -> Iterator[tuple[str, str]]:
    """What is asked of many events' contents at once: name and value, one by one (see `models.StepDetail`)."""
    details = fact.details
    if place := located(fact):
        yield "site", place
    if fact.type == "dismantled":
        yield from (("component", code) for code in details.get("components", ()))
        named = {code for residue in details.get("residues", ()) for code in residue.get("components", ())}
        yield from (("residue_component", code) for code in sorted(named))
    elif fact.type == "assembled":
        yield from (("source", code) for code in details.get("sources", ()))
    if fact.type in ("assembled", "deployed") and details.get("application"):
        yield "application", details["application"]
    elif fact.type == "processed" and details.get("batch"):
        yield "batch", details["batch"]
    elif fact.type == "recalled" and details.get("campaign"):
        yield "campaign", details["campaign"]


def write_fact(fact: Fact, *, reported_ms: int) -> dict[str, Any]:
    """Write a fact as a record of `records.md`; an export always says when it was reported."""
    record: dict[str, Any] = {"key": fact.key, "type": fact.type}
    if fact.lot:
        record |= {"lot": fact.lot, "lotOf": fact.lot_of}
    elif fact.kind == "battery" and fact.code:
        record["battery"] = fact.code
    record["occurredAt"] = values.iso(fact.occurred_ms)
    record["organisation"] = fact.organisation
    record["reportedAt"] = values.iso(reported_ms)
    for name in ("site", "attachments"):
        if value := getattr(fact, name):
            record[name] = value
    record["details"] = fact.details
    return record


def exact_json(value: Any) -> str:
    """Write JSON compactly with sorted keys and every number as exact as it was read."""
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(k), ensure_ascii=False)}:{exact_json(value[k])}" for k in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(exact_json, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


_SHAPES: Final = {type_: structure(fields, REQUIRED.get(type_, frozenset())) for type_, fields in FIELDS.items()}
_LOT_SHAPES: Final = {type_: structure(fields, LOT_REQUIRED[type_]) for type_, fields in LOT_FIELDS.items()}
