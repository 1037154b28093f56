"""Another site's page makes a browser send what it can: every form of it is refused at every door, nothing happens."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.graphql_schema.doors import addresses
from tests.signing_in import come_in
from tests.worlds import World
from traceability.models import LifecycleEvent, User

pytestmark = pytest.mark.django_db

JSON = "application/json"
TOKEN = "a" * 32
INPUT = '{idempotencyKey: "forged", occurredAt: "2024-01-01T00:00:00Z", number: "X"}'
MUTATION = f"mutation {{ recordModel(input: {INPUT}) {{ replayed errors {{ code message }} }} }}"


@pytest.fixture
def victim(world: World) -> Client:
    """A browser in which somebody of a maker is signed in."""
    return come_in(Client(enforce_csrf_checks=True), world.maker.user)


FORGED: list[Any] = [
    pytest.param("GET", {"query": {"query": MUTATION}}, id="by GET"),
    pytest.param("POST", {"type": "application/x-www-form-urlencoded", "body": f"query={MUTATION}"}, id="a form"),
    pytest.param("POST", {"type": "text/plain"}, id="as text"),
    pytest.param("POST", {"type": "text/plain; application/json"}, id="as text that names JSON"),
    pytest.param("POST", {"type": "multipart/form-data; boundary=x"}, id="multipart"),
    pytest.param("POST", {"type": ""}, id="of no type"),
    pytest.param("POST", {"type": "application/csp-report"}, id="as a report"),
    pytest.param("POST", {"query": {"query": MUTATION}, "body": "{}"}, id="in the URL over the body"),
    pytest.param("POST", {}, id="no token"),
    pytest.param("POST", {"cookie": TOKEN}, id="the cookie alone"),
    pytest.param("POST", {"header": TOKEN}, id="the header alone"),
    pytest.param("POST", {"cookie": TOKEN, "header": "b" * 32}, id="they differ"),
    pytest.param("POST", {"cookie": TOKEN, "header": TOKEN, "origin": "https://evil.example"}, id="a foreign origin"),
    pytest.param("POST", {"cookie": TOKEN, "header": TOKEN, "origin": "null"}, id="a hidden origin"),
    pytest.param("POST", {"cookie": TOKEN, "header": TOKEN, "origin": "http://testserver.evil.example"}, id="alike"),
    pytest.param("PUT", {"cookie": TOKEN, "header": TOKEN}, id="by PUT"),
]


@pytest.mark.parametrize(("method", "how"), FORGED)
@pytest.mark.parametrize("address", addresses())
def test_a_forged_request_does_nothing(
    world: World, victim: Client, address: str, method: str, how: dict[str, Any]
) -> None:
    before = LifecycleEvent.objects.count()
    headers = {"Accept": "*/*"}
    if "cookie" in how:
        victim.cookies["csrftoken"] = how["cookie"]
    for name, header in (("header", "X-CSRFToken"), ("origin", "Origin")):
        if name in how:
            headers[header] = how[name]
    body = how.get("body", json.dumps({"query": MUTATION}))
    answer = victim.generic(
        method, address, body, content_type=how.get("type", JSON), headers=headers, query_params=how.get("query")
    )
    assert answer.status_code in {400, 403, 405, 415}
    assert "data" not in answer.json()
    assert LifecycleEvent.objects.count() == before


def test_the_honest_page_is_served(world: World, victim: Client) -> None:
    """The same request with its own token: what is refused above is refused for the forgery."""
    victim.cookies["csrftoken"] = TOKEN
    before = LifecycleEvent.objects.count()
    headers = {"X-CSRFToken": TOKEN, "Origin": "http://testserver"}
    answer = victim.post("/graphql/", json.dumps({"query": MUTATION}), content_type=JSON, headers=headers)
    assert answer.json()["data"]["recordModel"]["errors"] == []
    assert LifecycleEvent.objects.count() == before + 1


@pytest.mark.parametrize(
    "address",
    [
        *("/sign-in/", "/sign-out/", "/account/password/", "/account/confirm/", "/account/second-factor/enrol/"),
        *("/account/recovery-codes/new/", "/i18n/setlang/"),
    ],
)
def test_no_form_of_a_page_is_taken_without_its_token(victim: Client, address: str) -> None:
    assert victim.post(address, {"code": "1"}).status_code == 403


def test_signing_out_is_no_link(victim: Client) -> None:
    assert victim.get("/sign-out/").status_code == 405


def test_no_page_may_be_framed(client: Client, db: None) -> None:
    assert client.get("/sign-in/")["X-Frame-Options"] == "DENY"


def test_nobody_signs_the_victim_in_as_somebody_else(world: World, client: Client) -> None:
    """Signing in by a forged form would let the victim record in the attacker's name."""
    attacker = User.objects.create_user("attacker", password="x", organisation=world.recycler.organisation)
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/sign-in/", {"username": attacker.username, "password": "x"})
    assert answer.status_code == 403
    assert "sessionid" not in answer.cookies
