"""A recycler's year in tests, told as history that the alliance captures: each fact on its day, reported the next."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from recyclers.conditions.evaluation import Report, evaluate
from recyclers.conditions.judging import Judged
from recyclers.conditions.terms import Terms
from tests.worlds import Party, World

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
MIDDLE = "2025-06-15"
#: Everything that a test tells of 2025 has been reported by then.
LATER = date(2026, 6, 30)
#: Declared by a company that meets everything.
FIGURES = {
    "energy.li2co3": "2100",
    "water.reuse": "92.5",
    "capacity.recycler": "12000",
    "capacity.load": "55",
    "safety.accidents": "0",
}
STATEMENTS = ("permit.eia", "permit.pollution", "waste.manifests", "quality.system", "site.industrial_land")


@dataclass
class Works:
    """What a recycler does and declares."""

    world: World
    company: Party

    def __post_init__(self) -> None:
        self._numbers = count(1)

    # Telling ---------------------------------------------------------------------------------------------------------

    def tell(self, type_: str, day: str, *, by: Party | None = None, reported: str | None = None, **more: Any) -> str:
        """Capture one fact of a day at noon, reported the day after unless it says when; gives its key."""
        when = reported or (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        top = {"reportedAt": f"{when}T12:00:00+08:00"} | more.pop("top", {})
        battery, key = more.pop("battery", None), more.pop("key", None)
        fact = self.world.fact(type_, by or self.company, battery, at=f"{day}T12:00:00+08:00", key=key, top=top, **more)
        self.world.capture([fact])
        return fact.key

    def declare(self, *, year: int = 2025, day: str | None = None, reported: str | None = None, **more: Any) -> str:
        """Declare figures and statements for a year, in February of the next."""
        return self.tell("declaration", day or f"{year + 1}-02-01", year=year, reported=reported, **more)

    def declare_all(self, *, without: tuple[str, ...] = (), year: int = 2025, **figures: str) -> str:
        """Declare all that a company is asked for, with documents for its statements."""
        stated = [clause for clause in STATEMENTS if clause not in without]
        told = FIGURES | {clause.replace("__", "."): figure for clause, figure in figures.items()}
        return self.declare(
            year=year,
            figures={clause: figure for clause, figure in told.items() if clause not in without},
            statements=dict.fromkeys(stated, True),
            documents=[{"clause": clause, "sha256": f"{place:064x}", "name": f"{clause}.pdf"}
                       for place, clause in enumerate(stated)],
        )  # fmt: skip

    def review(self, *, accepted: bool, year: int = 2025, day: str = "2026-03-01", **more: Any) -> str:
        """The alliance confirms or objects to what was declared."""
        return self.tell(
            "declaration_reviewed", day, by=self.world.alliance,
            organisation=self.company.code, year=year, accepted=accepted, **more,
        )  # fmt: skip

    # Working ---------------------------------------------------------------------------------------------------------

    def opened(self, lot: str, kilograms: str = "1000", day: str = "2025-01-02", **more: Any) -> str:
        """A lot from outside, of electrode powder unless it says what."""
        said = {"material": "electrode_powder", "massKg": kilograms, "origin": "purchased"}
        return self.tell("lot_opened", day, top={"lot": lot}, **(said | more))

    def batch(self, process: str, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], **more: Any) -> str:
        """A batch; its number is made up unless it has one."""
        number = more.pop("number", None) or f"B-{next(self._numbers)}"
        self.tell(
            "batch", more.pop("day", MIDDLE), reported=more.pop("reported", None), top=more.pop("top", {}),
            number=number, process=process, inputs=inputs, outputs=outputs, **more,
        )  # fmt: skip
        return number

    def smelted(self, *, into: dict[str, str], out: dict[str, str], kilograms: str = "1000", **more: Any) -> str:
        """So many percent of each element in a lot, and in as much of what it gives: recovery follows."""
        lot = f"F-{next(self._numbers)}"
        self.opened(lot, kilograms, assay=into)
        product = {"lot": f"P-{lot}", "material": "cathode_material", "massKg": kilograms, "assay": out}
        return self.batch("hydrometallurgy", [{"lot": lot, "massKg": kilograms}], [product], **more)

    def crushed(self, *, powder: str, assay: dict[str, str] | None = None, scrap: dict[str, str] | None = None,
                more_outputs: list[dict[str, Any]] | None = None, **more: Any) -> str:  # fmt: skip
        """1000 kg of scrap with half electrode powder in it, and so many kilograms of powder out."""
        lot = f"S-{next(self._numbers)}"
        inside = {"electrode_powder": "50", "cu": "10", "al": "20"} if scrap is None else scrap
        self.opened(lot, material="battery_scrap", assay=inside)
        out = {"lot": f"P-{lot}", "material": "electrode_powder", "massKg": powder}
        out |= {} if assay is None else {"assay": assay}
        return self.batch("crushing", [{"lot": lot, "massKg": "1000"}], [out, *(more_outputs or [])], **more)

    # Asking ----------------------------------------------------------------------------------------------------------

    def report(self, first: date = YEAR[0], last: date = YEAR[1], **options: Any) -> Report:
        """Judge a period, the year 2025 unless it says which, as known when all of it was reported."""
        asked = Terms(**options.pop("terms", {}))
        return evaluate(self.company.code, first, last, **({"as_of": LATER, "terms": asked} | options))

    def clause(self, key: str, *days: date, **options: Any) -> Judged:
        """The clause of the only part of a report."""
        [part] = self.report(*days, **options).parts
        return next(one for one in part.clauses if one.key == key)

    def verdict(self, key: str, *days: date, **options: Any) -> str:
        """Its verdict."""
        return self.clause(key, *days, **options).verdict
