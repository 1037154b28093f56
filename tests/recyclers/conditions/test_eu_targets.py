"""The EU's targets: each clause at its limit, from which day, over the company as one process, and what decides."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recyclers.conditions.judging import Judged
from recyclers.conditions.telling import as_json
from recyclers.conditions.terms import Terms
from tests.recyclers.conditions.works import Works
from tests.worlds import World, rolled_back

EU = "eu2023_1542"
#: A day under the first targets for materials, and one under the second.
FIRST, SECOND = "2028-06-15", "2032-06-15"
LATE = date(2034, 1, 1)
SALTS = {"li": ("lithium_carbonate", "18.79"), "ni": ("nickel_sulfate_hexahydrate", "22.33"), "cu": ("copper", "100"),
         "co": ("cobalt_sulfate_heptahydrate", "20.97")}  # fmt: skip


def judged(works: Works, key: str, day: str = FIRST, **options: Any) -> Judged:
    """The clause of the part that a day belongs to, over that day alone unless `until` says more."""
    first, last = date.fromisoformat(day), date.fromisoformat(options.pop("until", day))
    [part] = works.report(first, last, edition=EU, **({"as_of": LATE} | options)).parts
    return next(one for one in part.clauses if one.key == key)


def verdict(works: Works, key: str, day: str = FIRST, **options: Any) -> str:
    return judged(works, key, day, **options).verdict


def put_through(works: Works, element: str, percent: str, day: str = FIRST, **more: Any) -> None:
    """1000 kg that hold 10 % of an element, and products that give back so many percent of that."""
    works.smelted(into={element: "10"}, out={element: str(Decimal(percent) / 10)}, day=day, **more)


# Materials -----------------------------------------------------------------------------------------------------------


LIMITS = [("co", "90", "95"), ("cu", "90", "95"), ("ni", "90", "95"), ("li", "50", "80")]


@pytest.mark.parametrize(
    ("element", "day", "limit"),
    [(element, day, limit) for element, *limits in LIMITS for day, limit in zip((FIRST, SECOND), limits, strict=True)],
)
@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        pytest.param("0", "pass", id="at the limit"),
        pytest.param("-0.000001", "fail", id="just under"),
        pytest.param("0.000001", "pass", id="just over"),
        pytest.param(None, "no_evidence", id="not measured"),
        pytest.param("above", "implausible", id="more than there was"),
    ],
)
def test_a_material_is_held_against_its_target(
    works: Works, element: str, day: str, limit: str, beside: str | None, expected: str
) -> None:
    if beside is None:
        works.smelted(into={"mn": "10"}, out={element: "5"}, day=day)
    else:
        percent = Decimal("100.000001") if beside == "above" else Decimal(limit) + Decimal(beside)
        put_through(works, element, str(percent), day)
    assert verdict(works, f"eu.recovery.{element}", day) == expected


@pytest.mark.parametrize("element", [element for element, *_ in LIMITS])
@pytest.mark.parametrize(
    ("day", "threshold"),
    [("2027-12-30", None), ("2027-12-31", 0), ("2031-12-30", 0), ("2031-12-31", 1)],
)
def test_targets_for_materials_hold_from_their_first_day(
    works: Works, element: str, day: str, threshold: int | None
) -> None:
    put_through(works, element, "89" if element != "li" else "79", day)
    found = judged(works, f"eu.recovery.{element}", day)
    limits = next(limits for name, *limits in LIMITS if name == element)
    if threshold is None:
        assert (found.verdict, found.clause) == ("not_in_force", None)
    else:
        assert found.clause is not None
        assert found.clause.threshold == Decimal(limits[threshold])
        assert found.verdict == ("pass" if element == "li" and threshold == 0 else "fail")


@pytest.mark.parametrize("battery", [True, False])
def test_no_lead_is_asked_of_what_could_have_none(works: Works, battery: bool) -> None:
    if battery:
        crushed_pack(works, powder="0", copper="400")
    else:
        put_through(works, "co", "95")
    found = judged(works, "eu.recovery.pb")
    assert (found.verdict, found.measured) == ("not_applicable", None)


def test_a_battery_that_may_hold_lead_gives_no_evidence_of_it(works: Works) -> None:
    powder = [{"lot": "CU", "material": "copper", "massKg": "400"}]
    works.batch("crushing", [{"battery": "TMP-UNREADABLE", "massKg": "400"}], powder, day=FIRST)
    found = judged(works, "eu.recovery.pb")
    assert (found.verdict, found.evidence["inputsWithoutFigure"]) == ("no_evidence", 1)


# Efficiency ----------------------------------------------------------------------------------------------------------


def fed(works: Works, kilograms: str = "1000", **more: Any) -> dict[str, str]:
    """Bought scrap, as an input."""
    lot = f"SCRAP-{works.world.pack_code()}"
    works.opened(lot, kilograms, material="battery_scrap", **more)
    return {"lot": lot, "massKg": kilograms}


def steel(kilograms: str, **more: str) -> dict[str, str]:
    return {"lot": "STEEL", "material": "steel", "massKg": kilograms} | more


@pytest.mark.parametrize(("day", "limit"), [("2025-12-31", "650"), ("2030-12-30", "650"), ("2030-12-31", "700")])
@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        pytest.param("0", "pass", id="at the limit"),
        pytest.param("-0.000001", "fail", id="a milligram under"),
        pytest.param("0.000001", "pass", id="a milligram over"),
        pytest.param("400", "implausible", id="more than there was"),
    ],
)
def test_efficiency_is_held_against_its_target(works: Works, day: str, limit: str, beside: str, expected: str) -> None:
    works.batch("crushing", [fed(works)], [steel(str(Decimal(limit) + Decimal(beside)))], day=day)
    assert verdict(works, "eu.efficiency.lithium", day) == expected


def test_efficiency_is_not_asked_before_its_first_day(works: Works) -> None:
    works.batch("crushing", [fed(works)], [steel("100")], day="2025-12-30")
    assert verdict(works, "eu.efficiency.lithium", "2025-12-30") == "not_in_force"


def test_a_batch_that_does_not_say_what_went_in_gives_no_evidence(works: Works) -> None:
    works.batch("hydrometallurgy", [{"reagent": "sulfuric_acid", "massKg": "600"}], [steel("500")], day=FIRST)
    assert verdict(works, "eu.efficiency.lithium") == "no_evidence"


def test_compounds_count_by_their_elements_and_the_rest_by_dry_mass(works: Works) -> None:
    outputs = [
        {"lot": "LC", "material": "lithium_carbonate", "massKg": "100", "moisturePercent": "50"},
        {"lot": "NS", "material": "nickel_sulfate_hexahydrate", "massKg": "100", "assay": {"ni": "20", "co": "1"}},
        {"lot": "FP", "material": "iron_phosphate", "massKg": "100"},
        {"lot": "G", "material": "graphite", "massKg": "100", "moisturePercent": "10"},
        {"lot": "CM", "material": "cathode_material", "massKg": "100", "assay": {"ni": "40", "li": "7"}},
        {"lot": "EL", "material": "electrolyte", "massKg": "100"},
    ]
    inputs = [fed(works, moisturePercent="20"), {"reagent": "water", "massKg": "5000"}]
    works.batch("hydrometallurgy", inputs, outputs, day=FIRST)
    found = judged(works, "eu.efficiency.lithium")
    # 50 × 18.79 % + 21 + 100 × (37.03 + 20.54) % + 90 + 47; the electrolyte is not known to be used again.
    assert found.evidence["outputKg"] == "224.965"
    assert found.evidence["inputKg"] == "800"
    assert found.evidence["outputsWithoutFigure"] == 1


def test_what_reagents_bring_of_the_elements_is_no_product(works: Works) -> None:
    reagent = {"reagent": "lithium_carbonate", "massKg": "100"}
    out = {"lot": "LC", "material": "lithium_carbonate", "massKg": "200"}
    works.batch("hydrometallurgy", [fed(works), reagent], [out], day=FIRST)
    assert judged(works, "eu.efficiency.lithium").evidence["outputKg"] == "18.79"


def test_repaired_material_counts_whole(works: Works) -> None:
    out = {"lot": "CM", "material": "cathode_material", "massKg": "650"}
    works.batch("material_repair", [fed(works)], [out], day=FIRST)
    assert verdict(works, "eu.efficiency.lithium") == "pass"


def test_batteries_without_lithium_are_not_asked(works: Works) -> None:
    code = works.world.pack_code()
    code = f"{code[:4]}A{code[5:]}"
    works.tell("received", "2028-06-01", battery=code)
    works.batch("crushing", [{"battery": code, "massKg": "400"}], [steel("100")], day=FIRST)
    assert verdict(works, "eu.efficiency.lithium") == "not_applicable"


# Through the company -------------------------------------------------------------------------------------------------


def crushed_pack(works: Works, *, powder: str, copper: str, day: str = FIRST, **more: Any) -> str:
    """A pack of 1000 kg with 10 % cobalt, and powder that has all of that; the powder's lot."""
    code = works.world.pack_code()
    model = {"number": "NCM-75", "level": "pack", "composition": {"co": "0.1", "cu": "0.1"}}
    works.tell("model", "2021-01-01", by=works.world.maker, **model)
    works.tell("produced", "2021-12-04", by=works.world.maker, battery=code, model="NCM-75")
    lot = f"BM-{code}"
    outputs = [{"lot": f"CU-{code}", "material": "copper", "massKg": copper}]
    if Decimal(powder):
        held = str(Decimal(10000) / Decimal(powder))
        outputs.append({"lot": lot, "material": "electrode_powder", "massKg": powder, "assay": {"co": held, "cu": "0"}})
    works.batch("crushing", [{"battery": code, "massKg": "1000"}], outputs, day=day, **more)
    return lot


