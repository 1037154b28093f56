"""Each clause at its limit, just under, just over, without a figure and with one that cannot be true."""

from datetime import date
from decimal import Decimal

import pytest

from tests.recyclers.conditions.works import MIDDLE, Works
from tests.worlds import World

IN_2024 = (date(2024, 1, 1), date(2024, 12, 31))


# From batches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "verdict", "measured"),
    [
        pytest.param("9", "pass", "90.00", id="at the limit"),
        pytest.param("8.9999999", "fail", "90.00", id="just under, and printed alike"),
        pytest.param("9.0000001", "pass", "90.00", id="just over"),
        pytest.param("10", "pass", "100.00", id="all of it"),
        pytest.param("10.0000001", "implausible", "100.00", id="more than there was"),
    ],
)
def test_lithium_is_held_against_90_percent(works: Works, percent: str, verdict: str, measured: str) -> None:
    works.smelted(into={"li": "10"}, out={"li": percent})
    found = works.clause("recovery.li")
    assert (found.verdict, str(found.measured)) == (verdict, measured)


@pytest.mark.parametrize(
    ("day", "percent", "verdict"),
    [
        pytest.param("2024-12-31", "8.5", "pass", id="85 % are enough on the last day of the 2019 edition"),
        pytest.param("2024-12-31", "8.4999999", "fail", id="and no less"),
        pytest.param("2025-01-01", "8.9999999", "fail", id="90 % are asked from the first day of the 2024 edition"),
    ],
)
def test_lithium_is_judged_by_the_edition_of_the_day(works: Works, day: str, percent: str, verdict: str) -> None:
    works.smelted(into={"li": "10"}, out={"li": percent}, day=day)
    [part] = works.report(date.fromisoformat(day), date.fromisoformat(day)).parts
    assert next(one.verdict for one in part.clauses if one.key == "recovery.li") == verdict


def test_an_input_without_an_assay_gives_no_evidence(works: Works) -> None:
    works.smelted(into={"li": "10", "ni": "10", "co": "10", "mn": "10"}, out={"li": "9.5"})
    works.smelted(into={"ni": "10", "co": "10", "mn": "10"}, out={"li": "9.5"})
    found = works.clause("recovery.li")
    assert (found.verdict, found.measured) == ("no_evidence", None)
    assert found.evidence["inputsWithoutFigure"] == 1


@pytest.mark.parametrize(
    ("out", "verdict", "lowest"),
    [
        pytest.param({"ni": "9.8", "co": "9.8", "mn": "9.8"}, "pass", "ni", id="each at 98 %"),
        pytest.param({"ni": "10", "co": "9.7999999", "mn": "10"}, "fail", "co", id="one just under"),
        pytest.param({"ni": "10.1", "co": "9.9", "mn": "9.9"}, "implausible", "co", id="one above what there was"),
    ],
)
def test_nickel_cobalt_and_manganese_are_judged_each(
    works: Works, out: dict[str, str], verdict: str, lowest: str
) -> None:
    works.smelted(into={"ni": "10", "co": "10", "mn": "10", "li": "1"}, out=out)
    found = works.clause("recovery.ni_co_mn")
    assert (found.verdict, found.evidence["lowest"]) == (verdict, lowest)


@pytest.mark.parametrize(
    ("powder", "verdict"),
    [
        pytest.param("490", "pass", id="at the limit"),
        pytest.param("489.999999", "fail", id="a milligram under"),
        pytest.param("500.000001", "implausible", id="a milligram more than there was"),
    ],
)
def test_electrode_powder_is_held_against_98_percent(works: Works, powder: str, verdict: str) -> None:
    works.crushed(powder=powder)
    assert works.verdict("recovery.electrode_powder") == verdict


