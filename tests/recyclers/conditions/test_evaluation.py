"""A company over a period: parts by edition, verdicts, how figures are taken, what is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recyclers.conditions.evaluation import LAST_DAY, evaluate
from recyclers.conditions.terms import terms
from tests.recyclers.conditions.works import YEAR, Works
from tests.worlds import World, rolled_back
from traceability.errors import Refusal
from traceability.models import LifecycleEvent

LI = {"li": "10"}
METALS = {"li": "10", "ni": "10", "co": "10", "mn": "10"}


def good_year(works: Works, **more: str) -> None:
    """All clauses of a company that crushes nothing are met."""
    works.smelted(into=METALS, out={"li": "9.5", "ni": "9.9", "co": "9.9", "mn": "9.9"})
    works.declare_all(**more)


# Parts and verdicts --------------------------------------------------------------------------------------------------


def test_a_company_that_meets_everything_passes(works: Works) -> None:
    good_year(works)
    report = works.report()
    assert report.verdict == "pass"
    [part] = report.parts
    assert {one.verdict for one in part.clauses if one.decides} == {"pass", "not_applicable"}


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        pytest.param({"water__reuse": "89.9"}, "fail", id="one fails"),
        pytest.param({"water__reuse": "100.1"}, "fail", id="one cannot be true"),
        pytest.param({"rnd__share": "0.1", "fluoride__fixation": "1"}, "pass", id="provisional ones decide nothing"),
    ],
)
def test_one_enforced_clause_decides(works: Works, figures: dict[str, str], verdict: str) -> None:
    good_year(works, **figures)
    assert works.report().verdict == verdict


def test_without_evidence_nothing_passes_and_a_failure_weighs_more(works: Works) -> None:
    works.smelted(into=METALS, out={"li": "9.5", "ni": "9.9", "co": "9.9", "mn": "9.9"})
    works.declare_all(without=("water.reuse",))
    assert works.report().verdict == "no_evidence"
    works.declare(figures={"capacity.load": "9"})
    assert works.report().verdict == "fail"


def test_provisional_clauses_decide_where_they_are_switched_on(works: Works) -> None:
    good_year(works, rnd__share="2.9", fluoride__fixation="99.9", recovery__rare_earth_other="98")
    assert works.report().verdict == "pass"
    found = works.report(terms={"provisional": True})
    assert found.verdict == "fail"
    assert found.terms.as_json()["provisional"] is True


@pytest.mark.parametrize(
    ("first", "last", "texts"),
    [
        ("2025-01-01", "2025-12-31", [("2024", "2025-01-01", "2025-12-31")]),
        ("2024-12-31", "2025-01-01", [("2019", "2024-12-31", "2024-12-31"), ("2024", "2025-01-01", "2025-01-01")]),
        ("2019-12-31", "2020-01-02", [("2019", "2020-01-02", "2020-01-02")]),
        ("2019-01-01", "2020-01-01", []),
    ],
)
def test_each_part_is_judged_by_the_edition_in_force(
    works: Works, first: str, last: str, texts: list[tuple[str, str, str]]
) -> None:
    report = works.report(date.fromisoformat(first), date.fromisoformat(last))
    parts = [one.part for one in report.parts]
    assert [(part.text, part.first.isoformat(), part.last.isoformat()) for part in parts] == texts
    assert (report.verdict == "not_in_force") is (not texts)


def test_an_edition_that_is_asked_for_judges_the_whole_period(works: Works) -> None:
    works.smelted(into=LI, out={"li": "8.7"}, day="2024-06-01")
    works.smelted(into=LI, out={"li": "8.7"}, day="2025-06-01")
    days = date(2024, 1, 1), date(2025, 12, 31)
    assert works.verdict("recovery.li", *days, edition="2019") == "pass"
    assert works.verdict("recovery.li", *days, edition="2024") == "fail"
    assert works.verdict("recovery.electrode_powder", *days, edition="2019") == "not_in_force"
    [part] = works.report(*days, edition="2019").parts
    assert (part.part.first, part.part.last) == days


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        pytest.param(date(2026, 7, 30), date(2026, 12, 31), "pass", id="on its last day"),
        pytest.param(date(2026, 7, 31), date(2026, 12, 31), "not_in_force", id="after it"),
    ],
)
@pytest.mark.parametrize("edition", [None, "2024"])
def test_a_clause_that_ended_within_its_edition_counts_until_then(
    world: World, first: date, last: date, verdict: str, edition: str | None
) -> None:
    works = Works(world, world.second_life)
    works.declare(year=2026, day="2027-01-10", figures={"second_life.share": "60"})
    asked = {"edition": edition, "as_of": date(2027, 2, 1)}
    assert works.verdict("second_life.share", first, last, **asked) == verdict


def test_a_period_of_several_years_is_judged_by_the_worst_of_them(works: Works) -> None:
    days = date(2024, 1, 1), date(2025, 12, 31)
    works.declare(year=2024, figures={"water.reuse": "95"})
    assert works.verdict("water.reuse", *days, edition="2024") == "no_evidence"
    works.declare(year=2025, figures={"water.reuse": "91"})
    found = works.clause("water.reuse", *days, edition="2024")
    assert (found.verdict, str(found.measured)) == ("pass", "91")
    works.declare(year=2024, figures={"water.reuse": "89"}, day="2025-02-02")
    found = works.clause("water.reuse", *days, edition="2024")
    assert (found.verdict, str(found.measured), found.evidence["taken"]["of"]) == ("fail", "89", "2024")


# How figures are taken -----------------------------------------------------------------------------------------------


def test_one_bad_month_is_made_up_for_over_the_year_and_not_by_months(works: Works) -> None:
    works.smelted(into=LI, out={"li": "8"}, day="2025-03-31")
    works.smelted(into=LI, out={"li": "10"}, day="2025-04-01")
    assert works.verdict("recovery.li") == "pass"
    by_month = works.clause("recovery.li", terms={"averaging": "month"})
    assert (by_month.verdict, str(by_month.measured)) == ("fail", "80.00")
    assert by_month.evidence["taken"] == {"of": "2025-03", "values": 2, "fail": 1, "pass": 1}


def test_one_bad_batch_is_made_up_for_within_its_month_and_not_by_batches(works: Works) -> None:
    works.smelted(into=LI, out={"li": "8"}, number="BAD")
    works.smelted(into=LI, out={"li": "10"})
    assert works.verdict("recovery.li", terms={"averaging": "month"}) == "pass"
    by_batch = works.clause("recovery.li", terms={"averaging": "batch"})
    assert (by_batch.verdict, by_batch.evidence["batches"]) == ("fail", ["BAD"])


def test_one_bad_site_is_made_up_for_by_the_company_and_not_by_sites(works: Works) -> None:
    works.smelted(into=LI, out={"li": "8"}, top={"site": {"name": "East"}})
    works.smelted(into=LI, out={"li": "10"}, top={"site": {"name": "West"}})
    assert works.verdict("recovery.li") == "pass"
    by_site = works.clause("recovery.li", terms={"boundary": "site"})
    assert (by_site.verdict, by_site.evidence["taken"]["of"]) == ("fail", "East")


def test_sites_and_months_go_together(works: Works) -> None:
    for site, month, percent in (("East", "03", "10"), ("East", "04", "8"), ("West", "03", "10"), ("West", "04", "10")):
        works.smelted(into=LI, out={"li": percent}, day=f"2025-{month}-15", top={"site": {"name": site}})
    found = works.clause("recovery.li", terms={"boundary": "site", "averaging": "month"})
    assert found.evidence["taken"] == {"of": "East · 2025-04", "values": 4, "fail": 1, "pass": 3}


def test_a_day_of_china_decides_to_which_period_a_batch_belongs(works: Works) -> None:
    lot = works.smelted(into=LI, out={"li": "8"}, number="EVE")
    assert lot == "EVE"
    # Half past midnight on New Year's Day in China, and still the old year in Greenwich.
    works.opened("NY", assay=LI)
    out = {"lot": "P-NY", "material": "cathode_material", "massKg": "1000", "assay": {"li": "10"}}
    fact = works.world.fact(
        "batch", works.company, at="2025-12-31T16:30:00Z", top={"reportedAt": "2026-01-02T00:00:00Z"},
        number="NY", process="hydrometallurgy", inputs=[{"lot": "NY", "massKg": "1000"}], outputs=[out],
    )  # fmt: skip
    works.world.capture([fact])
    assert works.clause("recovery.li").evidence["batches"] == ["EVE"]
    assert works.clause("recovery.li", date(2026, 1, 1), date(2026, 1, 1)).evidence["batches"] == ["NY"]


def test_a_batch_that_does_not_balance_is_named_in_the_evidence(works: Works) -> None:
    works.smelted(into=LI, out={"li": "10.3"}, number="MORE")
    works.smelted(into=LI, out={"li": "9.5"})
    found = works.clause("recovery.li")
    assert (found.verdict, found.evidence["unbalancedBatches"]) == ("pass", ["MORE"])


def test_evidence_tells_the_masses_and_the_batches(works: Works) -> None:
    works.smelted(into=LI, out={"li": "9.5"}, number="B-9")
    assert works.clause("recovery.li").evidence == {"inputKg": "100", "outputKg": "95", "batches": ["B-9"]}


# Declarations --------------------------------------------------------------------------------------------------------


def test_later_declarations_complete_and_replace_earlier_ones(works: Works) -> None:
    works.declare(figures={"water.reuse": "80", "capacity.load": "50"})
    works.declare(figures={"water.reuse": "95"}, day="2026-02-02")
    assert (works.verdict("water.reuse"), works.verdict("capacity.load")) == ("pass", "pass")


def test_what_the_alliance_objects_to_is_no_evidence_until_it_is_declared_anew(works: Works) -> None:
    works.declare(figures={"water.reuse": "95"}, key="first")
    works.review(accepted=False, reason="The meters were not calibrated.")
    found = works.clause("water.reuse")
    assert (found.verdict, found.measured) == ("no_evidence", None)
    assert found.evidence["declaration"] == "first"
    assert (found.evidence["review"], found.evidence["objection"]) == ("objected", "The meters were not calibrated.")
    works.declare(figures={"water.reuse": "94"}, day="2026-03-20")
    assert works.clause("water.reuse").evidence["review"] == "declared"
    works.review(accepted=True, day="2026-04-01")
    found = works.clause("water.reuse")
    assert (found.verdict, found.evidence["review"]) == ("pass", "confirmed")


def test_a_declaration_that_was_withdrawn_counts_no_longer(works: Works) -> None:
    key = works.declare(figures={"water.reuse": "95"})
    works.tell("corrected", "2026-03-01", corrects=key, reason="mistaken")
    assert works.verdict("water.reuse") == "no_evidence"


# As of a day ---------------------------------------------------------------------------------------------------------


def test_as_of_a_past_day_only_counts_what_had_been_reported(works: Works) -> None:
    works.smelted(into=LI, out={"li": "9.5"})
    works.smelted(into=LI, out={"li": "1"}, reported="2026-05-01")
    works.declare(figures={"water.reuse": "95"})
    works.declare(figures={"water.reuse": "10"}, reported="2026-05-01")
    for clause in ("recovery.li", "water.reuse"):
        assert works.verdict(clause, as_of=date(2026, 4, 30)) == "pass"
        assert works.verdict(clause, as_of=date(2026, 5, 1)) == "fail"
    assert works.verdict("water.reuse", as_of=date(2025, 12, 31)) == "no_evidence"
    assert works.verdict("recovery.li", as_of=date(2025, 6, 1)) == "not_applicable"


def test_as_of_a_past_day_corrections_made_later_do_not_count(works: Works) -> None:
    works.opened("C", assay=LI, key="opened")
    said = {"number": "C", "process": "hydrometallurgy", "inputs": [{"lot": "C", "massKg": "1000"}]}
    out = {"lot": "P-C", "material": "cathode_material", "massKg": "1000"}
    works.tell("batch", "2025-06-15", key="batch", **said, outputs=[out | {"assay": {"li": "9.5"}}])
    worse = {"type": "batch", "occurredAt": "2025-06-15T12:00:00+08:00",
             "details": said | {"outputs": [out | {"assay": {"li": "5"}}]}}  # fmt: skip
    works.tell("corrected", "2026-04-10", corrects="batch", replacement=worse)
    assert works.verdict("recovery.li", as_of=date(2026, 4, 10)) == "pass"
    assert works.verdict("recovery.li", as_of=date(2026, 4, 11)) == "fail"


def test_as_of_a_past_day_what_a_lot_was_said_to_hold_later_is_not_known(works: Works) -> None:
    out = {"lot": "P-X", "material": "cathode_material", "massKg": "1000", "assay": {"li": "9.5"}}
    works.batch("hydrometallurgy", [{"lot": "X", "massKg": "1000"}], [out])
    works.opened("X", assay=LI, reported="2026-05-01")
    assert works.verdict("recovery.li", as_of=date(2026, 4, 30)) == "no_evidence"
    assert works.verdict("recovery.li", as_of=date(2026, 5, 1)) == "pass"


def test_as_of_a_past_day_models_are_as_they_had_been_filed(works: Works) -> None:
    world, code = works.world, works.world.pack_code()
    model = {"number": "NCM-75", "level": "pack", "composition": {"li": "0.02"}}
    works.tell("model", "2021-01-01", by=world.maker, key="m", **model)
    works.tell("produced", "2021-12-04", by=world.maker, battery=code, model="NCM-75")
    out = {"lot": "P-B", "material": "cathode_material", "massKg": "100", "assay": {"li": "9"}}
    works.batch("hydrometallurgy", [{"battery": code, "massKg": "500"}], [out])
    works.tell("model", "2026-04-20", by=world.maker, **(model | {"composition": {"li": "0.03"}}))
    assert works.verdict("recovery.li", as_of=date(2026, 4, 19)) == "pass"
    assert works.verdict("recovery.li", as_of=date(2026, 4, 21)) == "fail"


def test_as_of_a_past_day_an_origin_told_later_is_not_known(works: Works) -> None:
    code = works.world.pack_code()
    works.tell("received", "2025-06-15", battery=code)
    works.tell("produced", "2021-12-04", by=works.world.maker, battery=code, reported="2026-05-01")
    assert works.verdict("origin.unknown", as_of=date(2026, 4, 30)) == "fail"
    assert works.verdict("origin.unknown", as_of=date(2026, 5, 1)) == "pass"


@given(st.data())
def test_a_verdict_is_the_same_when_asked_again_years_later(world: World, data: st.DataObject) -> None:
    """Whatever is told after a day, the report as of that day stays what it was."""
    with rolled_back():
        works = Works(world, world.recycler)
        happenings = ("smelted", "crushed", "declared", "reviewed", "received", "late", "withdrawn", "model")
        keys: list[str] = []

        def happen(day: date) -> None:
            for what in data.draw(st.lists(st.sampled_from(happenings), max_size=5)):
                tell(works, what, day.isoformat(), keys, data)

        happen(date(2026, 2, 1))
        before = works.report(as_of=date(2026, 3, 1))
        happen(date(2026, 4, 1))
        after = works.report(as_of=date(2026, 3, 1))
        assert (after.verdict, after.parts) == (before.verdict, before.parts)


def tell(works: Works, what: str, reported: str, keys: list[str], data: st.DataObject) -> None:
    world = works.world
    percent = data.draw(st.sampled_from(("8.9", "9", "10.1")))
    if what == "smelted":
        works.smelted(into=LI, out={"li": percent}, reported=reported)
        keys.append(key_of_last_batch())
    elif what == "crushed":
        works.crushed(powder="490", assay={"al": "1.4", "cu": "1.6"}, reported=reported)
        keys.append(key_of_last_batch())
    elif what == "declared":
        keys.append(works.declare(figures={"water.reuse": percent + "0"}, reported=reported))
    elif what == "reviewed":
        works.review(accepted=data.draw(st.booleans()), day=reported)
    elif what == "received":
        works.tell("received", "2025-06-15", battery=world.pack_code(), reported=reported)
    elif what == "late":
        code = world.pack_code()
        works.tell("received", "2025-06-15", battery=code, reported=reported)
        works.tell("produced", "2021-12-04", by=world.maker, battery=code, reported=reported)
    elif what == "withdrawn" and keys:
        works.tell("corrected", reported, corrects=data.draw(st.sampled_from(keys)), reported=reported)
    elif what == "model":
        said = {"number": "NCM-75", "composition": {"li": data.draw(st.sampled_from(("0.02", "0.03")))}}
        works.tell("model", "2021-01-01", by=world.maker, reported=reported, **said)


def key_of_last_batch() -> str:
    return str(LifecycleEvent.objects.filter(type="batch").latest("id").key)


# Out of scope --------------------------------------------------------------------------------------------------------


@given(st.data())
def test_what_is_out_of_scope_changes_nothing(world: World, data: st.DataObject) -> None:
    """Another company's facts, and those of days before and after the period, leave every clause as it was."""
    with rolled_back():
        works, other = Works(world, world.recycler), Works(world, world.stranger)
        works.smelted(into=LI, out={"li": "9.1"})
        works.declare_all()
        before = works.report().parts
        for what in data.draw(st.lists(st.sampled_from(("before", "after", "year", "other", "theirs")), max_size=4)):
            if what in ("before", "after"):
                day = "2024-12-31" if what == "before" else "2026-01-01"
                works.smelted(into=LI, out={"li": "1"}, day=day)
                works.tell("received", day, battery=world.pack_code())
            elif what == "year":
                works.declare(
                    year=data.draw(st.sampled_from((2024, 2026))), figures={"water.reuse": "1"}, day="2026-03-01"
                )
            elif what == "other":
                other.smelted(into=LI, out={"li": "1"})
                other.declare(figures={"water.reuse": "1"})
            else:
                other.tell("received", "2025-06-15", battery=world.pack_code(), reported="2026-06-01")
        assert works.report().parts == before