def leached(works: Works, lot: str, kilograms: str, cobalt: str, *, day: str = FIRST, **more: Any) -> None:
    """Powder leached to 100 kg of a sulfate that holds so many kilograms of cobalt."""
    assay = {"co": cobalt}
    outputs = [{"lot": f"CS-{lot}", "material": "cobalt_sulfate_heptahydrate", "massKg": "100", "assay": assay}]
    works.batch("hydrometallurgy", [{"lot": lot, "massKg": kilograms}], outputs, day=day, **more)


def test_a_company_that_crushes_and_leaches_is_one_process(works: Works) -> None:
    lot = crushed_pack(works, powder="500", copper="100")
    leached(works, lot, "500", "92")
    found = judged(works, "eu.recovery.co")
    assert (found.verdict, str(found.measured), found.evidence["intermediateLots"]) == ("pass", "92.00", 1)
    assert (found.evidence["inputKg"], found.evidence["outputKg"]) == ("100", "92")
    # 100 kg of copper and 92 kg of cobalt of 1000 kg.
    assert str(judged(works, "eu.efficiency.lithium").measured) == "19.20"


def test_powder_that_is_handed_on_unprocessed_gives_no_evidence(works: Works) -> None:
    crushed_pack(works, powder="500", copper="100")
    for key in ("eu.efficiency.lithium", "eu.recovery.co"):
        found = judged(works, key)
        assert (found.verdict, found.measured, found.evidence["pendingKg"]) == ("no_evidence", None, "500")
    # There is no copper in it: what becomes of it says nothing of copper.
    assert verdict(works, "eu.recovery.cu") == "pass"


