"""Where companies stand on a day: listed, revoked, judged, to be mended, load, reports, permits; as known then."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from recyclers.dynamic_list.reading import listed_companies, standings_on
from recyclers.dynamic_list.standing import Standing
from tests.recyclers.conditions.works import Works
from tests.worlds import Party, World, rolled_back
from traceability.models import LifecycleEvent, Organisation

METALS = {"li": "10", "ni": "10", "co": "10", "mn": "10"}
GOOD = {"li": "9.5", "ni": "9.9", "co": "9.9", "mn": "9.9"}
#: All of 2025 is judged on that day.
JUDGED = date(2026, 6, 30)


def standing(works: Works, day: date = JUDGED) -> Standing:
    row = Organisation.objects.get(code=works.company.code)
    return standings_on(day, [row])[row.pk]


def listing(works: Works, day: str = "2023-12-01", *, of: Party | None = None, **more: Any) -> None:
    said = {"organisation": (of or works.company).code, "scope": "recovery", "batch": "5", "announcedOn": "2023-12-01"}
    works.tell("listing", day, by=works.world.alliance, **(said | more))


def permit(works: Works, kind: str = "eia", *, day: str = "2024-01-01", **more: Any) -> None:
    said = {"organisation": works.company.code, "kind": kind, "number": f"N-{kind}", "validFrom": "2024-01-01"}
    works.tell("permit", day, by=works.world.alliance, **(said | more))


def penalty(works: Works, decided: str, **more: Any) -> None:
    said = {"organisation": works.company.code, "decidedOn": decided, "authority": "生态环境厅", "reason": "超标排放"}
    works.tell("penalty", decided, by=works.world.alliance, **(said | more))


def year(works: Works, number: int = 2025, *, lithium: str = "9.5", reported: str | None = None, **more: str) -> None:
    """A year's smelting and declaration, which meet everything unless told otherwise."""
    works.smelted(into=METALS, out=GOOD | {"li": lithium}, day=f"{number}-06-15")
    works.declare_all(year=number, **more)


# The list ------------------------------------------------------------------------------------------------------------


def test_a_listed_company_that_meets_everything_has_nothing_to_do(works: Works) -> None:
    listing(works)
    year(works)
    found = standing(works)
    assert (found.is_listed, found.since) == (True, date(2023, 12, 1))
    assert found.judged is not None
    assert (found.judged.year, found.judged.verdict, found.judged.failed) == (2025, "pass", ())
    assert (found.mending, found.dues, found.urgent_on, found.barred_until) == ((), (), None, None)
    assert found.report is not None
    assert (found.report.year, found.report.state) == (2025, "handed_in")


def test_a_company_revoked_in_the_middle_of_a_year_is_shown_with_its_days(works: Works) -> None:
    listing(works)
    year(works, lithium="5")
    listing(works, day="2026-05-01", revokedOn="2026-05-01", reason="整改未完成")
    [found] = standing(works).listings
    assert (found.first, found.last, found.revoked_on, found.reason) == (
        date(2023, 12, 1), date(2026, 4, 30), date(2026, 5, 1), "整改未完成",
    )  # fmt: skip
    assert [one.is_listed for one in (standing(works), standing(works, date(2026, 4, 30)))] == [False, True]
    # Until it was known, it was listed; after, it has nothing to lose.
    assert standing(works).mending == ()
    assert [one.judged.key for one in standing(works, date(2026, 4, 30)).mending] == ["recovery.li"]
    assert [one.code for one in listed_companies(JUDGED)] == [works.company.code]
    assert listed_companies(date(2027, 1, 1)) == []


def test_the_list_has_who_is_listed_on_the_day_the_most_urgent_first(works: Works) -> None:
    world = works.world
    for party, day in ((world.recycler, "2026-12-31"), (world.stranger, "2026-08-31"), (world.second_life, None)):
        own = Works(world, party)
        listing(own, scope="second_life" if party is world.second_life else "recovery")
        own.declare(figures={"water.reuse": "91"})
        if day:
            permit(own, validUntil=day)
    found = listed_companies(date(2026, 6, 30))
    assert [(one.code, one.urgent_on) for one in found] == [
        (world.stranger.code, date(2026, 8, 31)), (world.recycler.code, date(2026, 12, 31)),
        (world.second_life.code, None),
    ]  # fmt: skip
    # Shown to the end of the year in which its kind of listing came to an end.
    assert [one.is_listed for one in listed_companies(date(2026, 12, 30)) if one.code == world.second_life.code] == [
        False
    ]
    assert world.second_life.code not in {one.code for one in listed_companies(date(2027, 1, 1))}


def test_a_company_without_a_role_that_is_judged_is_shown_and_not_judged(works: Works) -> None:
    listing(works, of=works.world.maker)
    [found] = listed_companies(JUDGED)
    assert (found.code, found.judged, found.load, found.mending) == (works.world.maker.code, None, None, ())
    assert found.report is not None
    assert found.report.state == "missing"


# What has to be mended -----------------------------------------------------------------------------------------------


