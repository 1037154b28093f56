"""Shares that cannot be: elements of one thing that add up to more than the whole of it.

Elements only: an assay may give compounds and components as well (`electrode_powder`, `cathode_material`), which are
made of the same elements and overlap.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from traceability.errors import Problem
from traceability.values import canonical

#: Symbols of the periodic table, in lower case as assays write them.
ELEMENTS: Final = frozenset(
    "h he li be b c n o f ne na mg al si p s cl ar k ca sc ti v cr mn fe co ni cu zn ga ge as se br kr rb sr y zr nb mo"
    " tc ru rh pd ag cd in sn sb te i xe cs ba la ce pr nd pm sm eu gd tb dy ho er tm yb lu hf ta w re os ir pt au hg"
    " tl pb bi po at rn fr ra ac th pa u np pu am cm bk cf es fm md no lr rf db sg bh hs mt ds rg cn nh fl mc lv ts"
    " og".split()
)
_ASSAYED: Final = {"batch": ("outputs", "residues"), "dismantled": ("residues",)}
Path = tuple[str, ...]


def problems(type_: str, details: Mapping[str, Any]) -> Iterator[Problem]:
    """Find the assays and compositions in a fact that say more than there is."""
    for path, shares in _assays(type_, details):
        yield from _more_than(Decimal(100), path, shares, _("elements of 100 % together at most"))
    if type_ == "model":
        whole = _("elements of 1 together at most")
        yield from _more_than(Decimal(1), ("details", "composition"), details.get("composition", {}), whole)


def _assays(type_: str, details: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, str]]]:
    if type_ == "lot_opened":
        yield ("details", "assay"), details.get("assay", {})
    for name in _ASSAYED.get(type_, ()):
        for place, item in enumerate(details.get(name, ())):
            yield ("details", name, str(place), "assay"), item.get("assay", {})


def _more_than(whole: Decimal, path: Path, shares: Mapping[str, str], expected: Any) -> Iterator[Problem]:
    total = sum((Decimal(share) for what, share in shares.items() if what in ELEMENTS), Decimal(0))
    if total > whole:
        yield Problem("wrong_value", path, {"value": canonical(total), "expected": expected})