def test_what_the_company_leaches_on_another_day_is_judged_on_that_day(works: Works) -> None:
    lot = crushed_pack(works, powder="500", copper="90")
    leached(works, lot, "500", "92", day="2029-01-10")
    on_crushing, on_leaching = ((judged(works, "eu.recovery.co", day)) for day in (FIRST, "2029-01-10"))
    # All cobalt went on into the powder: nothing of it was put through on that day.
    assert (on_crushing.verdict, on_crushing.measured) == ("not_applicable", None)
    assert (on_leaching.verdict, str(on_leaching.measured)) == ("pass", "92.00")
    assert verdict(works, "eu.recovery.cu") == "pass"
    both = judged(works, "eu.recovery.co", FIRST, until="2029-12-31")
    assert (both.verdict, str(both.measured)) == ("pass", "92.00")


def test_powder_that_was_split_is_followed(works: Works) -> None:
    lot = crushed_pack(works, powder="500", copper="90")
    works.tell("lot_split", "2028-07-01", top={"lot": lot}, into=[{"lot": "HALF", "massKg": "250"}])
    leached(works, "HALF", "250", "46", day="2029-01-10")
    found = judged(works, "eu.efficiency.lithium")
    assert (found.verdict, found.evidence["pendingKg"]) == ("no_evidence", "250")
    leached(works, lot, "250", "46", day="2029-01-11")
    assert (judged(works, "eu.efficiency.lithium").evidence["inputKg"], judged(works, "eu.recovery.co").verdict) == (
        "500",
        "not_applicable",
    )


def test_as_of_a_past_day_what_was_leached_later_is_not_known(works: Works) -> None:
    lot = crushed_pack(works, powder="500", copper="90")
    leached(works, lot, "500", "92", day="2029-01-10")
    assert verdict(works, "eu.recovery.co", as_of=date(2028, 12, 31)) == "no_evidence"
    assert verdict(works, "eu.recovery.co", as_of=date(2029, 1, 11)) == "not_applicable"


def test_a_site_is_not_credited_with_what_another_one_recovers(works: Works) -> None:
    east, west = ({"site": {"name": name}} for name in ("East", "West"))
    lot = crushed_pack(works, powder="500", copper="90", top=east)
    leached(works, lot, "500", "92", top=west)
    assert verdict(works, "eu.recovery.co") == "pass"
    by_site = judged(works, "eu.recovery.co", terms={"boundary": "site"})
    assert (by_site.verdict, by_site.evidence["taken"]) == (
        "no_evidence", {"of": "East", "values": 2, "no_evidence": 1, "pass": 1},
    )  # fmt: skip


