"""Labels over GraphQL: issue and revoke them, and what a scan tells of each kind."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batteries import label_keys
from batteries.models import Label, LabelKey
from tests.graphql_schema.asking import ask, contract, good
from tests.graphql_schema.test_query_counts import long_life
from tests.labelling import GTIN, issued, signed, text_of
from tests.worlds import Life, Party, World
from traceability.access import ANONYMOUS
from traceability.models import LifecycleEvent

SCAN = contract()["ResolveScan"]
ISSUE = """mutation ($input: IssueLabelsInput!) { issueLabels(input: $input) { replayed
  labels { code serial keyId text issuedAt png svg battery { code stage } } errors { code message path } } }"""
REVOKE = """mutation ($input: RevokeLabelsInput!) { revokeLabels(input: $input) { replayed
  batteries { code } errors { code message path } } }"""


def issue(who: Party, *codes: str, key: str = "i-1", **more: Any) -> Any:
    items = [{"code": code} for code in codes]
    call = {"idempotencyKey": key, "occurredAt": "2026-01-05T08:00:00Z", "items": items} | more
    return good(who, ISSUE, input=call)["issueLabels"]


def scanned(who: Party, payload: str) -> tuple[Any, set[str]]:
    """The label of a scan, and the warnings about it."""
    found = good(who, SCAN, payload=payload)["resolveScan"]
    return found["label"], {w["code"] for w in found["warnings"] if w["code"].startswith("label_")}


def told(authentic: bool, status: str, issued_at: str | None = None) -> dict[str, Any]:
    return {"authentic": authentic, "status": status, "issuedAt": issued_at}


@pytest.fixture
def labelled(world: World) -> tuple[Life, str]:
    """A pack that was labelled and is on its way to the recycler, and the text of its label."""
    pack = world.pack().produced()
    text = text_of(world.maker, pack)
    return pack.dispatched(to=world.recycler, at="2026-01-06T00:00:00Z"), text


# Issuing -------------------------------------------------------------------------------------------------------------


def test_labels_are_issued_for_a_list_and_the_same_call_answers_the_same(world: World) -> None:
    packs = [world.pack().produced() for _ in range(3)]
    first = issue(world.maker, *(pack.code for pack in packs))
    assert first["errors"] == []
    assert [label["code"] for label in first["labels"]] == [pack.code for pack in packs]
    assert first["labels"][0]["png"] == f"/labels/{packs[0].code}.png"
    assert first["labels"][0]["battery"] == {"code": packs[0].code, "stage": "PRODUCED"}
    again = issue(world.maker, *(pack.code for pack in packs))
    assert again == first | {"replayed": True}


def test_what_is_refused_is_told_with_its_path_and_nothing_is_written(world: World) -> None:
    pack = world.pack().produced()
    before = LifecycleEvent.objects.count()
    found = issue(world.maker, pack.code, world.pack_code())
    assert [(error["code"], error["path"]) for error in found["errors"]] == [
        ("unknown_battery", ["input", "items", "1", "code"])
    ]
    assert [error["code"] for error in issue(world.recycler, pack.code)["errors"]] == ["role"]
    assert (LifecycleEvent.objects.count(), Label.objects.count()) == (before, 0)


def test_revoking_names_the_serial(world: World, labelled: tuple[Life, str]) -> None:
    pack, _text = labelled
    serial = Label.objects.get().serial
    call = {"idempotencyKey": "r-1", "occurredAt": "2026-02-01T00:00:00Z", "reason": "stolen"}
    wrong = good(world.maker, REVOKE, input=call | {"items": [{"code": pack.code, "serial": "AAAA"}]})["revokeLabels"]
    assert [(error["code"], error["path"]) for error in wrong["errors"]] == [
        ("unknown_label", ["input", "items", "0", "serial"])
    ]
    call["items"] = [{"code": pack.code, "serial": serial}]  # type: ignore[assignment]
    done = good(world.maker, REVOKE, input=call)["revokeLabels"]
    assert (done["batteries"], done["errors"], done["replayed"]) == ([{"code": pack.code}], [], False)
    assert good(world.maker, REVOKE, input=call)["revokeLabels"]["replayed"] is True


def test_nobody_unknown_issues_labels(world: World) -> None:
    pack = world.pack().produced()
    call = {"idempotencyKey": "i", "occurredAt": "2026-01-05T08:00:00Z", "items": [{"code": pack.code}]}
    assert [e["code"] for e in ask(ANONYMOUS, ISSUE, input=call).data["issueLabels"]["errors"]] == ["sign_in"]


# What a scan tells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["recycler", "stranger", "maker", "alliance"])
def test_a_genuine_label_is_authentic_for_everybody(world: World, labelled: tuple[Life, str], who: str) -> None:
    pack, text = labelled
    assert scanned(getattr(world, who), text) == (told(True, "VALID", "2026-01-05T08:00:00.000Z"), set())
    found = good(getattr(world, who), SCAN, payload=text)["resolveScan"]
    assert (found["kind"], found["code"], found["battery"]["code"]) == ("LABEL", pack.code, pack.code)


def test_a_digital_link_is_authentic_too(world: World, settings: Any) -> None:
    settings.LABEL_HOST = "ID.EXAMPLE.CN"
    world.record(world.fact("model", world.maker, number="NCM-75", gtin=GTIN), by=world.maker)
    text = text_of(world.maker, world.pack().produced())
    found = good(world.recycler, SCAN, payload=text)["resolveScan"]
    assert (found["kind"], found["label"]["status"]) == ("DIGITAL_LINK", "VALID")
    moved = text.replace(GTIN, "09506000134369")
    assert scanned(world.recycler, moved) == (told(False, "ALTERED"), {"label_altered"})


def test_a_label_on_another_battery_is_altered(world: World, labelled: tuple[Life, str]) -> None:
    _, text = labelled
    other = world.pack().produced()
    label, warnings = scanned(world.recycler, text[:-24] + other.code)
    assert (label, warnings) == (told(False, "ALTERED"), {"label_altered"})


def test_a_reprint_replaces_the_label_before(world: World, labelled: tuple[Life, str]) -> None:
    pack, old = labelled
    new = text_of(world.maker, pack, key="reprint", at="2026-01-07T00:00:00Z")
    assert scanned(world.recycler, old) == (
        told(True, "REPLACED", "2026-01-05T08:00:00.000Z"), {"label_replaced"},
    )  # fmt: skip
    assert scanned(world.recycler, new) == (told(True, "VALID", "2026-01-07T00:00:00.000Z"), set())


def test_a_revoked_label_is_told_even_after_a_reprint(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    serial, kid = Label.objects.get().serial, LabelKey.objects.get().kid
    pack.do("label_revoked", world.maker, serial=serial, keyId=kid, at="2026-02-01T00:00:00Z")
    expected = (told(True, "REVOKED", "2026-01-05T08:00:00.000Z"), {"label_revoked"})
    assert scanned(world.recycler, text) == expected
    new = text_of(world.maker, pack, key="reprint", at="2026-03-01T00:00:00Z")
    assert scanned(world.recycler, text) == expected
    assert scanned(world.recycler, new)[0]["status"] == "VALID"


def test_a_revocation_without_a_serial_means_every_label_before_it(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    pack.do("label_revoked", world.maker, at="2026-02-01T00:00:00Z")
    new = text_of(world.maker, pack, key="reprint", at="2026-03-01T00:00:00Z")
    assert [scanned(world.recycler, one)[0]["status"] for one in (text, new)] == ["REVOKED", "VALID"]


def test_a_withdrawn_revocation_counts_no_more(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    pack.do("label_revoked", world.maker, serial=Label.objects.get().serial, at="2026-02-01T00:00:00Z")
    pack.corrected(pack.key, None, at="2026-02-02T00:00:00Z")
    assert scanned(world.recycler, text)[0]["status"] == "VALID"


def test_labels_of_a_leaked_key_are_revoked_and_not_authentic(world: World, labelled: tuple[Life, str]) -> None:
    _, text = labelled
    label_keys.revoke(LabelKey.objects.get().kid)
    assert scanned(world.recycler, text) == (told(False, "REVOKED"), {"label_revoked"})


def test_a_well_signed_label_that_is_not_on_the_record_is_unknown(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    pack.corrected(f"issue-1#{pack.code}", None, at="2026-02-02T00:00:00Z")
    assert scanned(world.recycler, text) == (told(True, "UNKNOWN"), set())


def foreign_labels() -> dict[str, Callable[[str], str]]:
    return {
        "signed by another installation": lambda code: str(signed(code=code, host="OTHER.EXAMPLE.COM")),
        "signed by a stranger under our address": lambda code: str(signed(code=code, host="ID.EXAMPLE.CN")),
        "an address of somebody else": lambda code: f"https://maker.example/b/{code}",
        "a link of somebody else": lambda code: f"https://id.gs1.example/01/{GTIN}/21/{code}",
        "something like ours elsewhere": lambda code: f"HTTPS://OTHER.EXAMPLE.COM/L/AAAA/{code}",
    }


@pytest.mark.parametrize("kind", foreign_labels())
def test_a_foreign_label_is_told_and_its_battery_found(
    world: World, labelled: tuple[Life, str], settings: Any, kind: str
) -> None:
    settings.LABEL_HOST = "ID.EXAMPLE.CN"
    payload = foreign_labels()[kind](labelled[0].code)
    assert scanned(world.recycler, payload) == (told(False, "FOREIGN"), set())
    assert good(world.recycler, SCAN, payload=payload)["resolveScan"]["battery"]["code"] == labelled[0].code


def test_under_our_address_a_damaged_signature_is_altered_and_none_at_all_unknown(
    world: World, labelled: tuple[Life, str], settings: Any
) -> None:
    pack, text = labelled
    damaged = text.replace(text.split("/")[4], text.split("/")[4][:-1])
    assert scanned(world.recycler, damaged) == (told(False, "ALTERED"), {"label_altered"})
    bare = f"HTTPS://{settings.LABEL_HOST}/B/{pack.code}"
    assert scanned(world.recycler, bare) == (told(False, "UNKNOWN"), set())


def test_a_scanner_that_folds_letters_is_told_and_the_label_not_called_a_forgery(
    world: World, labelled: tuple[Life, str]
) -> None:
    _, text = labelled
    assert scanned(world.recycler, text.lower()) == (told(False, "UNKNOWN"), {"label_misread"})
    forged = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    assert scanned(world.recycler, forged.lower()) == (told(False, "ALTERED"), {"label_altered"})


@pytest.mark.parametrize("payload", ["TMP-404", "", "hello"])
def test_what_is_no_address_is_no_label(world: World, payload: str) -> None:
    assert scanned(world.recycler, payload) == (None, set())


def test_a_signed_label_of_a_battery_that_is_not_here_is_told(world: World, labelled: tuple[Life, str]) -> None:
    other = world.pack_code()
    label, _ = scanned(world.recycler, labelled[1][:-24] + other)
    assert label == told(False, "ALTERED")


# Queries -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prints", [1, 12])
@pytest.mark.parametrize("who", ["recycler", "stranger", "alliance"])
def test_a_scan_of_a_label_takes_two_queries_more_than_that_of_its_code(world: World, prints: int, who: str) -> None:
    pack = long_life(world, 1)
    for number in range(prints):
        text = text_of(world.maker, pack, key=f"print-{number}")
    viewer = getattr(world, who).viewer
    counts = []
    for payload in (pack.code, text, text[:-24] + world.pack_code()):
        with CaptureQueriesContext(connection) as captured:
            good(viewer, SCAN, payload=payload)
        counts.append(len(captured))
    assert counts[0] <= 8
    assert counts[1] == counts[0] + 2


def test_a_mutation_for_many_takes_as_many_queries_as_for_one(world: World) -> None:
    issued(world.maker, world.pack().produced(), key="makes the key")
    counts = []
    for size in (2, 12):
        codes = [world.pack().produced().code for _ in range(size)]
        assert world.maker.viewer
        with CaptureQueriesContext(connection) as captured:
            issue(world.maker, *codes, key=f"size-{size}")
        counts.append(len(captured))
    assert counts[0] == counts[1]
