"""The maker's pages: the list of batteries, and files that are tried, followed and recorded."""

import re
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batteries.models import Battery, Label
from tests import factories
from tests.signing_in import come_in
from tests.worlds import Party, World
from traceability import worker
from traceability.models import ImportJob, Organisation

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


def test_the_list_leads_to_ones_own_gaps(world: World) -> None:
    page = person(world.maker).get("/batteries/").content.decode()
    assert f'href="/audit/gaps/?organisation={world.maker.code}"' in page


# Labels --------------------------------------------------------------------------------------------------------------


def label(client: Client, *codes: str, **said: str) -> Any:
    return client.post("/batteries/labels", {"code": list(codes), "size": "60x40", "key": "k" * 32, **said})


def test_labels_that_are_missing_are_issued_once_and_all_are_printed(world: World) -> None:
    codes, client = [world.pack().produced().code for _ in range(3)], person(world.maker)
    assert "Issue the labels that are missing" in client.get("/batteries/").content.decode()
    first = label(client, codes[0], issue="yes")
    assert (first.status_code, first.content[:5]) == (200, b"%PDF-")
    assert label(client, *codes, issue="yes").status_code == 200
    assert label(client, *codes, issue="yes").status_code == 200
    assert Label.objects.count() == 3
    assert label(client, *codes, size="a4").content[:5] == b"%PDF-"


def test_without_issuing_what_has_no_label_is_told(world: World) -> None:
    code = world.pack().produced().code
    answer = label(person(world.maker), code)
    assert answer.status_code == 400
    assert code in answer.content.decode()
    assert Label.objects.count() == 0


def test_who_did_not_make_a_battery_issues_no_label(world: World) -> None:
    code = world.pack().produced().code
    assert label(person(world.cell_maker), code, issue="yes").status_code == 400
    assert label(person(world.recycler), code, issue="yes").status_code == 400
    assert "Issue the labels" not in person(world.recycler).get("/batteries/").content.decode()
    assert Label.objects.count() == 0


@pytest.mark.parametrize("said", [{"size": "a0"}, {"code": []}])
def test_labels_of_nothing_are_refused(world: World, said: dict[str, Any]) -> None:
    answer = person(world.maker).post("/batteries/labels", {"code": ["X"], "size": "60x40", **said})
    assert answer.status_code == 400
    assert "Choose the batteries first" in answer.content.decode()


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


def test_the_alliance_reads_the_files_of_others_and_does_nothing_with_them(world: World) -> None:
    sent = send(person(world.maker), GOOD, dry_run="on")
    auditor = person(world.alliance)
    assert f"{sent['Location']}cancel" not in auditor.get(sent["Location"]).content.decode()
    work()
    assert f"{sent['Location']}commit" not in auditor.get(sent["Location"]).content.decode()
    assert auditor.post(f"{sent['Location']}commit").status_code == 404
    assert ImportJob.objects.count() == 1


def test_who_registers_no_more_is_told_so_when_the_file_is_to_be_recorded(world: World) -> None:
    client = person(world.maker)
    tried = send(client, GOOD, dry_run="on")
    work()
    Organisation.objects.filter(pk=world.maker.id).update(roles=" service ")
    answer = client.post(f"{tried['Location']}commit")
    assert answer.status_code == 400
    assert "has not the role" in answer.content.decode()
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


def preview(client: Client, sent: Any) -> str:
    return client.get(f"{sent['Location']}preview", headers={"HX-Request": "true"}).content.decode()


def table(page: str) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Headings with what they are read as, and the rows."""
    columns = re.findall(r'<th scope="col">(.*?)<br><small[^>]*>(.*?)</small>', page)
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr>(<td.*?)</tr>", page)]
    return columns, rows


def test_the_first_rows_are_shown_as_they_are_read_before_any_worker_came(world: World) -> None:
    client = person(world.maker)
    sent = send(client, "质量(kg);编码;颜色\n" + "".join(f"440;{code} ;red\n" for code in PACKS * 3), dry_run="on")
    assert f'hx-get="{sent["Location"]}preview"' in client.get(sent["Location"]).content.decode()
    columns, rows = table(preview(client, sent))
    assert columns == [("质量(kg)", "read as: mass, kg"), ("编码", "read as: code"), ("颜色", "not known")]
    assert len(rows) == 20
    assert rows[0] == ["2", "440", PACKS[0], "red"]


def test_workbooks_and_lines_are_shown_too(world: World) -> None:
    client, file = person(world.maker), BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "mass_kg"])
        sheet.write_row(1, 0, [PACKS[0], 440])
    form = {"file": SimpleUploadedFile("a.xlsx", file.getvalue()), "on_error": "rollback"}
    columns, rows = table(preview(client, client.post("/batteries/files/", form)))
    assert [name for _heading, name in columns] == ["read as: code", "read as: mass, kg"]
    assert rows == [["2", PACKS[0], "440"]]
    line = f'{{"battery": "{PACKS[0]}", "details": {{"massKg": "440"}}}}\nnot json\n'
    form = {"file": SimpleUploadedFile("a.jsonl", line.encode()), "on_error": "rollback"}
    columns, rows = table(preview(client, client.post("/batteries/files/", form)))
    assert [heading for heading, _name in columns] == ["battery", "massKg", "—"]
    assert rows == [["1", PACKS[0], "440", ""], ["2", "", "", "not json"]]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8", b"PK\x03\x04broken", b"", b"\n\n"])
def test_what_is_no_table_is_said_so(world: World, content: bytes) -> None:
    client = person(world.maker)
    form = {"file": SimpleUploadedFile("a.csv", content or b" "), "on_error": "rollback"}
    sent = client.post("/batteries/files/", form)
    assert "<table" not in preview(client, sent)


def test_anothers_rows_are_not_shown(world: World) -> None:
    sent = send(person(world.maker), GOOD, dry_run="on")
    assert person(world.cell_maker).get(f"{sent['Location']}preview").status_code == 404
