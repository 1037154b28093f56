"""The page of a battery for who has rights: what stands there, how far, and the bytes that a browser verifies."""

import hashlib
from base64 import b64decode
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from tests.labelling import text_of
from tests.worlds import Life, Party, World
from traceability import append_only, attachments

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


def photo() -> bytes:
    Image.new("RGB", (8, 8), "green").save(buffer := BytesIO(), "PNG")
    return buffer.getvalue()


def client(who: Party | None) -> Client:
    return Client(headers=ENGLISH | ({"Authorization": f"Bearer {who.token}"} if who else {}))


def page(who: Party | None, path: str) -> str:
    answer = client(who).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def bodies(who: Party | None, code: str, **query: Any) -> Any:
    return client(who).get(f"/b/{code}/bodies.json", query)


@pytest.fixture
def pack(world: World) -> Life:
    """Produced, driven, handed over with a waybill, and received damaged by somebody who tests it."""
    pack = world.pack(modules=2).produced().installed().sold().removed(by=world.outlet)
    pack.dispatched(to=world.recycler, waybill="SF-1").received(by=world.recycler, condition="damaged", waybill="SF-1")
    return pack.inspected(sohPercent="71.5", visual="a dent")


# What stands there ---------------------------------------------------------------------------------------------------


def test_the_holder_sees_the_whole_life(world: World, pack: Life) -> None:
    told = page(world.recycler, f"/b/{pack.code}")
    for wanted in (
        *("Time line", "Custody", "Labels", "Next steps", "SF-1", "71.5", "a dent", "damaged", "Gaoxin Outlet"),
        *(bytes(event.hash).hex() for event in pack.events),
        *(f'href="/b/{code}"' for code in pack.module_codes),
        *("recovery of its materials: possible", "2022-01-05 08:00:00"),
    ):
        assert wanted in told
    assert told.index("Produced</span>") < told.index("Received</span>")


def test_occurrence_and_recording_both_stand_there(world: World) -> None:
    pack = world.pack().produced(at="2022-03-01T00:00:00Z")
    told = page(world.maker, f"/b/{pack.code}")
    assert '<time data-shown="occurred">2022-03-01 08:00:00</time>' in told
    assert '<time data-shown="recorded">20' in told


def test_who_took_part_sees_its_own_part_and_no_more(world: World, pack: Life) -> None:
    told = page(world.outlet, f"/b/{pack.code}")
    assert "You see the chain up to your own part" in told
    assert "Dispatched</span>" in told
    for beyond in ("Inspected</span>", "71.5", "a dent"):
        assert beyond not in told


def test_a_gap_says_what_it_rests_on_and_what_to_do(world: World) -> None:
    pack = world.pack().produced()
    world.capture([world.fact("processed", world.recycler, pack.code, batch="B-9", massKg="400")])
    told = page(world.alliance, f"/b/{pack.code}")
    assert "missing link" in told
    assert "Rests on" in told
    assert "Who did the step in between records it" in told
    assert f'href="#event-{pack.code}-2"' in told
    assert "Contradiction: missing link" in told.replace("\n", " ")


def test_a_correction_stands_in_its_place_and_the_original_stays(world: World) -> None:
    pack = world.pack().produced(massKg="440")
    details = {"massKg": "430", "model": "NCM-75"}
    replacement = {"type": "produced", "battery": pack.code, "occurredAt": "2022-01-02T00:00:00Z", "details": details}
    pack.corrected(pack.key, replacement)
    told = page(world.maker, f"/b/{pack.code}")
    assert "no longer counts" in told
    assert "data-replaced" in told
    assert ">430<" in told
    assert ">440<" in told


def test_custody_tells_who_had_it_and_who_disputes_it(world: World) -> None:
    pack = world.pack().produced().installed().removed(by=world.outlet).received(by=world.recycler)
    told = page(world.alliance, f"/b/{pack.code}")
    custody = told[told.index('id="custody"') : told.index('id="made"')]
    assert custody.index("Rongcheng Motors") < custody.index("Gaoxin Outlet") < custody.index("Suining Recycling")
    assert "disputed" in custody


def test_parts_originals_and_products_lead_on(world: World) -> None:
    pack = world.pack(modules=2).produced().installed().removed(by=world.second_life)
    pack.dismantled(by=world.second_life)
    told = page(world.second_life, f"/b/{pack.module_codes[0]}")
    assert "Taken out of" in told
    assert f'href="/b/{pack.code}"' in told
    product = world.battery("08XPB01C8E0000001RP")
    product.do("assembled", world.second_life, sources=pack.module_codes)
    assert f'href="/b/{pack.module_codes[1]}"' in page(world.second_life, f"/b/{product.code}")
    assert f'href="/b/{product.code}"' in page(world.second_life, f"/b/{pack.module_codes[0]}")


def test_the_lots_that_its_mass_went_into_stand_there(world: World) -> None:
    pack = world.pack().produced().installed().removed(by=world.recycler)
    inputs = [{"battery": pack.code, "massKg": "440"}]
    outputs = [{"lot": "L-1", "material": "electrode_powder", "massKg": "300"}]
    said = world.fact("batch", world.recycler, number="B-1", process="crushing", inputs=inputs, outputs=outputs)
    world.record(said, by=world.recycler)
    told = page(world.recycler, f"/b/{pack.code}")
    assert f"{world.recycler.code}/L-1" in told
    assert "electrode powder (black mass) · 68.18 %" in told


