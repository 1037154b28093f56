"""Working the gaps: who answers for one explains it, the alliance accepts it, a later record closes it."""

from typing import Any

import pytest

from tests.graphql_schema.asking import ask
from tests.traceability.audit.asking import gaps as run
from tests.worlds import Party, World
from traceability.models import Gap, GapAnswer

GAPS = """query ($filters: GapFilter, $first: Int, $after: String) {
  gaps(filters: $filters, first: $first, after: $after) {
    edges { node { id code severity status since battery eventKey clause evidence explanation
      organisation { code } answers { kind text at organisation { code } attachments { sha256 name } } } }
    pageInfo { hasNextPage endCursor } } }"""
SAY = """mutation ($input: AnswerGapInput!) { %s(input: $input) {
  replayed errors { code path } gap { id status answers { kind text } } } }"""


def listed(party: Party, **variables: Any) -> list[dict[str, Any]]:
    answer = ask(party, GAPS, **variables)
    assert not answer.errors, answer.errors
    return [edge["node"] for edge in answer.data["gaps"]["edges"]]


def say(party: Party, how: str, gap: str, text: str = "because", key: str = "a-1", **more: Any) -> dict[str, Any]:
    given = {"idempotencyKey": key, "gap": gap, "text": text, **more}
    answer = ask(party, SAY % how, input=given)
    assert not answer.errors, answer.errors
    found: dict[str, Any] = answer.data[how]
    return found


@pytest.fixture
def lost(world: World) -> str:
    """A gap that the recycler answers for: what it lost."""
    world.pack().produced().removed(captured=True).dispatched(to=world.recycler).received(by=world.recycler).lost()
    run("2100-01-01", keep=True)
    (gap,) = listed(world.recycler, filters={"code": "LOST"})
    return str(gap["id"])


def test_an_organisation_sees_the_gaps_that_it_answers_for_and_the_alliance_all(world: World, lost: str) -> None:
    assert {gap["organisation"]["code"] for gap in listed(world.recycler)} == {world.recycler.code}
    assert lost not in {gap["id"] for gap in listed(world.maker)}
    assert lost in {gap["id"] for gap in listed(world.alliance)}
    (gap,) = listed(world.alliance, filters={"code": "LOST"})
    assert (gap["severity"], gap["status"], gap["answers"]) == ("BREAK", "OPEN", [])
    assert "丢失" in gap["explanation"]


def test_what_is_accepted_stays_so_until_the_alliance_opens_it_again(world: World, lost: str) -> None:
    assert say(world.alliance, "acceptGap", lost, "police report")["gap"]["status"] == "ACCEPTED"
    said = say(world.recycler, "explainGap", lost, "stolen, as we said", key="a-2")["gap"]
    assert (said["status"], len(said["answers"])) == ("ACCEPTED", 2)
    # Found anew, it is where people had left it.
    Gap.objects.all().delete()
    run("2100-01-01", keep=True)
    (gap,) = listed(world.recycler, filters={"code": "LOST"})
    assert gap["status"] == "ACCEPTED"
    assert say(world.alliance, "reopenGap", gap["id"], "forged", key="a-3")["gap"]["status"] == "OPEN"
    assert say(world.recycler, "explainGap", gap["id"], "not forged", key="a-4")["gap"]["status"] == "EXPLAINED"


def test_it_is_explained_accepted_and_opened_again_and_nothing_is_forgotten(world: World, lost: str) -> None:
    digest = {"sha256": "a" * 64, "name": "police.pdf"}
    assert say(world.recycler, "explainGap", lost, "stolen", attachments=[digest])["gap"]["status"] == "EXPLAINED"
    assert say(world.alliance, "acceptGap", lost, "police report")["gap"]["status"] == "ACCEPTED"
    again = say(world.alliance, "reopenGap", lost, "forged", key="a-2")
    assert again["gap"]["status"] == "OPEN"
    assert [said["kind"] for said in again["gap"]["answers"]] == ["explained", "accepted", "reopened"]
    (gap,) = listed(world.recycler, filters={"code": "LOST"})
    assert gap["answers"][0]["attachments"] == [digest]


