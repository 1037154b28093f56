"""Random histories for Hypothesis: what may be told of two packs, their modules and cells, a second-life product and
two batteries without a readable code, by anybody, true or not, each fact at a moment of its own.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests import factories

P, Q = factories.pack_code(1), factories.pack_code(2)
M, N = factories.module_code(11), factories.module_code(12)
C, D = factories.cell_code(21), factories.cell_code(22)
S = factories.second_life_code(31)
T, U = "TMP-1", "TMP-2"
CODES = {"P": P, "Q": Q, "M": M, "N": N, "C": C, "D": D, "S": S, "T": T, "U": U}
#: What may be built into what: never a battery into itself.
PARTS = {P: (M, N, C, D, U), Q: (M, N, C), M: (C, D), N: (C, D), S: (M, C), T: (N, D)}
#: What the batteries without a readable code may turn out to be.
TRUE = {T: (P, Q), U: (M, C)}
HOLDERS = ("maker", "workshop", "recycler", "dismantler", "second_life")


@dataclass(frozen=True)
class Told:
    """One fact of a history; its place there is its moment and its key."""

    type: str
    by: str
    code: str
    details: tuple[tuple[str, Any], ...] = ()

    def __repr__(self) -> str:
        short = {code: name for name, code in CODES.items()}
        details = ", ".join(f"{name}={_shown(value, short)}" for name, value in self.details)
        return f"{self.type}({short[self.code]} by {self.by}{', ' if details else ''}{details})"


def _shown(value: Any, short: dict[str, str]) -> str:
    if isinstance(value, list | tuple):
        return "[" + " ".join(_shown(item, short) for item in value) + "]"
    if isinstance(value, dict):
        return _shown(value.get("code"), short) + _shown(value.get("components", []), short).replace("[]", "")
    return short.get(value, str(value))


def _subsets(codes: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(codes), unique=True, max_size=2) if codes else st.just([])


@st.composite
def _tree(draw: st.DrawFn, code: str) -> list[dict[str, Any]]:
    parts = []
    for part in draw(_subsets(PARTS.get(code, ()))):
        inner = draw(_subsets(PARTS.get(part, ()))) if draw(st.booleans()) else []
        parts.append({"code": part, **({"components": [{"code": cell} for cell in inner]} if inner else {})})
    return parts


@st.composite
def _details(draw: st.DrawFn, type_: str, code: str) -> dict[str, Any]:  # noqa: C901
    holders = st.sampled_from(HOLDERS)
    if type_ == "produced":
        tree = draw(_tree(code))
        parents = [parent for parent, parts in PARTS.items() if code in parts]
        details: dict[str, Any] = {"model": draw(st.sampled_from(["A", "B"])), "massKg": "440"}
        if tree:
            details["components"] = tree
        if parents and draw(st.booleans()):
            details["parent"] = draw(st.sampled_from(parents))
        return details
    if type_ == "repaired":
        out = draw(_subsets(PARTS.get(code, ())))
        into = [part for part in draw(_subsets(PARTS.get(code, ()))) if part not in out]
        return {name: parts for name, parts in (("removed", out), ("added", into)) if parts}
    if type_ == "dismantled":
        parts = draw(_subsets(PARTS.get(code, ())))
        return {"components": parts} if parts else {}
    if type_ == "assembled":
        sources = draw(st.lists(st.sampled_from([c for c in (P, Q, M, C) if c != code]), unique=True, max_size=2))
        return {"sources": sources} if sources else {}
    if type_ == "dispatched":
        waybill = draw(st.sampled_from([None, "W-1", "W-2"]))
        return {"to": draw(holders), "massKg": "440"} | ({} if waybill is None else {"waybill": waybill})
    if type_ == "received":
        sender = draw(st.none() | holders)
        return {"massKg": "439.5", "condition": "intact"} | ({} if sender is None else {"from": sender})
    if type_ == "dispute_decided":
        holder = draw(st.none() | holders)
        return {} if holder is None else {"holder": holder}
    if type_ == "installed":
        return {"vin": factories.vin(draw(st.integers(1, 3)))}
    if type_ == "processed":
        return {"batch": "B-1"}
    return {}


#: The more a type changes what later ones find, the more often it is told.
TYPES = (
    "produced produced produced installed installed sold removed removed dispatched dispatched dispatched received"
    " received received refused repaired repaired repaired inspected dismantled dismantled assembled deployed"
    " decommissioned processed exported destroyed lost recalled quarantine_lifted label_issued dispute_decided"
).split()
_PARTY = {"assembled": "second_life", "dispute_decided": "alliance"}


@st.composite
def _told(draw: st.DrawFn, codes: tuple[str, ...], by: str | None = None) -> Told:
    """Anything but an identification; by this party, where one is given."""
    code = draw(st.sampled_from(codes))
    type_ = draw(st.sampled_from(TYPES))
    if type_ == "assembled" and code not in (S, P):
        type_ = "received"
    if type_ == "dispute_decided" and by not in (None, "alliance"):
        type_ = "removed"
    if by == "alliance" and type_ != "dispute_decided":
        type_ = "recalled"
    by = by or _PARTY.get(type_) or draw(st.sampled_from(HOLDERS + (("alliance",) if type_ == "recalled" else ())))
    return Told(type_, by, code, tuple(draw(_details(type_, code)).items()))


@st.composite
def tellings(draw: st.DrawFn, codes: tuple[str, ...] = tuple(CODES.values()), *, size: int = 9) -> list[Told]:
    """A history in order of occurrence; a provisional identity is identified once at most."""
    open_ = {code for code in (T, U) if code in codes}
    history = []
    for _ in range(draw(st.integers(2, size))):
        told = draw(_told(codes))
        if told.code in open_ and draw(st.booleans()):
            open_.remove(told.code)
            told = Told("identified", told.by, told.code, (("as", draw(st.sampled_from(TRUE[told.code]))),))
        history.append(told)
    return history


@st.composite
def mistakes(draw: st.DrawFn, right: Told, codes: tuple[str, ...] = tuple(CODES.values())) -> Told:
    """What somebody might have recorded by mistake in place of the right fact: anything at all, in the own name.

    In place of an identification stands another one, since a battery is identified once.
    """
    if right.type == "identified":
        return Told("identified", right.by, right.code, (("as", draw(st.sampled_from(TRUE[right.code]))),))
    return draw(_told(codes, right.by))