def test_labels_and_files_stand_there_for_who_may_have_them(world: World, settings: Any, tmp_path: Any) -> None:
    settings.ATTACHMENTS_DIR = tmp_path
    kept = attachments.keep([photo()], name="photo.png", by=world.maker.viewer)
    files = [{"sha256": kept.sha256, "name": "photo.png"}, {"sha256": "a" * 64, "name": "lost.pdf"}]
    pack = world.pack().produced(top={"attachments": files})
    text_of(world.maker, pack)
    told = page(world.maker, f"/b/{pack.code}")
    assert f'href="/files/attachments/{kept.sha256}"' in told
    assert "never sent" in told
    assert f"/labels/{pack.code}.svg" in told
    assert "Genuine label" in told


def test_what_is_built_in_shows_the_life_of_its_battery(world: World, pack: Life) -> None:
    told = page(world.recycler, f"/b/{pack.module_codes[0]}")
    assert f'href="/b/{pack.code}"' in told
    assert "Inspected</span>" in told


def test_a_provisional_code_leads_to_the_battery_that_it_was(world: World) -> None:
    pack = world.pack().produced().installed().removed(by=world.outlet)
    found = world.battery("TMP-XYZ").received(by=world.recycler, label="missing")
    world.battery(found.code).identified(pack, by=world.alliance)
    told = page(world.alliance, f"/b/{found.code}")
    assert pack.code in told
    assert "Provisional codes" in told


def test_a_body_that_cannot_be_read_hides_nothing_of_that(world: World, pack: Life) -> None:
    damage(pack, 1, b"no json")
    told = page(world.alliance, f"/b/{pack.code}")
    assert "The record does not hold." in told
    assert "a record was altered until it cannot be read" in told


def damage(pack: Life, place: int, body: bytes) -> None:
    with append_only.laid_aside(), connection.cursor() as cursor:
        cursor.execute("UPDATE traceability_lifecycleevent SET body = %s WHERE id = %s", [body, pack.events[place].pk])


# Pages, and their cost -----------------------------------------------------------------------------------------------


def test_a_long_time_line_comes_in_pages(world: World, monkeypatch: pytest.MonkeyPatch, pack: Life) -> None:
    monkeypatch.setattr("web.battery.timeline.SIZE", 3)
    first = page(world.alliance, f"/b/{pack.code}")
    assert first.count("data-event") == 3
    after = first.split('href="?after=')[1].split("#")[0]
    second = page(world.alliance, f"/b/{pack.code}?after={after}")
    assert second.count("data-event") == 3
    assert "To the beginning" in second
    for strange in ("x", "1.2", "1.2.3.4", "9" * 30 + ".1.1", "-1.2.3", "١.٢.٣"):
        assert page(world.alliance, f"/b/{pack.code}?after={strange}")


def test_the_number_of_queries_does_not_grow_with_the_life(world: World, pack: Life) -> None:
    def cost(code: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            page(world.alliance, f"/b/{code}")
        return len(asked)

    page(world.alliance, f"/b/{pack.code}")
    before = cost(pack.code)
    for _ in range(5):
        pack.inspected()
    assert cost(pack.code) == before
    assert before <= 29


# The bytes -----------------------------------------------------------------------------------------------------------


def test_the_bytes_are_as_they_are_stored_and_add_up(world: World, pack: Life) -> None:
    answer = bodies(world.recycler, pack.code)
    assert answer["Cache-Control"] == "private, no-store"
    told = answer.json()
    previous = None
    for one, event in zip(told["events"], pack.events, strict=True):
        raw = b64decode(one["body"])
        assert raw == bytes(event.body)
        assert one["hash"] == hashlib.sha256(raw).hexdigest()
        assert orjson.loads(raw).get("previousHash") == one["previousHash"] == previous
        previous = one["hash"]
        for name, text in one["contents"].items():
            assert orjson.loads(raw)["details"][name]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert told["heads"] == [{"record": pack.code, "number": len(pack.events), "hash": previous}]
    assert told["next"] is None


def test_personal_values_are_not_among_them(world: World, pack: Life) -> None:
    answer = bodies(world.alliance, pack.code).content.decode()
    assert "a dent" not in answer
    assert "LSVAA" not in answer


def test_who_sees_a_part_gets_its_own_bytes_and_the_hashes_of_the_others(world: World, pack: Life) -> None:
    told = bodies(world.outlet, pack.code).json()
    assert told["heads"] == []
    assert [one["body"] is not None for one in told["events"]] == [False, False, False, True, True, False]
    assert [one["hash"] for one in told["events"]] == [bytes(event.hash).hex() for event in pack.events[:6]]


@pytest.mark.parametrize("who", ["stranger", None])
def test_for_everybody_else_there_is_nothing_there(world: World, pack: Life, who: str | None) -> None:
    party = getattr(world, who) if who else None
    there, nowhere = bodies(party, pack.code), bodies(party, world.pack_code())
    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content


def test_bytes_come_in_pages_too(world: World, pack: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.battery.views.PAGE", 3)
    found, after = [], "0"
    while after is not None:
        told = bodies(world.recycler, pack.code, after=after).json()
        found, after = [*found, *told["events"]], told["next"]
    assert [one["sequence"] for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert bodies(world.recycler, pack.code, after="x").status_code == 404


def test_bytes_take_a_fixed_number_of_queries(world: World, pack: Life, django_assert_num_queries: Any) -> None:
    bodies(world.recycler, pack.code)
    with django_assert_num_queries(5):
        bodies(world.recycler, pack.code)