def test_an_accepted_gap_still_breaks_the_chain(world: World, lost: str) -> None:
    say(world.alliance, "acceptGap", lost, "police report")
    (gap,) = listed(world.alliance, filters={"code": "LOST"})
    chain = ask(
        world.alliance, "query ($code: String!) { battery(code: $code) { chain { status } } }", code=gap["battery"]
    ).data
    assert chain["battery"]["chain"]["status"] == "BROKEN"


def test_the_same_call_again_changes_nothing_and_another_under_its_key_is_refused(world: World, lost: str) -> None:
    say(world.recycler, "explainGap", lost)
    assert say(world.recycler, "explainGap", lost)["replayed"]
    assert GapAnswer.objects.count() == 1
    other = say(world.recycler, "explainGap", lost, "another")
    assert [error["code"] for error in other["errors"]] == ["key_reused"]


@pytest.mark.parametrize(
    ("who", "how", "text", "code"),
    [
        ("recycler", "acceptGap", "me", "role"),
        ("recycler", "reopenGap", "me", "role"),
        ("maker", "explainGap", "not mine", "not_found"),
        ("alliance", "explainGap", "in its place", "role"),
        ("recycler", "explainGap", " ", "missing_field"),
        ("recycler", "explainGap", "x" * 4_001, "wrong_value"),
    ],
)
def test_what_is_refused_leaves_the_gap_as_it_was(
    world: World, lost: str, who: str, how: str, text: str, code: str
) -> None:
    found = say(getattr(world, who), how, lost, text)
    assert ([error["code"] for error in found["errors"]], found["gap"]) == ([code], None)
    assert not GapAnswer.objects.exists()
    assert Gap.objects.get(pk=int(lost.partition(":")[2])).status == "open"


def test_a_wrong_attachment_or_id_is_refused_with_its_place(world: World, lost: str) -> None:
    wrong = say(world.recycler, "explainGap", lost, attachments=[{"sha256": "x"}])
    assert wrong["errors"] == [{"code": "wrong_value", "path": ["input", "attachments", "0", "sha256"]}]
    for id_ in ("Gap:x", "Gap:0", "Battery:1", "9" * 600):
        assert [error["code"] for error in say(world.recycler, "explainGap", id_)["errors"]] == ["not_found"]


def test_a_later_record_closes_it_and_what_comes_back_is_where_people_had_left_it(world: World, lost: str) -> None:
    say(world.alliance, "acceptGap", lost, "police report")
    (gap,) = listed(world.alliance, filters={"code": "LOST"})
    pack = world.battery(gap["battery"]).received(by=world.recycler)
    run("2100-01-01", keep=True, touched=True)
    assert listed(world.alliance, filters={"code": "LOST"}) == []
    (closed,) = listed(world.alliance, filters={"code": "LOST", "status": "CLOSED"})
    assert (closed["id"], closed["status"]) == (lost, "CLOSED")
    assert [e["code"] for e in say(world.alliance, "reopenGap", lost, key="b")["errors"]] == ["gap_closed"]
    pack.corrected(pack.key, None)
    run("2100-01-01", keep=True, touched=True)
    (back,) = listed(world.alliance, filters={"code": "LOST"})
    assert (back["id"] != lost, back["status"]) == (True, "ACCEPTED")


def test_pages_follow_one_another_and_their_queries_do_not_grow(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        world.pack().produced().removed(captured=True).dispatched(to=world.recycler).received(by=world.recycler).lost()
    run("2100-01-01", keep=True)
    whole = [gap["id"] for gap in listed(world.recycler, filters={"code": "LOST"})]
    assert len(whole) == 12
    with django_assert_max_num_queries(9):
        answer = ask(world.recycler, GAPS, filters={"code": "LOST"}, first=5)
    first = [edge["node"]["id"] for edge in answer.data["gaps"]["edges"]]
    rest = listed(world.recycler, filters={"code": "LOST"}, after=answer.data["gaps"]["pageInfo"]["endCursor"])
    assert first + [gap["id"] for gap in rest] == whole