def test_what_failed_is_to_be_mended_within_a_year_and_then_overdue(works: Works) -> None:
    listing(works)
    year(works, lithium="8.9")
    [found] = standing(works).mending
    assert (found.judged.key, str(found.judged.measured), found.since, found.year) == (
        "recovery.li", "89.00", 2025, 2025,
    )  # fmt: skip
    assert (found.until, found.overdue) == (date(2027, 3, 31), False)
    [due] = standing(works).dues
    assert (due.day, due.kind, due.what, due.overdue) == (date(2027, 3, 31), "mending", "recovery.li", False)
    [overdue] = standing(works, date(2027, 4, 1)).mending
    assert (overdue.until, overdue.overdue) == (date(2027, 3, 31), True)


@pytest.mark.parametrize(
    ("lithium", "open_"), [pytest.param("9", False, id="met"), pytest.param("8.9999999", True, id="failed again")]
)
def test_the_next_year_mends_it_or_does_not(works: Works, lithium: str, open_: bool) -> None:
    listing(works)
    year(works, lithium="8.9")
    year(works, 2026, lithium=lithium)
    found = standing(works, date(2027, 6, 30))
    assert [(one.since, one.year, one.overdue) for one in found.mending] == ([(2025, 2026, True)] if open_ else [])


def test_provisional_clauses_are_not_to_be_mended(works: Works) -> None:
    listing(works)
    year(works, rnd__share="0.1", fluoride__fixation="1")
    assert standing(works).mending == ()


def test_before_the_report_is_due_the_year_before_counts(works: Works) -> None:
    listing(works)
    year(works, 2024, lithium="8")
    year(works, lithium="8")
    judged = [standing(works, day).judged for day in (date(2026, 3, 31), date(2026, 4, 1))]
    assert [one and one.year for one in judged] == [2024, 2025]
    # 85 % were enough in 2024; 80 % were not.
    assert [one.since for one in standing(works, date(2026, 3, 31)).mending] == [2024]


def test_a_failure_long_ago_that_nothing_has_mended_is_still_open(works: Works) -> None:
    listing(works)
    year(works, 2023, lithium="8")
    [found] = standing(works).mending
    assert (found.since, found.until, found.overdue) == (2023, date(2025, 3, 31), True)


# Load, report, permits, bars -----------------------------------------------------------------------------------------


def test_load_is_told_as_declared_and_as_the_records_tell(works: Works) -> None:
    listing(works)
    year(works, capacity__load="55", capacity__recycler="5000")
    works.opened("MORE", "2000")
    inputs = [{"lot": "MORE", "massKg": "1500"}, {"reagent": "acid", "massKg": "900"}]
    out = {"lot": "P-MORE", "material": "electrode_powder", "massKg": "800"}
    works.batch("crushing", inputs, [out], day="2025-12-30")
    # What it made itself is no feed, in this year or the next.
    for day, kilograms in (("2025-12-31", "300"), ("2026-01-05", "500")):
        works.batch("hydrometallurgy", [{"lot": "P-MORE", "massKg": kilograms}], [], day=day)
    found = standing(works).load
    assert found is not None
    assert (found.year, found.declared, found.capacity) == (2025, Decimal(55), Decimal(5000))
    assert (found.fed_mg, found.recorded) == (2_500_000_000, Decimal("0.05"))


@pytest.mark.parametrize(
    ("figures", "recorded"),
    [({}, None), ({"capacity.recycler": "0"}, None), ({"capacity.recycler": "1"}, 0)],
)
def test_without_a_capacity_there_is_no_load(works: Works, figures: dict[str, str], recorded: int | None) -> None:
    listing(works)
    works.declare(figures=figures)
    found = standing(works).load
    assert found is not None
    assert (found.declared, found.recorded) == (None, recorded)


@pytest.mark.parametrize(
    ("reported", "day", "state", "on"),
    [
        pytest.param(None, "2026-01-01", "due", None, id="due from the first of January"),
        pytest.param(None, "2026-03-31", "due", None, id="on the last day"),
        pytest.param(None, "2026-04-01", "missing", None, id="over"),
        pytest.param("2026-03-31", "2026-03-30", "due", None, id="not known yet"),
        pytest.param("2026-03-31", "2026-03-31", "handed_in", "2026-03-31", id="in time"),
        pytest.param("2026-04-01", "2026-03-31", "due", None, id="late, and not known yet"),
        pytest.param("2026-04-01", "2026-04-01", "late", "2026-04-01", id="late"),
    ],
)
def test_the_annual_report_is_due_handed_in_late_or_missing(
    works: Works, reported: str | None, day: str, state: str, on: str | None
) -> None:
    listing(works)
    if reported:
        works.declare(figures={"water.reuse": "91"}, day="2026-02-01", reported=reported)
    found = standing(works, date.fromisoformat(day))
    assert found.report is not None
    assert (found.report.state, found.report.on) == (state, on and date.fromisoformat(on))
    overdue = [one.overdue for one in found.dues if one.kind == "annual_report"]
    assert overdue == {"due": [False], "missing": [True]}.get(state, [])


