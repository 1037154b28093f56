"""What the recyclers declare for the year that they are judged by, what the alliance makes of it, and whom it strikes
off the list.

One is confirmed. One is objected to, and declares anew all but the figure that was wrong. One is late, after a year in
which it was fined and lost its place on the list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from web.demo.companies import ALLIANCE, CARELESS, CRUSHER, REFINERY, WASTEFUL, Company, listing_of
from web.demo.telling import CHINA, Teller

WATER: Final = "water.reuse"
#: Tonnes a year that each is designed for.
_CAPACITY: Final = {CRUSHER: 6000, REFINERY: 8000, WASTEFUL: 5000, CARELESS: 5000}
_FIGURES: Final = {"safety.accidents": "0", "rnd.share": "3.4", "fluoride.fixation": "99.6"}
_STATED: Final = {
    "permit.eia": "环境影响评价批复",
    "permit.pollution": "排污许可证",
    "waste.manifests": "危险废物转移联单汇总",
    "quality.system": "质量管理体系认证证书",
    "site.industrial_land": "工业用地证明",
}
#: Texts of the demo's people are for readers of both languages.
_PENALTY: Final = {
    "authority": "南充市生态环境局（演示） Nanchong Bureau of Ecology (demo)",
    "reason": "转移危险废物（废电解液）未填写联单 Hazardous waste (electrolyte) sent off without manifests",
}
_REVOKED: Final = "产能利用率低于10%，限期一年整改未到位 Load below 10 %, not mended within the year that was given"
_OBJECTION: Final = (
    "所依据的流量计未经检定，须检定后重新申报 The flow meters were not verified; declare it anew once they are"
)


@dataclass(frozen=True, slots=True)
class _Declared:
    """A declaration: whose, on which day of the year after, which figures besides, and what is not so."""

    by: Company
    day: tuple[int, int]
    figures: Mapping[str, str] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()


_DECLARED: Final = (
    _Declared(CRUSHER, (2, 10), {WATER: "94.6"}),
    _Declared(REFINERY, (2, 18), {WATER: "93.2", "energy.li2co3": "1985"}),
    _Declared(WASTEFUL, (3, 5), {WATER: "92.0", "energy.li2co3": "2140"}),
    # Once more, after the objection, and without the figure that was objected to.
    _Declared(CRUSHER, (3, 20)),
    _Declared(CARELESS, (5, 12), {WATER: "90.8"}, frozenset({"waste.manifests"})),
)


def play(teller: Teller) -> None:
    """Fine one company and strike it off, let all declare, and review two declarations."""
    year, code = teller.judged, CARELESS.code
    fined = {"organisation": code, "decidedOn": f"{year}-05-20", "number": f"演示罚〔{year}〕1号", **_PENALTY}
    _said(teller, ALLIANCE, "penalty", date(year, 5, 26), **fined)
    struck = {"revokedOn": teller.revoked.isoformat(), "reason": _REVOKED}
    _said(teller, ALLIANCE, "listing", teller.revoked, **listing_of(CARELESS), **struck)
    for one in _DECLARED:
        _said(teller, one.by, "declaration", date(year + 1, *one.day), **_details(teller, one))
    objected = {"organisation": CRUSHER.code, "year": year, "accepted": False, "reason": _OBJECTION}
    _said(teller, ALLIANCE, "declaration_reviewed", date(year + 1, 3, 5), **objected)
    confirmed = {"organisation": REFINERY.code, "year": year, "accepted": True}
    _said(teller, ALLIANCE, "declaration_reviewed", date(year + 1, 3, 12), **confirmed)


def _said(teller: Teller, who: Company, type_: str, day: date, **details: Any) -> None:
    """Say it at ten in the morning, and report it on the same day."""
    teller.say_after(0, who, type_, datetime.combine(day, time(10), CHINA), **details)


def _details(teller: Teller, one: _Declared) -> dict[str, Any]:
    capacity = _CAPACITY[one.by]
    load = Decimal(teller.crushed[one.by.slug, teller.judged]) / 10 / capacity
    figures = {"capacity.recycler": f"{capacity}", "capacity.load": f"{load:.1f}", **_FIGURES, **one.figures}
    documents = [_document(teller, one.by, clause, title) for clause, title in _STATED.items()]
    stated = {clause: clause not in one.denied for clause in _STATED}
    return {"year": teller.judged, "figures": figures, "statements": stated, "documents": documents}


def _document(teller: Teller, by: Company, clause: str, title: str) -> dict[str, str]:
    """Write a document that proves a statement, for its hash to be of something."""
    name = f"{by.slug}-{teller.judged}-{clause}.txt"
    text = f"{title}\n{by.name}\n{teller.judged}\n"
    teller.documents[name] = text
    return {"clause": clause, "name": name, "sha256": sha256(text.encode()).hexdigest()}
