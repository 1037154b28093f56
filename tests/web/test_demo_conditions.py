"""The demo's four recyclers and the conditions for the industry: one meets them, three do not, each in its own way."""

import re
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from tests.web.demo_runs import PRINTED, Record, lines_of_each, only_embedded, verdicts
from web.demo.companies import CARELESS, CRUSHER, RECYCLERS, REFINERY, WASTEFUL, Company
from web.demo.showing import TODAY

pytestmark = only_embedded
#: The last year that is over in the lives of the demo.
YEAR = TODAY.year - 1


#: Verdict, and clause by clause what `comply` says.
Told = tuple[str, dict[str, Record]]
BY_2019 = "by the edition of 2019"


@pytest.fixture(scope="module")
def reports(played: tuple[Path, str]) -> dict[str, Told]:
    """What `comply` says of each recycler's year, and of one also by the edition before."""
    days = ("--from", f"{YEAR}-01-01", "--until", f"{YEAR}-12-31", "--format", "json")
    asked = {company.slug: ("comply", "--recycler", company.code, *days) for company in RECYCLERS}
    asked[BY_2019] = (*asked[WASTEFUL.slug], "--edition", "2019")
    answers = zip(asked, lines_of_each(played[0], *asked.values()), strict=True)
    return {name: told(report) for name, [report] in answers}


def told(report: Record) -> Told:
    """A report of one part."""
    [part] = report["parts"]
    return report["verdict"], {clause["clause"]: clause for clause in part["clauses"]}


def amiss(clauses: dict[str, Record]) -> dict[str, str]:
    """The clauses on which a verdict rests and that are not met or cannot be told."""
    good = {"pass", "not_applicable", "not_in_force"}
    return {name: one["verdict"] for name, one in clauses.items() if one["enforced"] and one["verdict"] not in good}


@pytest.mark.parametrize(
    ("company", "verdict", "found"),
    [
        pytest.param(REFINERY, "pass", {}, id="meets everything"),
        pytest.param(WASTEFUL, "fail", {"recovery.li": "fail"}, id="fails on lithium only"),
        pytest.param(CRUSHER, "no_evidence", {"water.reuse": "no_evidence"}, id="has no evidence for water"),
        pytest.param(
            CARELESS,
            "fail",
            dict.fromkeys(
                ("powder.al", "capacity.load", "origin.unknown", "traceability.upload", "waste.manifests",
                 "annual_report"), "fail",
            ),
            id="was struck off the list",
        ),
    ],
)  # fmt: skip
def test_of_four_recyclers_each_has_the_year_that_it_is_there_for(
    company: Company, verdict: str, found: dict[str, str], reports: dict[str, Told]
) -> None:
    assert (reports[company.slug][0], amiss(reports[company.slug][1])) == (verdict, found)


def test_who_meets_everything_took_batteries_in_and_recovered_metals(
    reports: dict[str, Told],
) -> None:
    clauses = reports[REFINERY.slug][1]
    for clause in ("origin.unknown", "traceability.upload"):
        assert (clauses[clause]["measured"], clauses[clause]["evidence"]["received"] > 0) == ("0", True)
    for clause in ("recovery.li", "recovery.ni_co_mn", "recovery.cu_al", "recovery.electrode_powder"):
        assert clauses[clause]["evidence"]["batches"]
    assert clauses["water.reuse"]["evidence"]["review"] == "confirmed"


def test_too_little_lithium_was_enough_by_the_edition_before(reports: dict[str, Told]) -> None:
    clauses = reports[BY_2019][1]
    assert (clauses["recovery.li"]["verdict"], clauses["recovery.li"]["threshold"]) == ("pass", "85")


def test_the_figure_for_water_was_declared_and_objected_to(reports: dict[str, Told]) -> None:
    evidence = reports[CRUSHER.slug][1]["water.reuse"]["evidence"]
    assert (evidence["review"], "The flow meters" in evidence["objection"]) == ("objected", True)
    assert reports[CRUSHER.slug][1]["capacity.load"]["evidence"]["review"] == "declared"


def test_who_was_struck_off_in_the_middle_of_the_year_was_fined_before_and_works_no_more(
    records: dict[str, list[Record]],
) -> None:
    [struck] = [record["details"] for record in records["listing"] if record["details"].get("revokedOn")]
    assert (struck["organisation"], struck["revokedOn"]) == (CARELESS.code, f"{YEAR}-07-01")
    assert [record["details"]["organisation"] for record in records["penalty"]] == [CARELESS.code]
    made = [record["occurredAt"] for record in records["batch"] if record["organisation"] == CARELESS.code]
    assert made
    assert max(made) < struck["revokedOn"]


def test_what_is_declared_of_the_load_is_what_was_crushed(records: dict[str, list[Record]]) -> None:
    for company in RECYCLERS:
        crushed = sum(
            Decimal(fed["massKg"])
            for record in records["batch"]
            if record["organisation"] == company.code and record["occurredAt"].startswith(str(YEAR))
            if record["details"]["process"] == "crushing"
            for fed in record["details"]["inputs"]
        )
        declared = [one["details"]["figures"] for one in records["declaration"] if one["organisation"] == company.code]
        load = Decimal(declared[0]["capacity.load"]) * Decimal(declared[0]["capacity.recycler"]) * 10
        assert abs(load - crushed) < crushed / 100


def test_statements_name_documents_that_lie_with_the_files(
    records: dict[str, list[Record]], played: tuple[Path, str]
) -> None:
    named = [document for record in records["declaration"] for document in record["details"]["documents"]]
    assert {record["organisation"] for record in records["declaration"]} == {company.code for company in RECYCLERS}
    for document in named:
        content = (played[0] / "demo" / "documents" / document["name"]).read_bytes()
        assert sha256(content).hexdigest() == document["sha256"]


def test_it_prints_the_verdicts_in_both_languages(played: tuple[Path, str]) -> None:
    assert verdicts(played[1]) == PRINTED
    chinese = played[1].partition("行业规范条件评定")[2].partition("Industry conditions")[0]
    for words in (
        ("攀西", "符合"),
        ("岷江", "不符合", "锂回收率"),
        ("天府", "缺少证据", "废水"),
        ("嘉陵", "07-01 撤销"),
    ):
        assert any(all(word in line for word in words) for line in chinese.splitlines()), words


def test_it_explains_the_clause_that_is_not_met_by_its_batches(
    played: tuple[Path, str], reports: dict[str, Told]
) -> None:
    clause = reports[WASTEFUL.slug][1]["recovery.li"]
    for half in played[1].partition("行业规范条件评定")[2].split("Industry conditions"):
        assert f"{clause['measured']} %" in half
        shown = dict(re.findall(r"^    (MI-HY-\S+)  ([\d.]+) %$", half, re.MULTILINE))
        assert list(shown) == clause["evidence"]["batches"]
        assert all(85 <= Decimal(percent) < 90 for percent in shown.values())


def test_it_tells_what_the_company_has_to_mend_and_how_to_see_more(played: tuple[Path, str]) -> None:
    printed = played[1].partition("行业规范条件评定")[2]
    for word in ("须整改", "It has to mend", "行政处罚", "Penalty", f"{YEAR + 1}-05-12"):
        assert word in printed
    for company in RECYCLERS:
        asked = f"manage.py comply --recycler {company.code} --from {YEAR}-01-01 --until {YEAR}-12-31"
        assert any(line.endswith(asked) for line in printed.splitlines())
