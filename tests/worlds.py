"""A small province in which tests play whole lives, through the same door as everybody: `ledger.record`.

    world = World()
    pack = world.pack(modules=2).produced().installed().sold().removed().dispatched(to=world.recycler)
    pack.received(by=world.recycler)
    assert pack.record.stage == "retired"

Every party records its own facts as itself; `world.capture([...])` is the alliance capturing history for anyone.
Time runs by itself, a day a step, from `factories.BEGINNING`; `at=` sets it (days since then, or a moment).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any, Literal, Self

from django.db import transaction

from tests import factories
from tests.factories import When
from traceability import ledger, tokens
from traceability.access import Viewer, viewer_for_organisation, viewer_for_user
from traceability.facts import Fact
from traceability.ledger import Entry, Receipt
from traceability.models import LifecycleEvent, LifecycleRecord, Organisation, Step, User

#: party → (Chinese name, English name, roles, manufacturer codes it filed)
PARTIES: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "alliance": ("动力电池溯源联盟", "Traceability Alliance", ("alliance",), ()),
    "maker": ("蓉城汽车", "Rongcheng Motors", ("vehicle_maker", "battery_maker"), (factories.PREFIX,)),
    "cell_maker": ("宜宾电芯", "Yibin Cells", ("battery_maker",), (factories.FOREIGN_PREFIX,)),
    "importer": ("西部进口", "Western Imports", ("importer",), ()),
    "workshop": ("锦江维修", "Jinjiang Repairs", ("service",), ()),
    "outlet": ("高新回收网点", "Gaoxin Outlet", ("outlet",), ()),
    "dismantler": ("德阳拆解", "Deyang Dismantling", ("dismantler",), ()),
    "second_life": ("绵阳梯次利用", "Mianyang Second Life", ("second_life",), ("08X",)),
    "recycler": ("遂宁再生", "Suining Recycling", ("recycler",), ()),
    "stranger": ("达州再生", "Dazhou Recycling", ("recycler",), ()),
}


@dataclass
class Party:
    """An organisation of the world, with what it needs to act."""

    code: str
    roles: frozenset[str]

    @cached_property
    def organisation(self) -> Organisation:
        """Its row."""
        return Organisation.objects.get(code=self.code)

    @property
    def id(self) -> int:
        """The id of its row."""
        return self.organisation.pk

    @cached_property
    def viewer(self) -> Viewer:
        """It, acting without a person or a token."""
        return viewer_for_organisation(self.organisation, "test")

    @cached_property
    def user(self) -> User:
        """A person who signs in for it."""
        return User.objects.create_user(f"person-{self.code.lower()}", organisation=self.organisation)

    @property
    def user_viewer(self) -> Viewer:
        """It, acting through its person."""
        return viewer_for_user(self.user)

    @cached_property
    def token(self) -> str:
        """The secret of a token with all its roles, for the Authorization header."""
        return tokens.issue(self.organisation, name="test")[1]


@dataclass
class Life:
    """One battery, and what has been told of it. Every step is recorded at once and gives the life back."""

    world: "World"
    code: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    # What there is ---------------------------------------------------------------------------------------------------

    @property
    def own_record(self) -> LifecycleRecord:
        """The record under this very code."""
        return LifecycleRecord.objects.get(kind="battery", code=self.code)

    @property
    def record(self) -> LifecycleRecord:
        """The record whose chain this is: the true battery's, for a provisional identity that was identified."""
        own = self.own_record
        return own.chain or own

    @property
    def steps(self) -> list[Step]:
        """Its effective steps, in order of occurrence."""
        return list(Step.objects.filter(record=self.record, effective=True).order_by("occurred_ms", "arrival"))

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The steps with a fault: (type, fault); an unannounced receipt counts as one."""
        return [
            (step.type, step.fault or "unannounced_receipt") for step in self.steps if step.fault or step.unannounced
        ]

    @property
    def events(self) -> list[LifecycleEvent]:
        """The events on its own record, in order of arrival."""
        return list(LifecycleEvent.objects.filter(record__kind="battery", record__code=self.code).order_by("sequence"))

    @property
    def last(self) -> Entry:
        """What became of the last fact."""
        return self.receipts[-1].entries[-1]

    @property
    def key(self) -> str:
        """The key of the last fact."""
        return self.last.fact.key

    @property
    def module_codes(self) -> list[str]:
        """The modules it was built with."""
        return [part["code"] for part in self.parts]

    @property
    def cell_codes(self) -> list[str]:
        """The cells in those modules."""
        return [cell["code"] for part in self.parts for cell in part.get("components", ())]

    # What may happen -------------------------------------------------------------------------------------------------

    def do(
        self,
        type_: str,
        by: Party | None = None,
        *,
        at: When | None = None,
        key: str | None = None,
        captured: bool = False,
        top: dict[str, Any] | None = None,
        **details: Any,
    ) -> Self:
        """Record one fact: by this party (the holder when none is given), or `captured` by the alliance for it."""
        who = by or self.world.holder_of(self)
        said = self.world.fact(type_, who, self.code, at=at, key=key, top=top, **details)
        viewer = self.world.alliance.viewer if captured else who.viewer
        self.receipts.append(ledger.record([said], by=viewer))
        return self

    def produced(self, by: Party | None = None, **more: Any) -> Self:
        parts = {"components": self.parts} if self.parts else {}
        return self.do("produced", by or self.world.maker, **({"model": "NCM-75", "massKg": "440"} | parts | more))

    def installed(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("installed", by, **({"vin": self.world.vin()} | more))

    def sold(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("sold", by, **({"region": "510100"} | more))

    def removed(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("removed", by or self.world.workshop, **({"reason": "scrapping"} | more))

    def dispatched(self, to: Party, by: Party | None = None, **more: Any) -> Self:
        return self.do("dispatched", by, **({"to": to.code, "massKg": "440"} | more))

    def received(self, by: Party, **more: Any) -> Self:
        return self.do("received", by, **({"massKg": "440", "condition": "intact"} | more))

    def refused(self, by: Party, **more: Any) -> Self:
        return self.do("refused", by, **more)

    def repaired(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("repaired", by or self.world.workshop, **more)

    def inspected(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("inspected", by, **({"sohPercent": "71.5"} | more))

    def dismantled(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("dismantled", by, **({"components": self.module_codes} | more))

    def processed(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("processed", by, **({"batch": "B-1", "massKg": "440"} | more))

    def exported(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("exported", by, **({"country": "NO"} | more))

    def destroyed(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("destroyed", by, **more)

    def lost(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("lost", by, **more)

    def recalled(self, by: Party | None = None, **more: Any) -> Self:
        return self.do("recalled", by or self.world.maker, **({"campaign": "R-1"} | more))

    def identified(self, as_: "str | Life", by: Party | None = None, **more: Any) -> Self:
        code = as_ if isinstance(as_, str) else as_.code
        return self.do("identified", by, **({"as": code} | more))

    def dispute_decided(self, holder: Party | None, **more: Any) -> Self:
        named = {} if holder is None else {"holder": holder.code}
        return self.do("dispute_decided", self.world.alliance, **(named | more))

    def corrected(
        self,
        key: str,
        replacement: dict[str, Any] | None,
        by: Party | None = None,
        *,
        of: Party | None = None,
        battery: str | None = None,
        **more: Any,
    ) -> Self:
        """Replace the content of an earlier fact (a record of its new members), or withdraw it (None)."""
        original = {} if of is None else {"organisation": of.code}
        details = {"corrects": key, **original, **({} if replacement is None else {"replacement": replacement}), **more}
        who = by or self.world.party(LifecycleEvent.objects.get(key=key).organisation.code)
        said = self.world.fact("corrected", who, battery, **details)
        self.receipts.append(ledger.record([said], by=who.viewer))
        return self


class World:
    """The organisations of `PARTIES`, and the lives that begin among them."""

    alliance: Party
    maker: Party
    cell_maker: Party
    importer: Party
    workshop: Party
    outlet: Party
    dismantler: Party
    second_life: Party
    recycler: Party
    stranger: Party

    def __init__(self) -> None:
        self._keys, self._serials, self._vins, self._days = count(1), count(1), count(1), count(1)
        self._parties: dict[str, Party] = {}
        for number, (name, (_, _, roles, _)) in enumerate(PARTIES.items(), start=1):
            party = Party(factories.organisation_code(number), frozenset(roles))
            self._parties[party.code] = party
            setattr(self, name, party)
        self._record_parties()

    def _record_parties(self) -> None:
        founder = Viewer(None, self.alliance.code, frozenset({"alliance"}), "command")
        facts = []
        for party, (name, name_en, roles, prefixes) in zip(self._parties.values(), PARTIES.values(), strict=True):
            details = {"code": party.code, "name": name, "nameEn": name_en, "roles": list(roles), "region": "510100"}
            if prefixes:
                details["codePrefixes"] = list(prefixes)
            facts.append(self.fact("organisation", self.alliance, at="2020-01-01T00:00:00Z", **details))
        ledger.record(facts, by=founder)

    # Making things ---------------------------------------------------------------------------------------------------

    @property
    def parties(self) -> list[Party]:
        """Everybody."""
        return list(self._parties.values())

    def party(self, code: str) -> Party:
        """The party with this organisation code."""
        return self._parties[code]

    def holder_of(self, life: Life) -> Party:
        """Who holds the battery now."""
        holder = life.record.holder
        assert holder is not None, f"nobody holds {life.code}"
        return self.party(holder.code)

    def pack(self, *, modules: int = 0, cells: int = 0, code: str | None = None) -> Life:
        """A pack that nothing is recorded of yet, with so many modules and so many cells in each."""
        parts: list[dict[str, Any]] = []
        for _ in range(modules):
            inner = [{"code": self.cell_code()} for _ in range(cells)]
            parts.append({"code": self.module_code(), **({"components": inner} if inner else {})})
        return Life(self, code or self.pack_code(), parts)

    def module(self, code: str | None = None) -> Life:
        """A module of its own."""
        return Life(self, code or self.module_code())

    def cell(self, code: str | None = None) -> Life:
        """A cell of its own."""
        return Life(self, code or self.cell_code())

    def battery(self, code: str) -> Life:
        """The life behind any code: a part that turned up, a provisional identity."""
        return Life(self, code)

    def pack_code(self) -> str:
        return factories.pack_code(next(self._serials))

    def module_code(self) -> str:
        return factories.module_code(next(self._serials))

    def cell_code(self) -> str:
        return factories.cell_code(next(self._serials))

    def vin(self) -> str:
        return factories.vin(next(self._vins))

    def fact(
        self,
        type_: str,
        by: Party,
        battery: str | None = None,
        *,
        at: When | None = None,
        key: str | None = None,
        top: dict[str, Any] | None = None,
        **details: Any,
    ) -> Fact:
        """A fact in the name of a party, with the next key and a day later than the one before."""
        when = next(self._days) if at is None else at
        key = f"k{next(self._keys)}" if key is None else key
        return factories.fact(type_, by.code, when, battery=battery, key=key, details=details, **(top or {}))

    # Recording -------------------------------------------------------------------------------------------------------

    def record(
        self, *facts: Fact, by: Party, on_error: Literal["rollback", "proceed"] = "rollback", **more: Any
    ) -> Receipt:
        """Record facts as this party."""
        return ledger.record(facts, by=by.viewer, on_error=on_error, **more)

    def capture(self, facts: Sequence[Fact], **more: Any) -> Receipt:
        """Record facts as the alliance captures history: contradictions are stored."""
        return ledger.record(facts, by=self.alliance.viewer, **more)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo everything written inside: one example of a Hypothesis test."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