def test_a_month_is_judged_by_what_was_put_through_in_it(works: Works) -> None:
    for number, cobalt in ((1, "99"), (2, "89")):
        lot = crushed_pack(works, powder="500", copper="100", day=f"2028-0{number}-10")
        leached(works, lot, "500", cobalt, day=f"2028-0{number}-20")
    days = {"day": "2028-01-01", "until": "2028-12-31"}
    assert verdict(works, "eu.recovery.co", **days) == "pass"
    found = judged(works, "eu.recovery.co", **days, terms={"averaging": "month"})
    assert (found.verdict, found.evidence["taken"]["of"]) == ("fail", "2028-02")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True), st.booleans())
def test_however_powder_is_drawn_the_whole_is_the_same(world: World, cuts: list[int], split: bool) -> None:
    """In one batch or in many, on whichever days, as it was or split before: what was put through is put through."""
    with rolled_back():
        works = Works(world, world.recycler)
        lot = crushed_pack(works, powder="500", copper="100")
        bounds = [0, *sorted(cuts), 100]
        for number, (begin, end) in enumerate(pairwise(bounds)):
            kilograms, day = str(5 * (end - begin)), (date.fromisoformat(FIRST) + timedelta(days=begin)).isoformat()
            drawn = lot
            if split:
                drawn = f"PART-{number}"
                works.tell("lot_split", day, top={"lot": lot}, into=[{"lot": drawn, "massKg": kilograms}])
            out = {"lot": f"CS-{number}", "material": "cobalt_sulfate_heptahydrate", "massKg": "100",
                   "assay": {"co": str(Decimal(96 * (end - begin)) / 100)}}  # fmt: skip
            works.batch("hydrometallurgy", [{"lot": drawn, "massKg": kilograms}], [out], day=day)
        found = judged(works, "eu.recovery.co", FIRST, until="2028-12-31")
        assert (found.verdict, str(found.measured)) == ("pass", "96.00")
        # By months the same is put through in parts, and each of them is judged.
        by_month = judged(works, "eu.recovery.co", FIRST, until="2028-12-31", terms={"averaging": "month"})
        assert (by_month.verdict, str(by_month.measured)) == ("pass", "96.00")


# What decides --------------------------------------------------------------------------------------------------------


def test_a_company_that_is_held_against_the_text_is_judged_by_it(works: Works) -> None:
    put_through(works, "co", "89")
    report = works.report(date(2028, 1, 1), date(2028, 12, 31), edition=EU, as_of=LATE)
    assert report.verdict == "fail"
    [part] = as_json(report)["parts"]
    assert {one["clause"]: (one["enforced"], one["verdict"]) for one in part["clauses"]} == {
        "eu.efficiency.lithium": (True, "fail"),
        "eu.recovery.co": (True, "fail"),
        "eu.recovery.cu": (True, "no_evidence"),
        "eu.recovery.pb": (True, "not_applicable"),
        "eu.recovery.ni": (True, "no_evidence"),
        "eu.recovery.li": (True, "no_evidence"),
    }


def test_the_domestic_conditions_know_nothing_of_it(works: Works) -> None:
    put_through(works, "co", "89")
    report = works.report(date(2028, 1, 1), date(2028, 12, 31), as_of=LATE)
    assert not any(one.key.startswith("eu.") for part in report.parts for one in part.clauses)


def test_before_any_target_there_is_nothing_to_meet(works: Works) -> None:
    report = works.report(date(2025, 1, 1), date(2025, 12, 30), edition=EU)
    assert (report.verdict, [part.verdict for part in report.parts]) == ("not_in_force", ["not_in_force"])
    report = works.report(date(2025, 1, 1), date(2025, 12, 31), edition=EU)
    assert [part.verdict for part in report.parts] == ["not_in_force", "pass"]
    assert report.verdict == "pass"


def test_a_period_is_cut_wherever_a_target_changes(works: Works) -> None:
    report = works.report(date(2025, 1, 1), date(2032, 12, 31), edition=EU)
    assert [part.part.first.isoformat() for part in report.parts] == [
        "2025-01-01", "2025-12-31", "2027-12-31", "2030-12-31", "2031-12-31",
    ]  # fmt: skip


def test_who_is_no_recycler_is_not_asked(world: World) -> None:
    works = Works(world, world.second_life)
    put_through(works, "co", "89")
    report = works.report(date(2028, 1, 1), date(2028, 12, 31), edition=EU, as_of=LATE, terms={})
    assert {one.verdict for part in report.parts for one in part.clauses} == {"not_applicable"}
    assert Terms() == report.terms
