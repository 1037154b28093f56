"""The public page of a battery: what the street is told, and what it is not."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from batteries.models import BatteryModel
from tests.factories import pack_code
from tests.labelling import text_of
from tests.worlds import Life, World
from traceability import append_only
from web.battery.advice import advice_for

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


def street(path: str, **more: Any) -> str:
    answer = Client(headers=ENGLISH).get(path, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def model_of(world: World) -> None:
    details = {
        "number": "NCM-75",
        "level": "pack",
        "batteryType": "E",
        "nominalVoltageV": "350.4",
        "ratedCapacityAh": "214",
        "nominalEnergyKwh": "75",
    }
    world.record(world.fact("model", world.maker, **details), by=world.maker)
    assert BatteryModel.objects.get().number == "NCM-75"


# What it says --------------------------------------------------------------------------------------------------------


def test_the_street_is_told_what_it_is_and_that_the_record_holds(world: World) -> None:
    model_of(world)
    pack = world.pack().produced().installed().sold().removed()
    page = street(f"/b/{pack.code}")
    for told in (pack.code, "NCM-75", "75 kWh", "350.4 V", "214 Ah", "ternary", "high voltage", "Retired"):
        assert told in page
    assert "The record holds." in page
    assert pack.record.head is not None
    assert bytes(pack.record.head).hex() in page


def test_the_street_is_told_nothing_of_people_or_trade(world: World) -> None:
    pack = world.pack(modules=2).produced().installed().sold().removed().dispatched(to=world.recycler)
    pack.received(by=world.recycler, waybill="SF-1")
    label = text_of(world.maker, pack)
    for path in (f"/b/{pack.code}", "/" + label.split("/", 3)[3]):
        page = street(path)
        for party in world.parties:
            told = (party.code, party.organisation.name, party.organisation.name_en)
            assert not [name for name in told if name in page]
        for secret in ("LSVAA", "SF-1", "k1", *pack.module_codes, "2022-01"):
            assert secret not in page


@pytest.mark.parametrize("who", ["stranger", "outlet"])
def test_who_takes_no_part_is_told_what_the_street_is_told(world: World, who: str) -> None:
    pack = world.pack().produced().installed()
    client = Client(headers=ENGLISH | {"Authorization": f"Bearer {getattr(world, who).token}"})
    assert "Time line" not in client.get(f"/b/{pack.code}").content.decode()


def test_a_recall_is_told_with_its_instruction(world: World) -> None:
    pack = world.pack().produced().recalled(campaign="R-7", instruction="Do not charge it.", reason="secret")
    page = street(f"/b/{pack.code}")
    assert "R-7" in page
    assert "Do not charge it." in page
    assert "secret" not in page


def test_it_is_written_in_both_languages(world: World) -> None:
    pack = world.pack().produced()
    chinese = Client().get(f"/b/{pack.code}").content.decode()
    assert "三元材料电池" in chinese
    assert "GB/T 33598-2017" in chinese


@pytest.mark.parametrize("battery_type", [*"ABCDEFGZ", ""])
def test_there_is_advice_for_every_chemistry_with_its_standards(battery_type: str) -> None:
    advice = advice_for(battery_type, level="pack", volts=Decimal(400))
    assert "60 V" in str(advice.safety[0])
    assert len(advice.safety) >= 5
    named = {standard for _, standard in advice.dismantling}
    assert {"GB/T 33598-2017", "GB/T 33598.3-2021", "GB/T 38698.1-2020"} <= named


# Whether the record holds --------------------------------------------------------------------------------------------


def test_a_record_that_was_changed_past_the_triggers_does_not_hold(world: World) -> None:
    pack = world.pack().produced().installed().removed()
    with append_only.laid_aside(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE traceability_lifecycleevent SET body = %s WHERE id = %s",
            [bytes(pack.events[1].body).replace(b"installed", b"inspected"), pack.events[1].pk],
        )
    page = street(f"/b/{pack.code}")
    assert "The record does not hold." in page
    assert "a record is not what its hash says" in page


def test_the_hash_on_a_receipt_is_compared(world: World) -> None:
    pack, other = world.pack().produced().installed().removed(), world.pack().produced()
    second = bytes(pack.events[1].hash).hex()
    assert "record no. 2 of this battery" in street(f"/b/{pack.code}", data={"hash": f" {second.upper()} "})
    strange = bytes(other.events[0].hash).hex()
    for given in (strange, "0" * 64, "x", "é" * 200, "\0"):
        assert "No record of this battery has this hash" in street(f"/b/{pack.code}", data={"hash": given})


def test_what_is_built_in_answers_for_the_battery_around_it(world: World) -> None:
    pack = world.pack(modules=1).produced().installed()
    page = street(f"/b/{pack.module_codes[0]}")
    assert "In a vehicle" in page
    assert pack.code not in page.replace(f'data-head="{pack.code}"', "")


# Labels --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def labelled(world: World) -> tuple[Life, str]:
    pack = world.pack().produced()
    return pack, text_of(world.maker, pack)


def path_of(text: str) -> str:
    return "/" + text.split("/", 3)[3]


def test_the_address_on_a_label_leads_to_the_page_and_is_judged(labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    page = street(path_of(text), headers={"host": "localhost"})
    assert pack.code in page
    assert "Genuine label" in page


@pytest.mark.parametrize("end", ["/", "?from=timeline&isappinstalled=0", "/x/y", "?hash=0", "#top"])
def test_what_an_app_hangs_on_a_label_is_no_part_of_it(labelled: tuple[Life, str], end: str) -> None:
    assert "Genuine label" in street(path_of(labelled[1]) + end)


def test_a_digital_link_leads_there_too(world: World) -> None:
    details = {"number": "NCM-75", "gtin": "9506000134352"}
    world.record(world.fact("model", world.maker, **details), by=world.maker)
    pack = world.pack().produced()
    text = text_of(world.maker, pack)
    assert "/01/09506000134352/21/" in text
    assert "Genuine label" in street(path_of(text))
    assert "Genuine label" in street(path_of(text) + "&from=timeline")
    assert pack.code in street(path_of(text).split("?")[0])


@pytest.mark.parametrize("host", ["ID.EXAMPLE.CN", "ID.EXAMPLE.CN/B", "ID.EXAMPLE.CN/EV/BATT"])
def test_a_label_stands_under_the_path_that_it_was_printed_with(world: World, settings: Any, host: str) -> None:
    settings.LABEL_HOST, settings.ALLOWED_HOSTS = host, ["*"]
    text = text_of(world.maker, pack := world.pack().produced())
    page = street(path_of(text), headers={"host": "id.example.cn"})
    assert pack.code in page
    assert "Genuine label" in page


def test_a_label_of_an_earlier_host_is_still_genuine(world: World, settings: Any) -> None:
    settings.LABEL_HOST = "OLD.EXAMPLE.CN/B"
    text = text_of(world.maker, world.pack().produced())
    settings.LABEL_HOST = "NEW.EXAMPLE.CN"
    assert "Genuine label" in street(path_of(text))
    assert "Genuine label" in street("/" + path_of(text).removeprefix("/B/"))


def test_a_label_that_was_changed_is_not_trusted(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    other = world.pack().produced()
    assert "Altered label" in street(path_of(text).replace(pack.code, other.code))
    assert "Altered label" in street(path_of(text).replace("/L/", "/L/A"))
    assert "Label was misread" in street(path_of(text).lower())
    text_of(world.maker, pack, key="again", at="2026-02-01T00:00:00Z")
    assert "Genuine, but replaced" in street(path_of(text))


def test_a_code_alone_says_nothing_of_a_label(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    for path in (f"/b/{pack.code}", f"/B/{pack.code}", f"/b/{pack.code.lower()}/"):
        assert "no label was scanned" in street(path)
    assert "Genuine label" in street(f"/b/{pack.code}", data={"label": text})
    assert "Not a label of this system" in street(
        f"/b/{pack.code}", data={"label": f"HTTPS://EVIL.EXAMPLE/L/{'A' * 113}/{pack.code}"}
    )
    other = world.pack().produced()
    assert "no label was scanned" in street(f"/b/{other.code}", data={"label": text})


# Looking up ----------------------------------------------------------------------------------------------------------


def test_the_field_leads_to_the_page_however_the_code_is_written(world: World, labelled: tuple[Life, str]) -> None:
    pack, text = labelled
    client = Client(headers=ENGLISH)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in pack.code)
    for given in (pack.code, pack.code.lower(), f" {pack.code[:14]} {pack.code[14:]}\n", wide):
        assert client.get("/b/", {"code": given})["Location"] == f"/b/{pack.code}"
    answer = client.get("/b/", {"code": text})
    assert "Genuine label" in client.get(answer["Location"]).content.decode()
    assert client.get("/b/")["Location"] == "/"


MALFORMED = [
    *("x", "0" * 24, "%C3%A9" * 24, "%00", "%0a", "a/b/c", "<script>alert(1)</script>", "x" * 10_000, "%ff%fe"),
    *("TMP-NOBODY", "04QPE76836300JBC4000090", "a//", "l/" + "a" * 113, "%F0%9F%94%8B", "A" * 24 + "/x?y=1&z"),
]


@pytest.mark.parametrize("start", ["/b/", "/B/", "/L/x/", "/01/09506000134352/21/"])
@pytest.mark.parametrize("given", MALFORMED)
def test_whatever_is_asked_for_gets_a_helpful_page(world: World, start: str, given: str) -> None:
    page = street(start + given)
    assert "What to check" in page
    assert "<script>alert" not in page
    assert len(page) < 20_000


def test_an_unknown_code_says_what_the_code_itself_says(world: World) -> None:
    page = street(f"/b/{pack_code(99)}")
    assert "No battery under this code" in page
    assert "It proves nothing" in page
    assert "ternary" in page
    assert "GB/T 38698.1-2020" in page


# Its cost ------------------------------------------------------------------------------------------------------------


def test_the_page_asks_few_questions(world: World, labelled: tuple[Life, str], django_assert_num_queries: Any) -> None:
    pack, text = labelled
    pack.installed().sold().removed()
    with django_assert_num_queries(7):
        street(f"/b/{pack.code}")
    with django_assert_num_queries(9):
        street(path_of(text))
    with django_assert_num_queries(0):
        street("/b/nothing")
    with django_assert_num_queries(2):
        street(f"/b/{pack_code(99)}")


def test_nothing_is_kept_by_caches_in_between(world: World) -> None:
    answer = Client().get(f"/b/{world.pack().produced().code}")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex"
    assert timezone.localtime().strftime("%Y-%m-%d") in answer.content.decode()


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post(f"/b/{pack_code(1)}").status_code == 405
