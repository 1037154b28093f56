"""What a verdict rests on, piece by piece, in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recyclers.conditions.wording import VERDICTS
from traceability.audit.wording import enumerated, name_of
from traceability.lots import code_of
from traceability.models import LifecycleRecord
from web.material.showing import element
from web.places import address_of
from web.words import PERMITS, ROLES

#: So many items of a list are shown; the files have them all.
MOST: Final = 30
_NAMES: Final[dict[str, Promise]] = {
    "inputKg": _("went in, kg"),
    "outputKg": _("came out, kg"),
    "powderKg": _("dry powder, kg"),
    "contentKg": _("of it the element, kg"),
    "inputsWithoutFigure": _("inputs without a figure"),
    "outputsWithoutFigure": _("products without a figure"),
    "intermediateLots": _("lots fed again"),
    "pendingKg": _("neither processed nor of use yet, kg"),
    "lowest": _("the lowest"),
    "batches": _("batches"),
    "unbalancedBatches": _("batches that do not balance"),
    "year": _("year"),
    "declaration": _("declaration"),
    "review": _("review"),
    "objection": _("objection"),
    "statement": _("statement"),
    "received": _("batteries received"),
    "dispatched": _("batteries dispatched"),
    "due": _("due"),
    "reportedOn": _("reported on"),
    "of": _("the worst of them"),
    "values": _("values"),
    "state": _("state"),
    "text": _("text"),
}
_BATCHES: Final = frozenset({"batches", "unbalancedBatches"})
_REVIEWS: Final[dict[str, Promise]] = {
    "declared": _("not reviewed yet"),
    "confirmed": _("confirmed by the alliance"),
    "objected": _("objected to by the alliance"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence: its name, its text, and links to files (name, SHA-256), batteries (code, gap) or batches."""

    name: Any
    text: Any = ""
    files: tuple[tuple[str, str], ...] = ()
    batteries: tuple[tuple[str, str], ...] = ()
    #: Numbers with the pages of batches.
    batches: tuple[tuple[str, str], ...] = ()


def pieces(evidence: Mapping[str, Any], owner: str) -> list[Piece]:
    """Take evidence apart for reading; what is empty is left out. `owner` is the code of whose batches it names."""
    found: list[Piece] = []
    for name, value in evidence.items():
        if value in (None, [], {}, ""):
            continue
        if name in _BATCHES:
            found.append(_batches(name, value, owner))
        elif name == "declarations":
            found += [piece for declared in value for piece in pieces(declared, owner)]
        else:
            found += _TOLD[name](value) if name in _TOLD else [_plain(name, value)]
    return found


def _batches(name: str, numbers: Any, owner: str) -> Piece:
    shown = numbers[:MOST]
    addresses = (address_of(LifecycleRecord.Kind.BATCH, code_of(owner, number)) for number in shown)
    more = f" … (+{len(numbers) - MOST})" if len(numbers) > MOST else ""
    return Piece(_NAMES[name], more, batches=tuple(zip(shown, addresses, strict=True)))


def _plain(name: str, value: Any) -> Piece:
    label = _NAMES.get(name, name)
    if isinstance(value, bool):
        return Piece(label, _("yes") if value else _("no"))
    if isinstance(value, list):
        more = f" … (+{len(value) - MOST})" if len(value) > MOST else ""
        return Piece(label, ", ".join(map(str, value[:MOST])) + more)
    return Piece(label, value)


def _documents(value: Any) -> list[Piece]:
    files = ((one.get("name") or one.get("sha256", ""), one.get("sha256", "")) for one in value)
    return [Piece(_("documents"), files=tuple(files))]


def _permits(value: Any) -> list[Piece]:
    told = (
        f"{PERMITS.get(one['kind'], one['kind'])} {one['number']} {one['validFrom'] or ''}–{one['validUntil'] or ''}"
        for one in value
    )
    return [Piece(_("permits"), "; ".join(told))]


def _elements(value: Any) -> list[Piece]:
    return [
        Piece(element(name), f"{found['measured'] or '—'} % ({found['inputKg']} → {found['outputKg']} kg)")
        for name, found in value.items()
    ]


def _examples(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((one["battery"], name_of(one["gap"])) for one in value)


def _taken(value: Any) -> list[Piece]:
    """How many values there are, with how many of each verdict, and of what the one is that decides."""
    verdicts = enumerated(f"{VERDICTS[name]}: {count}" for name, count in value.items() if name in VERDICTS)
    return [Piece(_("values"), f"{value['values']} ({verdicts})"), Piece(_("the one that decides"), value["of"])]


def _counts(name: Any) -> Callable[[Any], list[Piece]]:
    return lambda value: [Piece(name, enumerated(f"{name_of(key)}: {count}" for key, count in value.items()))]


_TOLD: Final[dict[str, Callable[[Any], list[Piece]]]] = {
    "documents": _documents,
    "permits": _permits,
    "elements": _elements,
    "lowest": lambda value: [Piece(_NAMES["lowest"], element(str(value)))],
    "examples": lambda value: [Piece(_("batteries"), batteries=_examples(value))],
    "gaps": _counts(_("gaps")),
    "taken": _taken,
    "who": lambda value: [Piece(_("applies to"), enumerated(ROLES.get(role, role) for role in value))],
    "review": lambda value: [Piece(_NAMES["review"], _REVIEWS.get(value, value))],
}