@pytest.mark.parametrize("element", ["al", "cu"])
@pytest.mark.parametrize(
    ("percent", "verdict"),
    [
        pytest.param("1.4999999", "pass", id="just under"),
        pytest.param("1.5", "fail", id="at the limit, which is not below it"),
        pytest.param("1.5000001", "fail", id="just over"),
        pytest.param(None, "no_evidence", id="not measured"),
    ],
)
def test_metal_left_in_the_powder_is_held_below_one_and_a_half(
    works: Works, element: str, percent: str | None, verdict: str
) -> None:
    works.crushed(powder="490", assay=None if percent is None else {element: percent})
    assert works.verdict(f"powder.{element}") == verdict


@pytest.mark.parametrize(
    ("copper", "aluminium", "verdict"),
    [
        pytest.param("98", "196", "pass", id="both at the limit"),
        pytest.param("97.999999", "196", "fail", id="copper a milligram under"),
        pytest.param("98", "195.999999", "fail", id="aluminium a milligram under"),
        pytest.param("100.1", "196", "implausible", id="more copper than there was"),
    ],
)
def test_copper_and_aluminium_are_held_against_98_percent(
    works: Works, copper: str, aluminium: str, verdict: str
) -> None:
    metals = [
        {"lot": "CU", "material": "copper", "massKg": copper},
        {"lot": "AL", "material": "aluminium", "massKg": aluminium},
    ]
    works.crushed(powder="490", assay={"cu": "0", "al": "0"}, more_outputs=metals)
    assert works.verdict("recovery.cu_al") == verdict


@pytest.mark.parametrize(
    ("kilograms", "verdict"),
    [("594", "pass"), ("593.999999", "fail"), ("600", "pass"), ("600.000001", "implausible")],
)
def test_repaired_material_is_held_against_99_percent(works: Works, kilograms: str, verdict: str) -> None:
    works.opened("R", material="battery_scrap", assay={"cathode_material": "40", "anode_material": "20"})
    masses = {"cathode_material": "400", "anode_material": str(Decimal(kilograms) - 400)}
    outputs = [{"lot": kind, "material": kind, "massKg": mass} for kind, mass in masses.items()]
    works.batch("material_repair", [{"lot": "R", "massKg": "1000"}], outputs)
    assert works.verdict("recovery.material_repair") == verdict


@pytest.mark.parametrize(
    ("clause", "process"),
    [
        ("recovery.li", "crushing"),
        ("recovery.ni_co_mn", "crushing"),
        ("energy.li2co3", "crushing"),
        ("recovery.electrode_powder", "hydrometallurgy"),
        ("powder.al", "hydrometallurgy"),
        ("recovery.cu_al", "hydrometallurgy"),
        ("recovery.material_repair", "hydrometallurgy"),
    ],
)
def test_what_belongs_to_a_process_that_the_company_did_not_run_is_not_applicable(
    works: Works, clause: str, process: str
) -> None:
    if process == "crushing":
        works.crushed(powder="490")
    else:
        works.smelted(into={"li": "10"}, out={"li": "9.5"})
    assert works.verdict(clause) == "not_applicable"


