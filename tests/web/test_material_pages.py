"""Pages of batches, lots and organisations: what the APIs tell of them to the same reader, and where it leads."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.recyclers.conditions.works import Works
from tests.signing_in import come_in
from tests.worlds import Party, World
from traceability.audit.running import audit
from traceability.models import Gap

pytestmark = pytest.mark.django_db


def person(party: Party) -> Client:
    return come_in(Client(headers={"accept-language": "en"}), party.user)


def page(party: Party, address: str, **asked: Any) -> str:
    return person(party).get(address, asked).content.decode()


@pytest.fixture
def works(world: World) -> Works:
    works = Works(world, world.recycler)
    works.opened("S", material="battery_scrap")
    powder = {"lot": "P 1/a", "material": "electrode_powder", "massKg": "900", "assay": {"li": "4"}}
    works.batch("crushing", [{"lot": "S", "massKg": "1000"}], [powder], number="B/1", residues=[{"massKg": "40"}])
    return works


def test_a_batch_tells_what_went_in_what_came_out_and_what_was_lost(works: Works) -> None:
    code = works.company.code
    shown = page(works.company, f"/batches/{code}/B/1")
    assert f'<a href="/lots/{code}/S">S</a>' in shown
    assert f'<a href="/lots/{code}/P%201/a">P 1/a</a>' in shown
    assert "Li 4 %" in shown
    assert re.findall(r'<dd>([\d.,]+)(?: <small class="quiet">([\d.]+) %)?', shown)[-4:] == [
        ("1,000", ""), ("900", ""), ("40", ""), ("60", "6.00")
    ]  # fmt: skip


def test_a_lot_tells_its_movements_and_leads_to_its_batches(works: Works) -> None:
    code = works.company.code
    shown = page(works.company, f"/lots/{code}/S")
    assert "taken in from outside" in shown
    assert "drawn into a batch" in shown
    assert f'<a href="/batches/{code}/B/1">B/1</a>' in shown
    made = page(works.company, f"/lots/{code}/P%201/a")
    assert f'<a href="/lots/{code}/S">S</a></td><td class="number">100.00</td>' in made


def test_where_a_lot_is_and_what_others_did_with_it_is_not_for_who_gave_it_away(works: Works) -> None:
    world, code = works.world, works.company.code
    address = f"/lots/{code}/P%201/a"
    works.tell("dispatched", "2025-07-01", top={"lot": "P 1/a"}, to=world.stranger.code, massKg="900")
    works.tell(
        "received", "2025-07-02", by=world.stranger, top={"lot": "P 1/a", "lotOf": code}, massKg="900", **{"from": code}
    )
    used = [{"lot": "P 1/a", "lotOf": code, "massKg": "500"}]
    product = [{"lot": "X", "material": "lithium_carbonate", "massKg": "90"}]
    Works(world, world.stranger).batch("hydrometallurgy", used, product, number="THEIRS", day="2025-07-09")
    theirs, ours, all_ = (page(party, address) for party in (world.stranger, world.recycler, world.alliance))
    assert "left of it, kg</dt><dd>400" in theirs
    assert "THEIRS" in theirs
    assert "left of it" not in ours
    assert "THEIRS" not in ours
    assert "left of it, kg</dt><dd>400" in all_
    assert "THEIRS" in all_
    assert "B/1" not in theirs


@pytest.mark.parametrize("address", ["/batches/{}/B/1", "/lots/{}/S"])
def test_what_is_anothers_business_is_not_there(works: Works, address: str) -> None:
    client = person(works.world.stranger)
    there, nowhere = client.get(address.format(works.company.code)), client.get(address.format("0" * 18))
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert Client().get(address.format(works.company.code)).status_code == 302
    assert person(works.world.alliance).get(address.format(works.company.code)).status_code == 200


def test_lists_hold_what_the_reader_sees_and_are_narrowed_by_the_address(works: Works) -> None:
    world = works.world
    for number in range(51):
        works.opened(f"N-{number}")
    listed = page(world.recycler, "/lots/")
    assert "53 lots" in listed
    assert 'hx-get="?after=' in listed
    assert "1 lot<" in page(world.alliance, "/lots/", material="battery_scrap")
    assert "0 lots" in page(world.stranger, "/lots/")
    assert "1 batch<" in page(world.alliance, "/batches/", process="crushing", closed_from="2025-06-15")
    assert "0 batches" in page(world.alliance, "/batches/", process="crushing", closed_from="2025-06-16")
    assert "0 batches" in page(world.stranger, "/batches/")
    assert person(world.alliance).get("/batches/?closed_from=x&process=magic&after=-1").status_code == 200


def test_an_organisation_is_seen_by_itself_its_counterparties_and_the_alliance(works: Works) -> None:
    world = works.world
    address = f"/organisations/{world.recycler.code}/"
    with audit():
        pass
    own = page(world.recycler, address)
    assert "recycler" in own
    assert re.search(r"code=mass_imbalance&amp;organisation=\w+\">mass imbalance</a></th><td class=\"number\">1<", own)
    assert person(world.stranger).get(address).status_code == 404
    works.tell("dispatched", "2025-07-01", top={"lot": "P 1/a"}, to=world.stranger.code, massKg="900")
    counterparty = page(world.stranger, address)
    assert "recycler" in counterparty
    assert "mass imbalance" not in counterparty
    assert f"/recyclers/{world.recycler.code}/" not in counterparty
    assert f"/recyclers/{world.recycler.code}/" in page(world.alliance, address)


def test_a_gap_leads_to_the_batch_that_it_is_of_and_back(works: Works) -> None:
    with audit():
        pass
    gap = Gap.objects.get(code="mass_imbalance")
    address = f"/batches/{works.company.code}/B/1"
    assert f'<a href="{address}">' in page(works.world.alliance, "/audit/gaps/")
    assert f'<a href="{address}">' in page(works.world.alliance, f"/audit/gaps/{gap.pk}/")
    assert f'<a href="/audit/gaps/{gap.pk}/">mass imbalance</a>' in page(works.company, address)
    listed = page(works.world.alliance, "/audit/gaps/", battery=f"{works.company.code}/B/1")
    assert "1 gap<" in listed


def test_pages_ask_as_much_for_many_items_as_for_few(works: Works) -> None:
    client, code = person(works.world.alliance), works.company.code

    def asked() -> list[int]:
        found = []
        for address in (f"/batches/{code}/WIDE", "/batches/", "/lots/", f"/lots/{code}/OUT", f"/organisations/{code}/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    def wide(number: str, inputs: int, out: str) -> None:
        for place in range(inputs):
            works.opened(f"{out}-{place}", "10")
        drawn = [{"lot": f"{out}-{place}", "massKg": "10"} for place in range(inputs)]
        works.batch("hydrometallurgy", drawn, [{"lot": out, "material": "graphite", "massKg": "1"}], number=number)

    wide("WIDE", 2, "OUT")
    asked()
    few = asked()
    for number in range(6):
        wide(f"W-{number}", 20, f"OUT-{number}")
    assert asked() == few
    assert max(few) <= 26