# What is refused -----------------------------------------------------------------------------------------------------


def test_a_company_that_nobody_knows_is_refused(db: None) -> None:
    with pytest.raises(Refusal) as refused:
        evaluate("91510100MA6999999X", *YEAR)
    assert [(one.code, one.path) for one in refused.value.problems] == [("unknown_organisation", ("recycler",))]


@pytest.mark.parametrize(
    ("first", "last", "options", "path"),
    [
        (date(2025, 1, 2), date(2025, 1, 1), {}, ("until",)),
        (date(2015, 1, 1), date(2026, 1, 1), {}, ("until",)),
        (*YEAR, {"edition": "2025"}, ("edition",)),
        (date(9999, 1, 1), date(9999, 12, 31), {}, ("until",)),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    works: Works, first: date, last: date, options: dict[str, str], path: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        works.report(first, last, **options)
    assert [(one.code, one.path) for one in refused.value.problems] == [("wrong_value", path)]


@pytest.mark.parametrize(
    ("first", "last", "as_of"),
    [
        pytest.param(date.min, date.min, None, id="the first day that there is"),
        pytest.param(date(9990, 1, 1), LAST_DAY, None, id="the last years"),
        pytest.param(*YEAR, date.min, id="as of the first day"),
        pytest.param(*YEAR, date.max, id="as of the last day"),
    ],
)
def test_the_ends_of_the_calendar_are_days_like_others(
    works: Works, first: date, last: date, as_of: date | None
) -> None:
    works.tell("received", "2025-06-15", battery=works.world.pack_code())
    assert works.report(first, last, as_of=as_of).verdict in ("not_in_force", "no_evidence", "fail")


def test_a_maker_is_not_judged_by_these_conditions(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        evaluate(world.maker.code, *YEAR)
    assert [(one.code, one.path) for one in refused.value.problems] == [("wrong_value", ("recycler",))]


@pytest.mark.parametrize(("name", "options"), [("boundary", {"boundary": "x"}), ("averaging", {"averaging": "day"})])
def test_a_parameter_that_is_not_known_is_refused(name: str, options: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        terms(**options)
    assert [(one.code, one.path) for one in refused.value.problems] == [("wrong_value", (name,))]
