"""A company's page: clauses with figure, limit, verdict and evidence; declaring, and what the alliance makes of it."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recyclers.models import Declaration, DeclarationReview
from recyclers.periods import last_year_judged
from tests.recyclers.conditions.works import Works
from tests.signing_in import come_in
from tests.worlds import Party, World

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"


def person(party: Party) -> Client:
    return come_in(Client(headers={"accept-language": "en"}), party.user)


def lines(page: str) -> dict[str, tuple[str, str, str]]:
    """Clause → figure, limit and verdict as they stand in the table."""
    found = re.findall(
        r'<tr id="([^"]+)">.*?<td class="number">(.*?)</td><td>(.*?)</td><td><span[^>]*>(.*?)</span>', page, re.DOTALL
    )
    return {key: (" ".join(figure.split()), limit, verdict) for key, figure, limit, verdict in found}


def test_each_clause_has_its_figure_its_limit_and_its_verdict(world: World) -> None:
    works = Works(world, world.recycler)
    works.smelted(into={"li": "10"}, out={"li": "8.9"}, number="B-77")
    works.declare_all(without=("water.reuse",))
    page = person(world.recycler).get(f"/recyclers/{world.recycler.code}/?year=2025").content.decode()
    shown = lines(page)
    assert shown["recovery.li"] == ("89.00 %", "≥ 90 %", "not met")
    assert shown["water.reuse"] == ("", "≥ 90 %", "no evidence")
    assert shown["capacity.load"] == ("55 %", "≥ 10 %", "met")
    assert shown["powder.al"][2] == "not applicable"
    assert "B-77" in page


def test_the_address_chooses_year_edition_and_averaging(world: World) -> None:
    Works(world, world.recycler).smelted(into={"li": "10"}, out={"li": "8.7"}, day="2024-05-05")
    client = person(world.alliance)
    address = f"/recyclers/{world.recycler.code}/?year=2024"
    assert lines(client.get(address).content.decode())["recovery.li"][1:] == ("≥ 85 %", "met")
    assert lines(client.get(address + "&edition=2024").content.decode())["recovery.li"][1:] == ("≥ 90 %", "not met")
    assert client.get(address + "&edition=1999").status_code == 400
    assert client.get(address + "&averaging=day").status_code == 400
    assert client.get(f"/recyclers/{world.recycler.code}/?year=abc").status_code == 200


@pytest.mark.parametrize("address", ["", "declare"])
def test_anothers_company_is_not_there(world: World, address: str) -> None:
    client = person(world.stranger)
    there = client.get(f"/recyclers/{world.recycler.code}/{address}")
    nowhere = client.get(f"/recyclers/{'0' * 18}/{address}")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert person(world.alliance).get(f"/recyclers/{world.maker.code}/").status_code == 404


def test_one_comes_to_the_own_company_and_the_alliance_to_all(world: World) -> None:
    assert person(world.recycler).get("/recyclers/")["Location"] == f"/recyclers/{world.recycler.code}/"
    listed = person(world.alliance).get("/recyclers/").content.decode()
    assert set(re.findall(r"/recyclers/([0-9A-Z]{18})/", listed)) == {
        world.recycler.code, world.stranger.code, world.second_life.code
    }  # fmt: skip
    assert "none of them" in person(world.maker).get("/recyclers/").content.decode()


def declare(client: Client, company: Party, **fields: Any) -> Any:
    return client.post(f"/recyclers/{company.code}/declare", {"year": "2025", "key": "k", **fields})


def test_figures_statements_and_documents_are_declared(world: World) -> None:
    client = person(world.recycler)
    proof = SimpleUploadedFile("eia.pdf", PDF, "application/pdf")
    said = {"figure:water.reuse": "92.5", "statement:permit.eia": "true", "document:permit.eia": proof}
    answer = declare(client, world.recycler, **said)
    assert answer["Location"] == f"/recyclers/{world.recycler.code}/?year=2025"
    row = Declaration.objects.get()
    assert (row.figures, row.statements) == ({"water.reuse": "92.5"}, {"permit.eia": True})
    assert row.documents[0]["clause"] == "permit.eia"
    page = client.get(answer["Location"]).content.decode()
    assert lines(page)["permit.eia"][2] == "met"
    file = client.get(f"/files/attachments/{row.documents[0]['sha256']}")
    assert b"".join(file.streaming_content) == PDF  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"figure:water.reuse": "-1"}, id="a negative figure"),
        pytest.param({"figure:water.reuse": "abc"}, id="no figure"),
        pytest.param({"year": "1999", "figure:water.reuse": "90"}, id="a year long gone"),
        pytest.param({"document:permit.eia": SimpleUploadedFile("x.pdf", b"MZ\x00\x00")}, id="not what it says"),
    ],
)
def test_what_cannot_be_declared_is_told_and_nothing_is_written(world: World, fields: dict[str, Any]) -> None:
    answer = declare(person(world.recycler), world.recycler, **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert Declaration.objects.count() == 0


def test_nobody_declares_for_another(world: World) -> None:
    assert declare(person(world.alliance), world.recycler, **{"figure:water.reuse": "90"}).status_code == 403
    assert declare(person(world.stranger), world.recycler, **{"figure:water.reuse": "90"}).status_code == 404
    assert Declaration.objects.count() == 0


def test_the_alliance_objects_and_the_company_sees_why(world: World) -> None:
    declare(person(world.recycler), world.recycler, **{"figure:water.reuse": "92.5"})
    alliance = person(world.alliance)
    address = f"/recyclers/{world.recycler.code}/"
    assert "Object to it" in alliance.get(address + "?year=2025").content.decode()
    said = {"year": "2025", "accepted": "no", "reason": "The meters were not calibrated.", "key": "r"}
    assert alliance.post(address + "review", said).status_code == 302
    assert DeclarationReview.objects.count() == 1
    page = person(world.recycler).get(address + "?year=2025").content.decode()
    assert "The meters were not calibrated." in page
    assert lines(page)["water.reuse"][2] == "no evidence"
    assert person(world.recycler).post(address + "review", said).status_code == 403
    assert alliance.post(address + "review", said | {"year": "x"}).status_code == 400


def test_the_page_asks_as_much_for_many_batches_as_for_few(world: World) -> None:
    works, client = Works(world, world.recycler), person(world.recycler)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/recyclers/{world.recycler.code}/?year=2025")
        return len(queries)

    works.smelted(into={"li": "10"}, out={"li": "9"})
    works.declare_all()
    asked()
    few = asked()
    for _ in range(8):
        works.smelted(into={"li": "10"}, out={"li": "9"})
    assert asked() == few <= 40


def listed(world: World, party: Party, **more: Any) -> None:
    Works(world, party).tell(
        "listing", "2023-01-01", by=world.alliance,
        organisation=party.code, scope="recovery", batch="1", announcedOn="2023-01-01", **more,
    )  # fmt: skip


def judged(party: Party, **asked: Any) -> dict[str, list[str]]:
    """The judged rows of the list: name of the company → its cells."""
    page = person(party).get("/recyclers/", asked, headers={"HX-Request": "true"}).content.decode()
    rows = re.findall(r'<tr><th scope="row"><a href="/recyclers/(\w{18})/">.*?</th>(.*?)</tr>', page, re.DOTALL)
    return {
        code: [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
        for code, row in rows
    }


def test_the_list_comes_at_once_and_asks_for_its_verdicts_by_itself(world: World) -> None:
    listed(world, world.recycler)
    page = person(world.alliance).get("/recyclers/?region=51").content.decode()
    assert 'hx-get="?region=51&amp;judged="' in page
    assert "being judged" in page
    # Without scripts a link leads to the same.
    whole = person(world.alliance).get("/recyclers/?judged=").content.decode()
    assert "being judged" not in whole
    assert "<html" in whole
    assert "2023-01-01" in whole


def test_the_list_tells_verdict_place_on_the_list_load_and_what_is_due(world: World) -> None:
    year = last_year_judged(timezone.localdate())
    assert year is not None
    works = Works(world, world.recycler)
    listed(world, world.recycler)
    works.smelted(into={"li": "10"}, out={"li": "8"}, kilograms="6000", day=f"{year}-05-05")
    works.declare_all(year=year)
    cells = judged(world.alliance)[world.recycler.code]
    assert cells[1:3] == ["not met", "2023-01-01"]
    assert cells[3].startswith("1")
    assert cells[4] == "0.05 (declared 55)"
    assert "to be mended: Recovery of lithium" in cells[6]
    assert judged(world.alliance)[world.stranger.code][2] == "not listed"


def test_the_list_is_narrowed_by_verdict_region_and_listing(world: World) -> None:
    year = last_year_judged(timezone.localdate())
    Works(world, world.recycler).smelted(into={"li": "10"}, out={"li": "8"}, day=f"{year}-05-05")
    listed(world, world.recycler)
    assert set(judged(world.alliance, verdict="fail")) == {world.recycler.code}
    assert world.recycler.code not in judged(world.alliance, verdict="no_evidence")
    assert set(judged(world.alliance, listed="yes")) == {world.recycler.code}
    assert world.recycler.code not in judged(world.alliance, listed="no")
    assert judged(world.alliance, region="99") == {}


def test_the_page_of_a_company_says_where_it_stands_and_follows_each_element(world: World) -> None:
    year = last_year_judged(timezone.localdate())
    works = Works(world, world.recycler)
    listed(world, world.recycler)
    number = works.smelted(into={"li": "10"}, out={"li": "8"}, day=f"{year}-05-05")
    address, client = f"/recyclers/{world.recycler.code}/", person(world.recycler)
    page = client.get(f"{address}?year={year}").content.decode()
    assert f'hx-get="{address}standing"' in page
    assert f'hx-get="{address}balance?year={year}"' in page
    assert f'href="/batches/{world.recycler.code}/{number}"' in page
    standing = client.get(f"{address}standing").content.decode()
    assert f'{address}?year={year}#recovery.li">' in standing
    balance = client.get(f"{address}balance?year={year}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in balance
    assert re.search(r"Li</th><td[^>]*>100.000</td><td[^>]*>80.000</td>.*>20.000</td>.*>80.00<", balance)
    for part in ("standing", "balance"):
        assert person(world.stranger).get(address + part).status_code == 404


def test_the_list_asks_as_much_for_many_companies_as_for_few(world: World) -> None:
    client = person(world.alliance)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/recyclers/?judged=")
        return len(queries)

    def work(party: Party) -> None:
        listed(world, party)
        Works(world, party).smelted(into={"li": "10"}, out={"li": "8"})

    work(world.recycler)
    asked()
    few = asked()
    for party in (world.stranger, world.second_life):
        work(party)
        work(party)
    assert asked() == few <= 44


def test_the_dynamic_list_is_a_file_for_the_alliance(world: World) -> None:
    listed(world, world.recycler)
    address = "/files/companies/dynamic-list.csv"
    assert address in person(world.alliance).get("/recyclers/").content.decode()
    answer = person(world.alliance).get(address)
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(rows) == 2
    assert world.recycler.code in rows[1]
    assert person(world.recycler).get(address).status_code == 404
    assert Client().get(address).status_code == 401


def test_evidence_is_told_in_words(world: World) -> None:
    works = Works(world, world.recycler)
    works.smelted(into={"li": "10"}, out={"li": "8"}, number="B-1", day="2025-03-05")
    works.smelted(into={"li": "10"}, out={"li": "9.5"}, number="B-2", day="2025-04-05")
    client = person(world.recycler)
    page = client.get(f"/recyclers/{world.recycler.code}/?year=2025&averaging=batch").content.decode()
    assert "<dt>applies to</dt><dd>second-life company</dd>" in page
    assert "2 (not met: 1, met: 1)" in page
    assert "<dt>the one that decides</dt><dd>B-1</dd>" in page
    assert '<option value="eu2023_1542">' in page
    assert ">eu2023_1542</option>" not in page
