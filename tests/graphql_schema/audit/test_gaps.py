"""Gaps, runs and figures as the audit API tells them."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone, translation

from tests.graphql_schema.audit.asking import good, in_days, nodes, refused, run
from tests.worlds import Life, World
from traceability.audit import reading
from traceability.audit.running import audit
from traceability.models import AuditRun, Gap, GapAnswer, Step


def now() -> str:
    """A moment ago: what is sent then is overdue in a month."""
    return (timezone.now() - dt.timedelta(minutes=1)).isoformat()


GAPS = "query ($first: Int, $after: String) { gaps(first: $first, after: $after) { totalCount "
GAPS += "edges { cursor node { id code } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"


@pytest.fixture
def lives(world: World) -> list[Life]:
    """Three batteries with gaps of the recycler, and one of the workshop."""
    found = []
    for _ in range(3):
        pack = world.pack().produced().installed().sold().removed()
        found.append(pack.received(by=world.recycler))
    stray = world.pack()
    world.capture([world.fact("removed", world.workshop, stray.code)])
    return [*found, stray]


def told(who: Any, arguments: str, fields: str = "id") -> list[Any]:
    listed = f"({arguments})" if arguments else ""
    return nodes(good(who, f"{{ gaps{listed} {{ edges {{ node {{ {fields} }} }} }} }}")["gaps"])


def test_pages_hold_their_place_while_gaps_come(world: World, lives: list[Life]) -> None:
    run()
    everything = nodes(good(world.alliance, GAPS, first=100)["gaps"])
    assert len(everything) == Gap.objects.filter(closed_in=None).count() > 4
    first = good(world.alliance, GAPS, first=3)["gaps"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (len(everything), True)
    world.pack().produced().installed().sold().removed().received(by=world.recycler)
    run()
    second = good(world.alliance, GAPS, first=100, after=first["pageInfo"]["endCursor"])["gaps"]
    assert second["pageInfo"]["hasPreviousPage"]
    assert [*nodes(first), *nodes(second)][: len(everything)] == everything


def test_filters_narrow_and_combine(world: World, lives: list[Life]) -> None:
    run()
    assert len(told(world.alliance, "code: UNKNOWN_ORIGIN")) == 1
    assert {gap["severity"] for gap in told(world.alliance, "severity: FLAW", "severity")} == {"FLAW"}
    own = told(world.alliance, f'organisation: "{world.recycler.code}"', "organisation { code }")
    assert {gap["organisation"]["code"] for gap in own} == {world.recycler.code}
    battery = told(world.alliance, f'battery: "{lives[0].code}", severity: FLAW', "battery { code } severity")
    assert battery
    assert {gap["battery"]["code"] for gap in battery} == {lives[0].code}
    assert told(world.alliance, 'region: "110000"') == []
    assert len(told(world.alliance, 'region: "510100"')) == len(told(world.alliance, ""))
    assert told(world.alliance, 'clause: "nothing.of.the.kind"') == []


def test_gaps_since_a_day_are_those_that_begin_on_it_or_later(world: World, lives: list[Life]) -> None:
    run()
    days = sorted(gap["since"] for gap in told(world.alliance, "", "since"))
    middle = days[len(days) // 2]
    later = sorted(gap["since"] for gap in told(world.alliance, f'since: "{middle}"', "since"))
    earlier = sorted(gap["since"] for gap in told(world.alliance, f'until: "{middle}"', "since"))
    assert later == [day for day in days if day >= middle]
    assert earlier == [day for day in days if day <= middle]


def test_status_is_asked_for_by_name_and_closed_gaps_are_left_out_otherwise(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler, at=now())
    run(40)
    assert len(told(world.alliance, "code: UNRECEIVED, status: OPEN")) == 1
    pack.received(by=world.recycler)
    run(41)
    assert told(world.alliance, "code: UNRECEIVED") == []
    (closed,) = told(world.alliance, "code: UNRECEIVED, status: CLOSED", "status openedIn { asOf } closedIn { asOf }")
    assert closed == {
        "status": "CLOSED",
        "openedIn": {"asOf": in_days(40).isoformat()},
        "closedIn": {"asOf": in_days(41).isoformat()},
    }


def test_new_and_closed_gaps_are_those_of_the_last_run_or_of_one_that_is_named(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler, at=now())
    run()
    query = "query ($run: ID) { %s(run: $run, code: UNRECEIVED) { totalCount edges { node { code } } } }"
    assert good(world.alliance, query % "newGaps")["newGaps"]["totalCount"] == 0
    opened = run(40)
    assert good(world.alliance, query % "newGaps")["newGaps"]["totalCount"] == 1
    pack.received(by=world.recycler)
    run(41)
    assert good(world.alliance, query % "newGaps")["newGaps"]["totalCount"] == 0
    assert good(world.alliance, query % "closedGaps")["closedGaps"]["totalCount"] == 1
    named = f"AuditRun:{opened.public_id}"
    assert good(world.alliance, query % "newGaps", run=named)["newGaps"]["totalCount"] == 1
    assert good(world.alliance, query % "newGaps", run="AuditRun:nothing")["newGaps"]["edges"] == []


def test_runs_are_told_to_the_alliance_with_their_counts(world: World, lives: list[Life]) -> None:
    run()
    last = run(1)
    with audit(as_of=in_days(0), keep=True):
        pass
    query = (
        "{ runs(kept: true) { totalCount edges { node { id asOf scope kept batteries gaps opened closed digest } } } }"
    )
    found = good(world.alliance, query)["runs"]
    assert found["totalCount"] == 2
    assert nodes(found)[0]["id"] == f"AuditRun:{last.public_id}"
    assert nodes(found)[0]["gaps"] == last.gaps == Gap.objects.filter(closed_in=None).count()
    assert nodes(found)[1]["opened"] > 0
    assert good(world.recycler, query)["runs"] == {"totalCount": 0, "edges": []}
    named = f'{{ node(id: "AuditRun:{last.public_id}") {{ id }} }}'
    assert good(world.alliance, named)["node"] is not None
    assert good(world.recycler, named)["node"] is None
    bounded = f'{{ runs(from: "{in_days(1)}") {{ totalCount }} }}'
    assert good(world.alliance, bounded)["runs"]["totalCount"] == 1


def test_completeness_as_of_a_day_is_that_of_the_last_kept_run_until_then(world: World) -> None:
    world.pack().produced()
    run(1)
    world.pack().produced().dispatched(to=world.recycler, at=now())
    run(40)
    query = (
        "query ($day: Date) { completeness(groupBy: REGION, asOf: $day) { key batteries broken gaps { code count } } }"
    )

    def asked(day: int) -> list[Any]:
        return good(world.alliance, query, day=str(in_days(day)))["completeness"]

    assert asked(0) == []
    assert [(row["batteries"], row["broken"], row["gaps"]) for row in asked(1)] == [(1, 0, None)]
    assert asked(39) == asked(1)
    assert [(row["batteries"], row["broken"]) for row in asked(40)] == [(2, 1)]
    assert asked(400) == asked(40) == good(world.alliance, query)["completeness"]
    assert {"code": "UNRECEIVED", "count": 1} in asked(40)[0]["gaps"]


def test_an_organisation_gets_the_figures_of_what_it_holds(world: World) -> None:
    world.pack().produced()
    world.pack().produced().installed().sold().removed()
    run(1)
    run(2)
    query = "query ($by: CompletenessGroup!, $day: Date) { completeness(groupBy: $by, asOf: $day) { key batteries } }"
    for who in (world.maker, world.workshop):
        own = [{"key": who.code, "batteries": 1}]
        assert good(who, query, by="ORGANISATION")["completeness"] == own
        assert [row["batteries"] for row in good(who, query, by="MODEL")["completeness"]] == [1]
        earlier = good(who, query, by="ORGANISATION", day=str(in_days(1)))["completeness"]
        assert [row["batteries"] for row in earlier] == [1]
        assert good(who, query, by="MODEL", day=str(in_days(1)))["completeness"] == []
    assert good(world.stranger, query, by="REGION")["completeness"] == []


def test_the_trend_goes_from_run_to_run(world: World) -> None:
    world.pack().produced().dispatched(to=world.recycler, at=now())
    for day in (1, 40, 41):
        run(day)
    query = """query ($key: String, $first: Int, $after: String) {
      trend(groupBy: ORGANISATION, key: $key, first: $first, after: $after) {
        totalCount edges { cursor node { asOf figures { batteries broken completenessPercent } } }
        pageInfo { endCursor } } }"""
    whole = good(world.alliance, query)["trend"]
    assert whole["totalCount"] == 3
    assert [point["asOf"] for point in nodes(whole)] == [str(in_days(day)) for day in (1, 40, 41)]
    assert [point["figures"]["broken"] for point in nodes(whole)] == [0, 1, 1]
    first = good(world.alliance, query, first=1)["trend"]
    rest = good(world.alliance, query, after=first["pageInfo"]["endCursor"])["trend"]
    assert nodes(first) + nodes(rest) == nodes(whole)
    assert nodes(good(world.alliance, query, key="nobody")["trend"]) == []
    assert len(nodes(good(world.maker, query)["trend"])) == 3
    assert nodes(good(world.maker, query, key=world.recycler.code)["trend"]) == []
    assert nodes(good(world.recycler, query)["trend"]) == []


def test_batteries_are_found_by_the_status_of_the_last_run_as_the_figures_count_them(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler, at=now())
    world.pack().produced()
    run(40)
    query = '{ batteries(status: BROKEN, region: "510100") { totalCount edges { node { code status } } } }'
    found = good(world.alliance, query)["batteries"]
    assert nodes(found) == [{"code": pack.code, "status": "BROKEN"}]
    figures = good(world.alliance, "{ completeness(groupBy: REGION) { broken } }")["completeness"]
    assert [row["broken"] for row in figures] == [found["totalCount"]]


def test_an_explanation_shows_in_the_gaps_status(world: World) -> None:
    world.pack().produced().dispatched(to=world.recycler, at=now())
    run(40)
    Gap.objects.filter(code="unreceived").update(status=GapAnswer.Kind.EXPLAINED)
    assert told(world.alliance, "status: EXPLAINED", "code status") == [{"code": "UNRECEIVED", "status": "EXPLAINED"}]


def test_more_than_ten_chains_are_not_walked_as_of_another_day_in_one_request(world: World) -> None:
    for _ in range(11):
        world.pack().produced()
    query = "query ($n: Int, $day: Date) { batteries(first: $n) { edges { node { chain(asOf: $day) { status } } } } }"
    assert len(nodes(good(world.alliance, query, n=11)["batteries"])) == 11
    tomorrow = str(in_days(1))
    assert len(nodes(good(world.alliance, query, n=10, day=tomorrow)["batteries"])) == 10
    assert refused(world.alliance, query, n=11, day=tomorrow) == ("too_many", ["chain"])
    lineages = "query ($n: Int) { batteries(first: $n) { edges { node { lineage { nodes { id } } } } } }"
    assert refused(world.alliance, lineages, n=11) == ("too_many", ["lineage"])


def test_a_chain_is_judged_as_of_another_day(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler, at=now())
    query = """query ($code: String!, $day: Date) { battery(code: $code) {
      chain(asOf: $day) { status asOf gaps { code since organisation { code } clause { key } } } } }"""
    today, later, before = (
        good(world.alliance, query, code=pack.code, day=day and str(in_days(day)))["battery"]["chain"]
        for day in (None, 40, -1)
    )
    assert today["asOf"] == str(in_days(0))
    assert "UNRECEIVED" not in {gap["code"] for gap in today["gaps"]}
    (gap,) = (gap for gap in later["gaps"] if gap["code"] == "UNRECEIVED")
    assert (later["status"], gap["organisation"]) == ("BROKEN", {"code": world.recycler.code})
    assert (before["status"], before["gaps"]) == ("OPEN", [])
    assert len(pack.steps) == 2


def test_evidence_names_organisations_by_their_codes(world: World) -> None:
    pack = world.pack().produced()
    world.capture([world.fact("dispatched", world.stranger, pack.code, to=world.recycler.code)])
    run()
    (gap,) = told(world.alliance, "code: CUSTODY_BREAK", "evidence")
    assert gap["evidence"]["holder"] == world.maker.code
    assert Step.objects.count() == 2
    assert AuditRun.objects.count() == 1


@pytest.mark.parametrize(("language", "name"), [("en", "Rongcheng Auto"), ("zh-hans", "蓉城汽车")])
def test_groups_are_called_by_their_names_in_the_readers_language(world: World, language: str, name: str) -> None:
    said = {"code": world.maker.code, "name": "蓉城汽车", "nameEn": "Rongcheng Auto", "roles": ["vehicle_maker"]}
    world.record(world.fact("organisation", world.alliance, **said), by=world.alliance)
    world.pack().produced()
    run()
    with translation.override(language):
        (row,) = reading.completeness(world.alliance.viewer, "organisation")
    assert row.label == name


@pytest.mark.parametrize(("language", "name"), [("en", "model unknown"), ("zh-hans", "型号未知")])
def test_batteries_of_no_group_are_called_something_under_an_empty_key(world: World, language: str, name: str) -> None:
    world.capture([world.fact("received", world.recycler, world.pack_code())])
    run()
    with translation.override(language):
        (row,) = reading.completeness(world.alliance.viewer, "model")
    assert (row.key, row.label, row.batteries) == ("", name, 1)