def test_who_was_revoked_before_it_was_due_owes_no_report(works: Works) -> None:
    listing(works, revokedOn="2026-03-31")
    assert standing(works).report is None


def test_permits_that_end_within_a_year_are_due_and_those_that_ended_overdue(works: Works) -> None:
    listing(works)
    works.declare(figures={"water.reuse": "91"})
    permit(works, "eia", validUntil="2026-12-31")
    permit(works, "pollution", validUntil="2026-05-31")
    permit(works, "project_filing", validUntil="2026-09-30")
    permit(works, "project_filing", number="N-2", validUntil=None)
    assert [(one.day.isoformat(), one.what, one.overdue) for one in standing(works).dues] == [
        ("2026-05-31", "pollution", True), ("2026-12-31", "eia", False),
    ]  # fmt: skip
    permit(works, "pollution", number="N-2", validUntil="2030-01-01")
    assert [one.what for one in standing(works).dues] == ["eia"]


def test_a_penalised_company_may_not_apply_for_two_years(works: Works) -> None:
    penalty(works, "2026-05-10", number="2026-7")
    penalty(works, "2026-06-20", number="2026-9")
    found = standing(works)
    assert found.barred_until == date(2028, 6, 20)
    assert [(one.number, one.until) for one in found.penalties] == [
        ("2026-9", date(2028, 6, 20)), ("2026-7", date(2028, 5, 10)),
    ]  # fmt: skip
    assert standing(works, date(2026, 6, 20)).barred_until == date(2028, 5, 10)


# As known then -------------------------------------------------------------------------------------------------------


def test_what_was_told_or_corrected_later_was_not_known_then(works: Works) -> None:
    listing(works)
    year(works, lithium="8")
    works.declare(figures={"capacity.load": "70"}, day="2026-02-02", reported="2026-08-01")
    penalty(works, "2026-05-10", reported="2026-08-01")
    permit(works, validUntil="2026-12-31", day="2026-08-01")
    works.tell("corrected", "2026-08-01", by=works.world.alliance,
               corrects=LifecycleEvent.objects.get(type="listing").key,
               replacement={"type": "listing", "occurredAt": "2023-12-01T12:00:00+08:00",
                            "details": {"organisation": works.world.stranger.code, "scope": "recovery"}})  # fmt: skip
    then, now = standing(works, date(2026, 7, 31)), standing(works, date(2026, 8, 31))
    assert (then.is_listed, now.is_listed) == (True, False)
    assert (then.load and then.load.declared, now.load and now.load.declared) == (Decimal(55), Decimal(70))
    assert (then.barred_until, now.barred_until) == (None, date(2028, 5, 10))
    assert [one.kind for one in then.dues] == ["mending"]
    stranger = works.world.stranger.code
    assert [one.code for one in listed_companies(date(2026, 7, 31))] == [works.company.code]
    assert [one.code for one in listed_companies(date(2026, 8, 31))] == [stranger]


@given(st.data())
def test_a_standing_is_the_same_when_asked_again_years_later(world: World, data: st.DataObject) -> None:
    with rolled_back():
        works = Works(world, world.recycler)

        def happen(day: str) -> None:
            for what in data.draw(
                st.lists(st.sampled_from(("year", "listing", "permit", "penalty", "review")), max_size=4)
            ):
                if what == "year":
                    works.smelted(
                        into=METALS, out=GOOD | {"li": data.draw(st.sampled_from(("8", "9.5")))}, reported=day
                    )
                    works.declare(figures={"water.reuse": data.draw(st.sampled_from(("80", "95")))}, reported=day)
                elif what == "listing":
                    revoked = data.draw(st.sampled_from((None, "2026-01-15")))
                    listing(works, day=day, reported=day, revokedOn=revoked)
                elif what == "permit":
                    permit(works, day=day, validUntil=data.draw(st.sampled_from((None, "2026-02-01", "2026-12-31"))))
                elif what == "penalty":
                    penalty(works, "2026-02-15", reported=day)
                else:
                    works.review(accepted=data.draw(st.booleans()), day=day)

        happen("2026-02-20")
        before = standing(works, date(2026, 3, 1))
        happen("2026-04-01")
        assert standing(works, date(2026, 3, 1)) == before


# What it costs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [pytest.param(None, id="today"), pytest.param(JUDGED, id="a past day")])
def test_as_many_queries_for_many_companies_as_for_few(world: World, day: date | None) -> None:
    def company(party: Party) -> None:
        own = Works(world, party)
        listing(own)
        permit(own)
        penalty(own, "2026-05-10")
        year(own, lithium="8")
        own.crushed(powder="490")
        own.tell("received", "2025-06-15", battery=world.pack_code())
        own.tell(
            "declaration_reviewed", "2026-03-01", by=world.alliance, organisation=party.code, year=2025, accepted=True
        )

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert listed_companies(day or timezone.localdate())
        return len(queries)

    company(world.recycler)
    few = cost()
    for party in (world.stranger, world.second_life):
        company(party)
    assert cost() == few
    assert few <= (28 if day is None else 53)