# From declarations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "figure", "verdict"),
    [
        ("energy.li2co3", "2199.999999999", "pass"),
        ("energy.li2co3", "2200", "fail"),
        ("energy.li2co3", "2200.000000001", "fail"),
        ("energy.li2co3", None, "no_evidence"),
        ("water.reuse", "90", "pass"),
        ("water.reuse", "89.999999999", "fail"),
        ("water.reuse", "90.000000001", "pass"),
        ("water.reuse", "100.000000001", "implausible"),
        ("water.reuse", None, "no_evidence"),
        ("capacity.recycler", "5000", "pass"),
        ("capacity.recycler", "4999.999999999", "fail"),
        ("capacity.recycler", None, "no_evidence"),
        ("capacity.load", "10", "pass"),
        ("capacity.load", "9.999999999", "fail"),
        ("capacity.load", "130", "pass"),
        ("capacity.load", None, "no_evidence"),
        ("safety.accidents", "0", "pass"),
        ("safety.accidents", "1", "fail"),
        ("safety.accidents", None, "no_evidence"),
        ("rnd.share", "3", "pass"),
        ("rnd.share", "2.999999999", "fail"),
        ("rnd.share", "100.1", "implausible"),
        ("rnd.share", None, "no_evidence"),
        ("fluoride.fixation", "99.5", "pass"),
        ("fluoride.fixation", "99.499999999", "fail"),
        ("fluoride.fixation", None, "no_evidence"),
        ("recovery.rare_earth_other", "97", "pass"),
        ("recovery.rare_earth_other", "96.999999999", "fail"),
        ("recovery.rare_earth_other", "100.1", "implausible"),
        ("recovery.rare_earth_other", None, "no_evidence"),
    ],
)
def test_a_declared_figure_is_held_against_its_limit(
    works: Works, clause: str, figure: str | None, verdict: str
) -> None:
    works.smelted(into={"li": "10"}, out={"li": "9.5"})
    works.declare(figures={} if figure is None else {clause: figure})
    assert works.verdict(clause) == verdict


@pytest.mark.parametrize(
    ("figure", "verdict"), [("60", "pass"), ("59.999999999", "fail"), ("101", "implausible"), (None, "no_evidence")]
)
def test_the_share_of_second_life_is_asked_of_second_life_companies(
    world: World, figure: str | None, verdict: str
) -> None:
    works = Works(world, world.second_life)
    works.declare(figures={} if figure is None else {"second_life.share": figure})
    assert works.verdict("second_life.share") == verdict
    recycler = Works(world, world.recycler)
    assert recycler.verdict("second_life.share") == "not_applicable"
    assert works.verdict("water.reuse") == "not_applicable"


QUALITATIVE = ["permit.eia", "permit.pollution", "waste.manifests", "quality.system", "site.industrial_land"]


@pytest.mark.parametrize("clause", QUALITATIVE)
@pytest.mark.parametrize(
    ("said", "proof", "verdict"),
    [
        pytest.param(True, "f" * 64, "pass", id="stated and proven"),
        pytest.param(True, None, "no_evidence", id="stated without a document"),
        pytest.param(False, "f" * 64, "fail", id="denied"),
        pytest.param(False, None, "fail", id="denied without a document"),
    ],
)
def test_a_statement_counts_with_its_document(
    works: Works, clause: str, said: bool, proof: str | None, verdict: str
) -> None:
    documents = [{"clause": clause, "sha256": proof, "name": "proof.pdf"}] if proof else []
    works.declare(statements={clause: said}, documents=documents)
    assert works.verdict(clause) == verdict


@pytest.mark.parametrize("clause", [*QUALITATIVE, "annual_report"])
def test_what_nobody_stated_has_no_evidence(works: Works, clause: str) -> None:
    assert works.verdict(clause) == "no_evidence"


@pytest.mark.parametrize(
    ("reported", "verdict"), [("2026-03-31", "pass"), ("2026-04-01", "fail"), ("2025-12-31", "pass")]
)
def test_the_annual_report_is_in_by_the_last_of_march(works: Works, reported: str, verdict: str) -> None:
    works.declare(figures={"water.reuse": "91"}, day="2025-12-30", reported=reported)
    assert works.verdict("annual_report") == verdict


def test_a_report_that_was_handed_in_elsewhere_in_time_is_proven_by_a_document(works: Works) -> None:
    proof = {"clause": "annual_report", "sha256": "f" * 64, "name": "receipt.pdf"}
    works.declare(statements={"annual_report": True}, documents=[proof], day="2026-05-01")
    assert works.verdict("annual_report") == "pass"


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        pytest.param("2025-01-01", "2025-12-31", "pass", id="all of the year"),
        pytest.param("2025-01-02", None, "no_evidence", id="not on the first day"),
        pytest.param("2024-01-01", "2025-12-30", "no_evidence", id="not on the last day"),
        pytest.param(None, None, "pass", id="ever since, until further notice"),
    ],
)
def test_a_permit_on_record_proves_what_it_covers(
    works: Works, first: str | None, last: str | None, verdict: str
) -> None:
    said = {"organisation": works.company.code, "kind": "eia", "number": "E-1", "validFrom": first, "validUntil": last}
    works.tell("permit", "2025-02-01", by=works.world.alliance, **said)
    assert works.verdict("permit.eia") == verdict
    assert works.verdict("permit.pollution") == "no_evidence"


