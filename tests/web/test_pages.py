"""The first pages: what a person and a machine see when they come to the address."""

import pytest
from django.test import Client

from tests.signing_in import come_in
from tests.worlds import World
from traceability import append_only

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def test_health_is_told_with_the_state_of_the_ledgers_triggers(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": True, "ledger": True})


@pytest.mark.django_db(transaction=True)
def test_a_ledger_without_its_triggers_is_not_healthy(client: Client) -> None:
    with append_only.laid_aside():
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unguarded")
    assert client.get("/healthz").status_code == 200


def test_the_version_is_that_of_the_project(client: Client) -> None:
    assert client.get("/version").json()["version"].count(".") == 2


def test_the_first_page_is_chinese_unless_english_is_asked_for(client: Client) -> None:
    assert 'lang="zh-hans"' in client.get("/").content.decode()
    assert 'lang="en"' in client.get("/", headers={"accept-language": "en"}).content.decode()


def test_the_language_can_be_switched_and_stays(client: Client) -> None:
    token = client.get("/").cookies["csrftoken"].value
    client.post("/i18n/setlang/", {"language": "en", "next": "/", "csrfmiddlewaretoken": token})
    assert "One record for every battery" in client.get("/").content.decode()
    kept = client.cookies["django_language"]
    assert (kept["httponly"], kept["samesite"]) == (True, "Lax")


def test_what_is_shown_to_who_is_signed_in_is_kept_by_no_browser(world: World) -> None:
    client = come_in(Client(), world.recycler.user)
    own = f"/recyclers/{world.recycler.code}/"
    for address in ("/batteries/", "/batteries/files/", "/audit/", "/lots/", own, f"{own}declare", "/intake/"):
        assert "no-store" in client.get(address)["Cache-Control"], address


def test_a_person_signs_in_and_sees_for_whom(client: Client, world: World) -> None:
    person = world.maker.user
    person.set_password("a-long-enough-secret-9")
    person.save()
    token = client.get("/sign-in/").cookies["csrftoken"].value
    form = {"username": person.username, "password": "a-long-enough-secret-9", "csrfmiddlewaretoken": token}
    answer = client.post("/sign-in/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert world.maker.organisation.name in client.get("/").content.decode()


def test_a_wrong_password_signs_nobody_in(client: Client, world: World) -> None:
    token = client.get("/sign-in/").cookies["csrftoken"].value
    form = {"username": world.maker.user.username, "password": "wrong", "csrfmiddlewaretoken": token}
    answer = client.post("/sign-in/", form)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_signing_in_without_the_forms_token_is_refused(client: Client) -> None:
    assert client.post("/sign-in/", {"username": "a", "password": "b"}).status_code == 403


def test_no_page_asks_another_host_for_anything(client: Client) -> None:
    for address in ("/", "/sign-in/", "/admin/login/"):
        page = client.get(address).content.decode()
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "https://" not in page


def test_the_first_page_looks_up_a_battery_and_leads_to_ones_own_pages(world: World) -> None:
    stranger = Client(headers={"accept-language": "en"}).get("/").content.decode()
    assert 'action="/b/"' in stranger
    assert "Your pages" not in stranger
    signed_in = Client(headers={"accept-language": "en"})
    signed_in.force_login(world.maker.user)
    page = signed_in.get("/").content.decode()
    assert "Your pages" in page
    assert "/files/registrations/template.xlsx" in page
    # Only staff may enter: nobody else is led to a door that stays shut.
    assert "/admin/" not in page
