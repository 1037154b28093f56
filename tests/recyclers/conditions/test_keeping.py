"""What is kept of a company's year never lies: it is given again only where judging anew would come to the same."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone as clock
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from recyclers.conditions import keeping
from recyclers.conditions.evaluation import Report, evaluate
from recyclers.conditions.keeping import SHELF, Shelf, years_of
from tests.histories import CODES, P, Q, Told, mistakes, tellings
from tests.recyclers.conditions.works import YEAR, Works
from tests.worlds import Party, World, rolled_back
from traceability.facts import Fact

#: A history is judged after each of its facts: a second or two an example.
EXAMPLES = max(6, (settings.default or settings()).max_examples // 4)
FIRST = datetime(2025, 1, 6, 8, tzinfo=timezone(timedelta(hours=8)))
LI = {"li": "10"}


def fresh(company: Party) -> Report:
    return evaluate(company.code, *YEAR, as_of=clock.localdate())


def year_of(*companies: Party) -> dict[int, Report]:
    return years_of([one.organisation for one in companies], 2025)


def cost(*companies: Party) -> int:
    year_of(*companies)
    with CaptureQueriesContext(connection) as queries:
        year_of(*companies)
    return len(queries)


# Never a lie ---------------------------------------------------------------------------------------------------------


def fact_of(world: World, told: Told, number: int) -> Fact:
    """A telling of 2025, each a week after the one before; what it corrects is told at its place."""
    details = {
        name: getattr(world, value).code if name in ("to", "from", "holder") else value for name, value in told.details
    }
    at = (FIRST + timedelta(weeks=number)).isoformat()
    return world.fact(told.type, getattr(world, told.by), told.code, at=at, key=f"told-{number}", **details)


def corrected(world: World, right: Told, wrong: Told, number: int) -> Fact:
    said = fact_of(world, wrong, number)
    record = {"type": said.type, "occurredAt": (FIRST + timedelta(weeks=number)).isoformat(), "battery": said.code}
    return world.fact(
        "corrected", getattr(world, right.by), right.code, at=record["occurredAt"],
        corrects=f"told-{number}", replacement=record | {"details": dict(said.details)},
    )  # fmt: skip


def work(works: Works, what: str, percent: str, number: int) -> None:
    """Something that companies, makers or the alliance tell beside the lives of batteries."""
    world = works.world
    if what == "smelted":
        works.smelted(into=LI, out={"li": percent})
    elif what == "used up":
        used = [{"battery": P, "massKg": "400"}, {"battery": CODES["M"], "massKg": "4"}]
        out = {"lot": f"U-{number}", "material": "cathode_material", "massKg": "100", "assay": {"li": percent}}
        works.batch("hydrometallurgy", used, [out], number=f"U-{number}")
    elif what == "model":
        said = {"number": "A", "level": "pack", "composition": {"li": f"0.0{percent[:1]}"}}
        works.tell("model", "2021-01-01", by=world.maker, **said)
    elif what == "declared":
        works.declare(figures={"water.reuse": f"{percent}0"})
    elif what == "reviewed":
        works.review(accepted=number % 2 == 0)
    elif what == "permit":
        works.tell("permit", "2024-01-01", by=world.alliance, organisation=works.company.code, kind="eia",
                   number="E", validUntil=f"2025-{number % 12 + 1:02}-28")  # fmt: skip
    elif what == "roles":
        roles = ["recycler", "second_life"] if number % 2 else ["recycler"]
        works.tell("organisation", "2024-01-01", by=world.alliance, code=works.company.code, roles=roles)


WORK = ("smelted", "used up", "model", "declared", "reviewed", "permit", "roles")


@settings(max_examples=EXAMPLES, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(history=tellings(size=10), data=st.data())
def test_what_is_given_is_what_judging_anew_gives(world: World, history: list[Told], data: st.DataObject) -> None:
    """Whatever is told of anything by anybody, corrections included, and asked after each of it."""
    with rolled_back():
        SHELF.clear()
        works = Works(world, world.recycler)
        companies = (world.recycler, world.stranger, world.second_life)
        given_again = 0
        for number, told in enumerate(history):
            before = year_of(*companies)
            world.capture([fact_of(world, told, number)], on_error="proceed")
            if data.draw(st.booleans()):
                work(works, data.draw(st.sampled_from(WORK)), data.draw(st.sampled_from(("5", "9", "9.5"))), number)
            elif data.draw(st.booleans()):
                place = data.draw(st.integers(0, number))
                wrong = data.draw(mistakes(history[place]))
                world.capture([corrected(world, history[place], wrong, place)], on_error="proceed")
            given_again += check(companies, before)
        event(f"given again: {min(given_again, 5)}")


def check(companies: Sequence[Party], before: dict[int, Report]) -> int:
    """Judge anew whatever was given again, and compare; gives how many that were."""
    given = year_of(*companies)
    again = [company for company in companies if given[company.id] is before.get(company.id)]
    for company in again:
        true, report = fresh(company), given[company.id]
        assert (report.verdict, report.parts, report.as_of) == (true.verdict, true.parts, true.as_of), company
    return len(again)


# What makes it judge anew, and what does not -------------------------------------------------------------------------


def test_what_is_kept_takes_one_query_for_however_many_companies_and_batches(works: Works) -> None:
    world = works.world
    for _ in range(3):
        works.smelted(into=LI, out={"li": "9.5"})
    assert cost(world.recycler) == 1
    assert cost(world.recycler, world.stranger, world.second_life) == 1


def test_the_lives_of_other_batteries_change_nothing(works: Works) -> None:
    world = works.world
    works.smelted(into=LI, out={"li": "9.5"})
    first = year_of(world.recycler)[world.recycler.id]
    world.pack(modules=2).produced().installed().sold().removed().dispatched(to=world.stranger)
    assert year_of(world.recycler)[world.recycler.id] is first


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda works: works.smelted(into=LI, out={"li": "5"}), id="a batch"),
        pytest.param(lambda works: works.declare(figures={"water.reuse": "1"}), id="a declaration"),
        pytest.param(lambda works: works.tell("received", "2025-06-15", battery=P), id="a receipt"),
        pytest.param(
            lambda works: works.tell(
                "dispatched", "2025-06-15", by=works.world.maker, battery=Q, to=works.company.code
            ),
            id="what was sent to it and never came",
        ),
    ],
)
def test_what_it_rests_on_makes_it_judge_anew(works: Works, happens: Any) -> None:
    world = works.world
    works.tell("produced", "2021-12-04", by=world.maker, battery=Q)
    first = year_of(world.recycler)[world.recycler.id]
    happens(works)
    second = year_of(world.recycler)[world.recycler.id]
    assert second is not first
    assert second.parts == fresh(world.recycler).parts != first.parts


def test_another_day_another_law_and_other_parameters_judge_anew(
    works: Works, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    company = works.company
    first = year_of(company)[company.id]
    assert year_of(company)[company.id] is first
    settings.AUDIT_PARAMETERS = settings.AUDIT_PARAMETERS | {"tolerance_percent": "3"}
    second = year_of(company)[company.id]
    assert second is not first
    assert str(second.terms.tolerance) == "3"
    tomorrow = clock.localdate() + timedelta(days=1)
    monkeypatch.setattr(keeping.timezone, "localdate", lambda: tomorrow)
    assert year_of(company)[company.id].as_of == tomorrow


def test_who_is_not_asked_by_the_conditions_has_no_year(world: World) -> None:
    assert year_of(world.maker, world.alliance) == {}


# The shelf -----------------------------------------------------------------------------------------------------------


def test_the_shelf_keeps_what_was_used_last_and_no_more_than_it_holds(works: Works) -> None:
    report = fresh(works.company)
    shelf = Shelf(most=300)
    for question in (1, 2, 3):
        shelf.keep(question, "a", report)
    assert shelf.find(1, "a") is not None
    shelf.keep(4, "a", report)
    assert [question for question in (1, 2, 3, 4) if shelf.find(question, "a")] == [1, 3, 4]
    assert shelf.find(1, "b") is None
    shelf.keep(1, "b", report)
    assert (shelf.find(1, "a"), shelf.find(3, "a") is None) == (None, False)
    shelf.clear()
    assert shelf.find(1, "b") is None


def test_what_was_read_of_a_company_is_not_kept(works: Works) -> None:
    works.smelted(into=LI, out={"li": "9.5"})
    year_of(works.company)
    kept = year_of(works.company)[works.company.id]
    assert list(kept.company.batches) == []
    assert kept.first == date(2025, 1, 1)
