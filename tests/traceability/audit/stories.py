"""Random stories for the audit: lives told by everybody, with faults of every kind, at days on which rules turn.

A story is a list of records of `records.md` in order of arrival, all with `reportedAt`, as the alliance captures
history. Most lives begin as they should, and then something is left out, told twice, told by another or too late.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from tests import factories
from tests.traceability.audit.oracle_law import CHINA, day, due, moment
from tests.worlds import PARTIES

Record = dict[str, Any]
P, Q = factories.pack_code(1), factories.pack_code(2)
M, N = factories.module_code(11), factories.module_code(12)
C, D = factories.cell_code(21), factories.cell_code(22)
S = factories.second_life_code(31)
T, U = "TMP-1", "TMP-2"
PARTS = {P: (M, N, U), Q: (M, N), M: (C, D), N: (C, D), S: (M,), T: (N,)}
NUMBERS = ("B-1", "B-2")
LOTS = ("L-1", "L-2", "L-3")
TRUE = {T: (P, Q), U: (M, C)}
ORGANISATIONS = {name: factories.organisation_code(number) for number, name in enumerate(PARTIES, start=1)}
NAMES = {code: name for name, code in ORGANISATIONS.items()}
HOLDERS = ("maker", "workshop", "outlet", "dismantler", "second_life", "recycler", "stranger")
LATEST = datetime(2026, 11, 1, tzinfo=CHINA)
#: Where rules begin and end.
TURNS = [
    datetime(2019, 2, 1, 9, tzinfo=CHINA),
    datetime(2021, 9, 30, 23, 59, 59, tzinfo=CHINA),
    datetime(2026, 1, 31, 12, tzinfo=CHINA),
    datetime(2026, 3, 31, 23, 59, 59, tzinfo=CHINA),
    datetime(2026, 4, 1, tzinfo=CHINA),
    datetime(2026, 7, 30, 23, 59, 59, tzinfo=CHINA),
    datetime(2026, 7, 31, tzinfo=CHINA),
]
STEPS = [
    timedelta(minutes=1),
    timedelta(hours=5),
    timedelta(days=1),
    timedelta(days=29),
    timedelta(days=30),
    timedelta(days=31),
    timedelta(days=180),
]
#: What a life is made of, as it should be: (type, who); the battery is a pack unless the life says otherwise.
LIVES = [
    "produced:maker installed:maker removed:workshop dispatched:workshop received:recycler processed:recycler",
    "produced:maker installed:maker sold:maker removed:dismantler dismantled:dismantler",
    "produced:maker dispatched:maker received:workshop installed:workshop repaired:workshop removed:outlet",
    "produced:maker installed:maker removed:second_life dispatched:second_life received:recycler dismantled:recycler",
    "produced:maker installed:maker removed:second_life inspected:second_life assembled:second_life",
    "assembled:second_life deployed:second_life decommissioned:outlet dispatched:outlet received:recycler",
    "produced:maker installed:maker removed:workshop lost:workshop received:stranger dispute_decided:alliance",
    "received:recycler identified:recycler dispatched:recycler refused:stranger processed:recycler",
    "produced:maker dispatched:maker received:second_life received:recycler dispatched:maker exported:recycler",
    "produced:maker installed:maker destroyed:maker",
]
STRAY = (
    "produced installed sold removed dispatched received received refused repaired inspected dismantled deployed"
    " decommissioned processed exported destroyed lost recalled quarantine_lifted label_issued label_revoked"
).split()


def iso(when: datetime) -> str:
    return when.isoformat()


def _some(codes: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(codes), unique=True, max_size=3) if codes else st.just([])


@st.composite
def _tree(draw: st.DrawFn, code: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for part in draw(_some(PARTS.get(code, ()))):
        inner = draw(_some(PARTS.get(part, ())))
        parts.append({"code": part, **({"components": [{"code": cell} for cell in inner]} if inner else {})})
    return parts


@st.composite
def details_of(draw: st.DrawFn, type_: str, code: str) -> dict[str, Any]:
    """Details that an event of a battery may have."""
    anybody = st.sampled_from(HOLDERS).map(ORGANISATIONS.__getitem__)
    parts = PARTS.get(code, ())
    if type_ == "produced":
        return {"model": "A"} | ({"components": tree} if (tree := draw(_tree(code))) else {})
    if type_ == "repaired":
        out = draw(_some(parts))
        return {"removed": out, "added": [part for part in draw(_some(parts)) if part not in out]}
    if type_ == "dismantled":
        named = draw(_some(tuple(part for part in parts if not part.startswith("TMP"))))
        listed = draw(_some((*parts, *(c for part in parts for c in PARTS.get(part, ())))))
        return {"components": list(dict.fromkeys(listed))} | (
            {"residues": [{"material": "steel", "massKg": "1", "components": named}]} if named else {}
        )
    if type_ in ("assembled", "deployed"):
        application = {"application": draw(st.sampled_from(["storage", "e_bike"]))}
        sources = draw(_some(tuple(c for c in (P, Q, M) if c != code)))
        return application | ({"sources": sources} if type_ == "assembled" and sources else {})
    if type_ == "dispatched":
        return {"to": draw(anybody), "massKg": "440"}
    if type_ in ("received", "dispute_decided"):
        name = {"received": "from", "dispute_decided": "holder"}[type_]
        return {name: draw(anybody)} if draw(st.booleans()) else {}
    if type_ == "installed":
        return {"vin": factories.vin(draw(st.integers(1, 2)))}
    return {"batch": draw(st.sampled_from(NUMBERS))} if type_ == "processed" else {}


@st.composite
def _plant(draw: st.DrawFn) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """What is told of batches and lots: (type, who, details, what stands at the top); mostly it balances."""
    told: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = []
    whose = st.sampled_from(["recycler", "recycler", "recycler", "stranger"])
    for number in draw(st.lists(st.sampled_from(NUMBERS), unique=True)):
        who = draw(whose)
        told.append(("batch", who, draw(_batch(number)), {}))
    for lot in draw(st.lists(st.sampled_from(LOTS), max_size=3)):
        who, maker = draw(whose), draw(whose)
        type_ = draw(st.sampled_from(["lot_opened", "lot_sold", "dispatched", "dispatched", "received", "refused"]))
        said = {"massKg": draw(st.sampled_from(["300", "310", "600"]))}
        if type_ in ("dispatched", "lot_sold"):
            said["to"] = ORGANISATIONS["stranger" if who == "recycler" else "recycler"]
        elif type_ == "lot_opened":
            said |= {"origin": "purchased", "material": "electrode_powder"}
        top = {"lot": lot} | ({} if type_ == "lot_opened" else {"lotOf": ORGANISATIONS[maker]})
        told.append((type_, who, said, top))
    return draw(st.permutations(told))


@st.composite
def _batch(draw: st.DrawFn, number: str) -> dict[str, Any]:
    """A crushing of a few batteries and lots of 300 kg each; what comes out may be too much or too little."""
    inputs: list[dict[str, Any]] = [{"battery": code, "massKg": "300"} for code in draw(_some((P, P, Q, M, T)))]
    of = ORGANISATIONS[draw(st.sampled_from(["recycler", "recycler", "stranger"]))]
    inputs += [{"lot": lot, "lotOf": of, "massKg": "300"} for lot in draw(_some(LOTS[:2]))]
    out = 300 * len(inputs) + draw(st.sampled_from([0, 0, 0, 6, 7, -6, -7]))
    made = [{"lot": LOTS[2], "material": "electrode_powder", "massKg": str(max(out, 0))}] if draw(st.booleans()) else []
    rest = [] if made else [{"kind": "slag", "massKg": str(max(out, 0))}]
    return {"number": number, "process": "crushing", "inputs": inputs, "outputs": made, "residues": rest}


@st.composite
def plants(draw: st.DrawFn) -> list[Record]:
    """Records of batches and lots, in order of occurrence."""
    now, told = draw(st.sampled_from(TURNS)), []
    for place, (type_, who, said, top) in enumerate(draw(_plant())):
        now += draw(st.sampled_from(STEPS))
        # Never at the moment of another fact.
        occurred = min(now, LATEST) + timedelta(milliseconds=500 + place)
        told.append(_record(f"p{place}", type_, who, occurred, said, **top))
        told[-1]["reportedAt"] = iso(draw(_reported(type_, who, occurred)))
    return told


@st.composite
def _facts(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """(type, who, battery) in the order in which it happened."""
    facts: list[tuple[str, str, str]] = []
    for _ in range(draw(st.integers(1, 2))):
        life = draw(st.sampled_from(LIVES))
        code = S if life.startswith("assembled") else draw(st.sampled_from([P, P, Q, M, T]))
        for word in life.split():
            type_, who = word.split(":")
            facts.append((type_, who, S if type_ == "assembled" else code))
    for _ in range(draw(st.integers(0, 4))):
        type_, who = draw(st.sampled_from(STRAY)), draw(st.sampled_from(HOLDERS))
        code = draw(st.sampled_from([P, Q, M, N, C, S, T, U]))
        facts.insert(draw(st.integers(0, len(facts))), (type_, who, code))
    for _ in range(draw(st.integers(0, 2))):
        facts.pop(draw(st.integers(0, len(facts) - 1)))
    return facts


def _addressee(facts: list[tuple[str, str, str]], place: int) -> str | None:
    """Who receives next, so that most dispatches reach it."""
    _, _, code = facts[place]
    later = [who for type_, who, other in facts[place:] if type_ in ("received", "refused") and other == code]
    return ORGANISATIONS[later[0]] if later else None


@st.composite
def _reported(draw: st.DrawFn, type_: str, who: str, occurred: datetime) -> datetime:
    """At once, just in time, just late, much later, or before it happened."""
    last = due(type_, True, occurred.astimezone(CHINA).date(), PARTIES[who][2])
    choices = [
        occurred,
        occurred,
        occurred,
        occurred - timedelta(minutes=5),
        occurred - timedelta(minutes=5, milliseconds=1),
        occurred + timedelta(days=draw(st.sampled_from([1, 29, 30, 31, 60]))),
    ]
    if last is not None:
        midnight = datetime.combine(last, time.min, CHINA) + timedelta(days=1)
        choices += [midnight - timedelta(milliseconds=1), midnight]
    return min(draw(st.sampled_from(choices)), LATEST)


@st.composite
def happenings(draw: st.DrawFn) -> list[Record]:
    """Records of batteries, in order of occurrence."""
    facts, now, told = draw(_facts()), draw(st.sampled_from(TURNS)), []
    identified: set[str] = set()
    for place, (type_, who, code) in enumerate(facts):
        now = draw(st.sampled_from(TURNS)) if draw(st.integers(0, 7)) == 0 else now + draw(st.sampled_from(STEPS))
        if type_ == "identified" and (code not in TRUE or code in identified):
            type_ = "recalled"
            who = "maker"
        identified |= {code} if type_ == "identified" else set()
        said = {"as": draw(st.sampled_from(TRUE[code]))} if type_ == "identified" else draw(details_of(type_, code))
        if type_ == "dispatched" and (to := _addressee(facts, place)) and draw(st.integers(0, 4)):
            said["to"] = to
        if said.get("to") == ORGANISATIONS[who]:
            said["to"] = ORGANISATIONS["stranger" if who != "stranger" else "recycler"]
        # No two facts at one moment: parts are left by the millisecond.
        occurred = min(now, LATEST) + timedelta(milliseconds=place)
        told.append(_record(f"k{place}", type_, who, occurred, said, battery=code))
        told[-1]["reportedAt"] = iso(draw(_reported(type_, who, occurred)))
    return told


def _record(key: str, type_: str, who: str, occurred: datetime, said: Any, **top: Any) -> Record:
    return {
        "key": key,
        "type": type_,
        "organisation": ORGANISATIONS[who],
        "occurredAt": iso(occurred),
        "reportedAt": iso(occurred),
        "details": said,
        **top,
    }


def founding() -> list[Record]:
    """The organisations of the world, as they were before anything happened."""
    return [
        _record(f"o-{name}", "organisation", "alliance", datetime(2018, 1, 1, tzinfo=CHINA), {"code": code, "roles": r})
        for name, code in ORGANISATIONS.items()
        for r in [list(PARTIES[name][2])]
    ]


@st.composite
def statements(draw: st.DrawFn) -> list[Record]:
    """Permits, listings and scrapped vehicles; most companies have what they need, in some window."""
    told: list[Record] = []
    days = [None, date(2018, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 7, 30), date(2026, 7, 31)]
    kinds = [("permit", kind) for kind in ("project_filing", "eia", "pollution")]
    scopes = [("listing", scope) for scope in ("recovery", "second_life")]
    for who in draw(st.lists(st.sampled_from(["recycler", "second_life", "dismantler"]), unique=True)):
        for type_, kind in kinds + scopes:
            if draw(st.integers(0, 5)) == 0:
                continue
            first, last = draw(st.sampled_from(days[:4])), draw(st.sampled_from([None, None, *days[2:]]))
            names = ("kind", "validFrom", "validUntil") if type_ == "permit" else ("scope", "announcedOn", "revokedOn")
            window = zip(names, (kind, first and first.isoformat(), last and last.isoformat()), strict=True)
            said = {"organisation": ORGANISATIONS[who]} | {name: value for name, value in window if value}
            told.append(_record(f"s{len(told)}", type_, "alliance", draw(st.sampled_from(TURNS)), said))
    for number in draw(st.lists(st.sampled_from([1, 2]), max_size=1)):
        said = {"vin": factories.vin(number)}
        told.append(_record("v", "vehicle_scrapped", "dismantler", draw(st.sampled_from(TURNS)), said))
    return told


@st.composite
def new_roles(draw: st.DrawFn) -> list[Record]:
    """Companies that become something else."""
    found = []
    for number, who in enumerate(draw(st.lists(st.sampled_from(HOLDERS), unique=True, max_size=1))):
        roles = draw(st.lists(st.sampled_from(["recycler", "second_life", "service"]), unique=True, min_size=1))
        said = {"code": ORGANISATIONS[who], "name": who, "roles": roles, "region": "510100"}
        told = draw(st.sampled_from(TURNS[2:]))
        found.append(_record(f"n{number}", "organisation", "alliance", told, said))
    return found


@st.composite
def _replacement(draw: st.DrawFn, original: Record) -> Record:
    """What stands in the place of a fact: the same of another moment, or something else."""
    type_, same = original["type"], original["details"]
    top = {name: original[name] for name in ("battery", "lot", "lotOf") if name in original}
    if type_ == "identified" or draw(st.booleans()):
        return {"type": type_, **top, "details": same}
    if type_ == "batch":
        return {"type": type_, "details": draw(_batch(same["number"]))}
    if "lot" in original:
        return {"type": type_, **top, "details": same | ({"massKg": "290"} if "massKg" in same else {})}
    return {"type": type_, **top, "details": draw(details_of(type_, original["battery"]))}


@st.composite
def corrections(draw: st.DrawFn, told: list[Record]) -> list[Record]:
    """Some facts put right by the alliance: another time, another battery, another content, or withdrawn."""
    found: list[Record] = []
    for original in draw(st.lists(st.sampled_from(told), max_size=2, unique_by=lambda record: record["key"])):
        said: dict[str, Any] = {"corrects": original["key"], "organisation": original["organisation"]}
        if draw(st.integers(0, 2)):
            occurred = moment(original["occurredAt"]) + draw(st.sampled_from([-d for d in STEPS] + STEPS))
            said["replacement"] = draw(_replacement(original)) | {"occurredAt": iso(min(occurred, LATEST))}
        when = moment(original["reportedAt"]) + draw(st.sampled_from(STEPS))
        found.append(_record(f"c{len(found)}", "corrected", "alliance", min(when, LATEST), said))
    return found


@st.composite
def stories(draw: st.DrawFn) -> list[Record]:
    """A whole story, in order of arrival."""
    told = draw(happenings())
    told += draw(plants()) if draw(st.booleans()) else []
    stated = draw(statements())
    arrived = draw(st.permutations(told)) if draw(st.booleans()) else told
    return [*stated, *arrived, *draw(corrections(told))]


def days_to_ask(told: list[Record]) -> st.SearchStrategy[date]:
    """Days on which something turns: of reports, and the limits after facts."""
    days = {day(record["reportedAt"]) for record in told}
    happened = {day(record["occurredAt"]) + timedelta(days=count) for record in told for count in (29, 30, 179, 180)}
    later = {max(days | happened), LATEST.date() + timedelta(days=20)}
    return st.sampled_from(sorted(later)) | st.sampled_from(sorted(days | happened))


def shown(told: list[Record]) -> str:
    """A story to be read."""
    lines = []
    for record in told:
        said = str(record["details"])
        for code, name in {**NAMES, P: "P", Q: "Q", M: "M", N: "N", C: "C", D: "D", S: "S"}.items():
            said = said.replace(code, name)
        who, code = NAMES[record["organisation"]], record.get("battery", record.get("lot", ""))
        short = {P: "P", Q: "Q", M: "M", N: "N", C: "C", D: "D", S: "S"}.get(code, code)
        times = f"{record['occurredAt'][:19]} reported {record['reportedAt'][:23]}"
        lines.append(f"{record['key']:>4} {record['type']}({short} by {who}) {times} {said}")
    return "\n".join(lines)