# From the audit ------------------------------------------------------------------------------------------------------


def taken_in(works: Works, *, known: bool = True, day: str = MIDDLE, **more: str) -> str:
    """A battery that the recycler receives: with a history, or out of nowhere."""
    code = works.world.pack_code()
    if known:
        maker, workshop = works.world.maker, works.world.workshop
        works.tell("produced", "2021-12-04", by=maker, battery=code)
        works.tell("installed", "2021-12-05", by=maker, battery=code, vin=works.world.vin())
        works.tell("removed", "2025-01-10", by=workshop, battery=code, reason="scrapping")
        works.tell("dispatched", "2025-01-11", by=workshop, battery=code, to=works.company.code)
    works.tell("received", day, battery=code, **more)
    return code


def test_a_battery_of_unknown_origin_is_one_too_many(works: Works) -> None:
    taken_in(works)
    assert works.verdict("origin.unknown") == "pass"
    code = taken_in(works, known=False)
    found = works.clause("origin.unknown")
    assert (found.verdict, found.measured) == ("fail", 1)
    assert found.evidence["received"] == 2
    assert [one["battery"] for one in found.evidence["examples"]] == [code]


def test_a_battery_of_unknown_origin_counts_in_the_period_in_which_it_was_received(works: Works) -> None:
    taken_in(works, known=False, day="2025-07-01")
    assert works.verdict("origin.unknown", date(2025, 1, 1), date(2025, 6, 30)) == "pass"
    assert works.verdict("origin.unknown", date(2025, 7, 1), date(2025, 7, 1)) == "fail"


def test_the_2019_edition_asks_nothing_of_origin(works: Works) -> None:
    assert works.verdict("origin.unknown", *IN_2024) == "not_in_force"


@pytest.mark.parametrize(
    ("reported", "verdict"),
    [pytest.param("2025-07-25", "pass", id="on the 30th working day"), pytest.param("2025-07-26", "fail", id="later")],
)
def test_a_receipt_reported_late_fails_the_upload(works: Works, reported: str, verdict: str) -> None:
    taken_in(works, reported=reported)
    assert works.verdict("traceability.upload") == verdict


def test_what_was_sent_to_the_company_and_never_received_fails_the_upload(works: Works) -> None:
    code = works.world.pack_code()
    works.tell("produced", "2021-12-04", by=works.world.maker, battery=code)
    works.tell("dispatched", "2025-03-01", by=works.world.maker, battery=code, to=works.company.code)
    found = works.clause("traceability.upload")
    assert (found.verdict, found.evidence["gaps"]) == ("fail", {"unreceived": 1})


def test_what_the_company_handed_over_without_telling_fails_its_upload(works: Works) -> None:
    code = taken_in(works)
    works.tell("received", "2025-08-01", by=works.world.stranger, battery=code, **{"from": works.company.code})
    found = works.clause("traceability.upload")
    assert (found.verdict, found.evidence["gaps"]) == ("fail", {"unannounced_receipt": 1})


def test_what_another_company_reported_late_is_not_held_against_this_one(works: Works) -> None:
    code = taken_in(works)
    works.tell("dispatched", "2025-08-01", battery=code, to=works.world.stranger.code)
    works.tell("received", "2025-08-02", by=works.world.stranger, battery=code, reported="2026-02-01")
    assert works.verdict("traceability.upload") == "pass"
    assert Works(works.world, works.world.stranger).verdict("traceability.upload") == "fail"
