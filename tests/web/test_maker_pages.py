"""The maker's pages: the list of batteries, and files that are tried, followed and recorded."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batteries.models import Battery
from tests import factories
from tests.signing_in import come_in
from tests.worlds import Party, World
from traceability import worker
from traceability.models import ImportJob

pytestmark = pytest.mark.django_db
HEADER = "编码,型号,质量(kg)\n"
PACKS = [factories.pack_code(number) for number in range(500, 510)]
GOOD = HEADER + "".join(f"{code},NCM-75,440\n" for code in PACKS[:5])
MIXED = f"{GOOD}X,NCM-75,440\n{PACKS[6]},NCM-75,-1\n"


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.IMPORTS_DIR = tmp_path / "imports"


def person(party: Party) -> Client:
    return come_in(Client(headers={"accept-language": "en"}), party.user)


def send(client: Client, text: str, **said: str) -> Any:
    form = {"file": SimpleUploadedFile("三月.csv", text.encode()), "on_error": "rollback", **said}
    return client.post("/batteries/files/", form)


def work() -> None:
    while worker.work_off("test") is not None:
        pass


# The list ------------------------------------------------------------------------------------------------------------


def test_strangers_are_sent_to_sign_in(world: World) -> None:
    for address in ("/batteries/", "/batteries/files/"):
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={address}")


def test_a_maker_sees_its_batteries_and_nobody_elses(world: World) -> None:
    own, other = world.pack().produced(), world.pack().produced(by=world.cell_maker)
    page = person(world.maker).get("/batteries/").content.decode()
    assert own.code in page
    assert other.code not in page
    assert other.code in person(world.alliance).get("/batteries/").content.decode()


def test_the_address_narrows_the_list(world: World) -> None:
    new, old = world.pack().produced(), world.pack().produced().installed().removed()
    client = person(world.maker)
    found = client.get("/batteries/?stage=produced").content.decode()
    assert (new.code in found, old.code in found) == (True, False)
    assert "No battery here answers to that." in client.get("/batteries/?model=NONE").content.decode()


def test_what_cannot_be_read_narrows_nothing_and_is_told(world: World) -> None:
    code = world.pack().produced().code
    page = person(world.maker).get("/batteries/?produced_from=31-02&stage=flying&after=-1").content.decode()
    assert code in page
    assert page.count('role="alert"') == 2


def test_a_long_list_goes_on_where_it_stopped(world: World) -> None:
    codes = [world.pack().produced().code for _ in range(53)]
    client = person(world.maker)
    first = client.get("/batteries/").content.decode()
    [more] = re.findall(r'hx-get="\?([^"]+)"', first)
    rest = client.get(f"/batteries/?{more}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in rest
    assert [code for code in codes if code in first] == codes[:50]
    assert [code for code in codes if code in rest] == codes[50:]


def test_the_list_asks_as_much_for_many_as_for_one(world: World) -> None:
    client = person(world.maker)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/batteries/")
        return len(queries)

    world.pack().produced()
    asked()  # the first visit marks the session
    one = asked()
    for _ in range(20):
        world.pack().produced()
    assert asked() == one <= 7


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_file_is_tried_and_then_recorded(world: World) -> None:
    client = person(world.maker)
    tried = send(client, GOOD, dry_run="on")
    work()
    page = client.get(tried["Location"]).content.decode()
    assert Battery.objects.count() == 0
    assert 'class="good">5<' in page
    done = client.post(f"{tried['Location']}commit")
    work()
    assert Battery.objects.count() == 5
    assert "done" in client.get(done["Location"]).content.decode()


def test_what_is_wrong_is_told_row_by_row_and_the_good_rows_can_be_taken(world: World) -> None:
    client = person(world.maker)
    tried = send(client, MIXED, dry_run="on")
    work()
    page = client.get(tried["Location"]).content.decode()
    rows = re.findall(r'<tr><td class="number">(\d+)</td><td>([^<]*)</td><td class="code">([^<]*)</td>', page)
    assert rows == [("7", "编码", "X"), ("8", "质量(kg)", "-1")]
    client.post(f"{tried['Location']}commit", {"on_error": "proceed"})
    work()
    assert Battery.objects.count() == 5


def test_a_bad_file_that_was_not_tried_registers_nothing(world: World) -> None:
    client = person(world.maker)
    sent = send(client, MIXED)
    work()
    assert "refused" in client.get(sent["Location"]).content.decode()
    assert Battery.objects.count() == 0


def test_while_it_is_worked_on_the_page_asks_again(world: World) -> None:
    client = person(world.maker)
    sent = send(client, GOOD)
    part = client.get(sent["Location"], headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in part
    client.post(f"{sent['Location']}cancel")
    part = client.get(sent["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in part
    assert ImportJob.objects.get().status == "cancelled"


@pytest.mark.parametrize("address", ["", "commit", "cancel"])
def test_anothers_file_is_not_there(world: World, address: str) -> None:
    sent = send(person(world.maker), GOOD, dry_run="on")
    work()
    other = person(world.cell_maker)
    ask = other.get if not address else other.post
    assert ask(sent["Location"] + address).status_code == 404
    assert ImportJob.objects.count() == 1


def test_who_registers_nothing_cannot_send(world: World) -> None:
    client = person(world.recycler)
    assert "your organisation is none of them" in client.get("/batteries/files/").content.decode()
    answer = send(client, GOOD)
    assert answer.status_code == 400
    assert ImportJob.objects.count() == 0


def test_a_form_without_a_file_says_so(world: World) -> None:
    answer = person(world.maker).post("/batteries/files/", {"on_error": "rollback"})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
