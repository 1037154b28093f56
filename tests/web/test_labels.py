"""Labels by URL: for those who answer for the battery or its label; for everybody else there is nothing there."""

import base64
import re
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batteries import label_keys
from batteries.label_states import fingerprint
from batteries.models import Label, LabelKey
from tests.labelling import decoded, issued, pages, text_of
from tests.worlds import Life, Party, World

DOCS = Path(__file__).parents[2] / "docs" / "labels.md"


def get(who: Party | None, path: str) -> Any:
    return Client(headers={"Authorization": f"Bearer {who.token}"} if who else {}).get(path)


@pytest.fixture
def labelled(world: World) -> tuple[Life, str]:
    pack = world.pack().produced()
    return pack, text_of(world.maker, pack)


def nothing(world: World) -> HttpResponse:
    """The answer for a battery that does not exist."""
    return get(world.stranger, f"/labels/{world.pack_code()}.png")  # type: ignore[no-any-return]


# What comes ----------------------------------------------------------------------------------------------------------


def test_png_and_svg_are_the_label_that_the_battery_has_now(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    answer = get(world.maker, f"/labels/{pack.code}.png")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert decoded(answer.content) == [text]
    drawing = get(world.maker, f"/labels/{pack.code.lower()}.svg")
    assert (drawing.status_code, drawing["Content-Type"]) == (200, "image/svg+xml")
    assert pack.code in drawing.content.decode()
    assert "sandbox" in drawing["Content-Security-Policy"]
    assert "no-store" in drawing["Cache-Control"]
    new = text_of(world.maker, pack, key="reprint", at="2026-01-07T00:00:00Z")
    assert decoded(get(world.maker, f"/labels/{pack.code}.png").content) == [new]


@pytest.mark.parametrize("query", ["", "&size=100x70", "&size=a4", "&size=a4&cut=gaps"])
def test_a_pdf_has_the_labels_in_the_order_that_was_asked_for(world: World, query: str) -> None:
    packs = [world.pack().produced() for _ in range(3)]
    issued(world.maker, *packs)
    wanted = [pack.code for pack in reversed(packs)]
    answer = get(world.maker, "/labels.pdf?" + "&".join(f"code={code}" for code in wanted) + query)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert [text[-24:] for page in pages(answer.content) for text in decoded(page)] == wanted


def test_a_person_who_signed_in_gets_it_too(world: World, labelled: tuple[Life, str]) -> None:
    client = Client()
    client.force_login(world.maker.user)
    assert client.get(f"/labels/{labelled[0].code}.png").status_code == 200
    client.force_login(world.stranger.user)
    assert client.get(f"/labels/{labelled[0].code}.png").status_code == 404


# For whom ------------------------------------------------------------------------------------------------------------


def test_who_answers_for_the_battery_gets_its_label_and_nobody_else(world: World, labelled: tuple[Life, str]) -> None:
    pack, _ = labelled
    pack.installed().removed(by=world.workshop).dispatched(to=world.recycler)

    def may() -> set[str]:
        parties = ("maker", "alliance", "workshop", "recycler", "stranger", "importer", "dismantler")
        return {name for name in parties if get(getattr(world, name), f"/labels/{pack.code}.png").status_code == 200}

    assert may() == {"maker", "alliance", "workshop", "recycler"}
    pack.received(by=world.recycler)
    # The workshop took part, and has no battery any more to put a label on.
    assert may() == {"maker", "alliance", "recycler"}
    pack.received(by=world.stranger)
    # Who received it in dispute sees no more than a scan tells.
    assert may() == {"maker", "alliance"}


@pytest.mark.parametrize("form", ["png", "svg"])
def test_what_may_not_be_had_answers_like_what_does_not_exist(
    world: World, labelled: tuple[Life, str], form: str
) -> None:
    unlabelled = world.pack().produced()
    for who, path in (
        (world.stranger, f"/labels/{labelled[0].code}.{form}"),
        (None, f"/labels/{labelled[0].code}.{form}"),
        (world.maker, f"/labels/{unlabelled.code}.{form}"),
        (world.maker, f"/labels/TMP-1.{form}"),
        (world.stranger, f"/labels.pdf?code={labelled[0].code}"),
        (world.maker, f"/labels.pdf?code={labelled[0].code}&code={unlabelled.code}"),
    ):
        answer, expected = get(who, path), nothing(world)
        assert (answer.status_code, answer.content) == (404, expected.content)
    bad = Client(headers={"Authorization": "Bearer evb_000000000000_wrong"})
    bad.force_login(world.maker.user)
    assert bad.get(f"/labels/{labelled[0].code}.{form}").status_code == 404


@pytest.mark.parametrize("query", ["", "?code=", "?code=X&size=a5", "?code=X&cut=never", "?" + "code=X&" * 301])
def test_a_sheet_of_nothing_is_not_there(world: World, query: str) -> None:
    assert get(world.maker, f"/labels.pdf{query}").status_code in (400, 404)


def test_labels_are_only_read_here(world: World, labelled: tuple[Life, str]) -> None:
    client = Client(headers={"Authorization": f"Bearer {world.maker.token}"})
    assert client.post(f"/labels/{labelled[0].code}.png").status_code == 405


def test_a_revoked_label_is_not_drawn_again(world: World, labelled: tuple[Life, str]) -> None:
    pack, _ = labelled
    label_keys.revoke(LabelKey.objects.get().kid)
    assert get(world.maker, f"/labels/{pack.code}.png").status_code == 404
    text_of(world.maker, pack, key="again", at="2026-01-07T00:00:00Z")
    assert get(world.maker, f"/labels/{pack.code}.png").status_code == 200


@pytest.mark.parametrize("size", [2, 30])
def test_a_sheet_takes_the_same_number_of_queries_for_any_number_of_labels(world: World, size: int) -> None:
    packs = [world.pack().produced() for _ in range(size)]
    issued(world.maker, *packs)
    client = Client(headers={"Authorization": f"Bearer {world.maker.token}"})
    path = "/labels.pdf?" + "&".join(f"code={pack.code}" for pack in packs)
    client.get(path)  # notes the token's first use
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert len(captured) == 5  # token, batteries, chains, labels, names


# Offline -------------------------------------------------------------------------------------------------------------


def test_public_keys_are_for_everybody_and_private_ones_for_nobody(world: World, labelled: tuple[Life, str]) -> None:
    row = LabelKey.objects.get()
    answer = get(None, "/labels/keys.json")
    [key] = answer.json()["keys"]
    assert base64.b64decode(key["publicKey"]) == bytes(row.public_key)
    assert (key["keyId"], key["organisation"]["code"], key["revokedAt"]) == (row.kid, world.maker.code, None)
    assert datetime.fromisoformat(key["signsFrom"])
    assert base64.b64encode(bytes(row.sealed_key or b"")).decode() not in answer.content.decode()
    assert set(key) == {
        "keyId", "algorithm", "publicKey", "organisation", "year", "signsFrom", "signsUntil", "revokedAt",
    }  # fmt: skip


def test_the_snippet_of_the_documents_verifies_labels_offline(world: World, labelled: tuple[Life, str]) -> None:
    found: dict[str, Any] = {}
    [snippet] = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    exec(snippet, found)
    told = get(None, "/labels/keys.json").json()["keys"]
    keys = {key["keyId"]: base64.b64decode(key["publicKey"]) for key in told if not key["revokedAt"]}
    found["genuine"](labelled[1], keys)
    for at in range(len(labelled[1]) - 1, 10, -7):
        changed = labelled[1][:at] + ("A" if labelled[1][at] != "A" else "B") + labelled[1][at + 1 :]
        with pytest.raises(Exception):  # noqa: B017, PT011 (whatever it is, it does not pass)
            found["genuine"](changed, keys)


def test_revocations_are_told_in_order_as_fingerprints(world: World) -> None:
    packs = [world.pack().produced() for _ in range(3)]
    for number, pack in enumerate(packs):
        issued(world.maker, pack, key=str(number))
    serials = dict(Label.objects.values_list("code", "serial"))
    packs[0].do("label_revoked", world.maker, serial=serials[packs[0].code], at="2026-02-01T00:00:00Z")
    first = get(world.recycler, "/labels/revoked.json").json()
    assert first["revoked"] == [fingerprint(packs[0].code, serials[packs[0].code])]
    packs[1].do("label_revoked", world.maker, at="2026-02-01T00:00:00Z")  # without a serial: all before it
    second = get(world.recycler, f"/labels/revoked.json?after={first['next']}").json()
    assert second["revoked"] == [fingerprint(packs[1].code, serials[packs[1].code])]
    assert second["more"] is False
    nothing_new = get(world.recycler, f"/labels/revoked.json?after={second['next']}").json()
    assert (nothing_new["revoked"], nothing_new["next"]) == ([], second["next"])


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=" + "9" * 30, "?after=٣"])
def test_a_place_in_the_list_that_is_none_is_not_there(world: World, query: str) -> None:
    assert get(world.recycler, f"/labels/revoked.json{query}").status_code == 404
    assert get(None, "/labels/revoked.json").status_code == 404


def test_no_picture_asks_another_host_for_anything(world: World, labelled: tuple[Life, str]) -> None:
    drawing = get(world.maker, f"/labels/{labelled[0].code}.svg").content.decode()
    assert "://" not in drawing.replace("http://www.w3.org/2000/svg", "")
    assert BytesIO(drawing.encode()).read(4) == b"<svg"
