"""Guessing tokens: ten tries, then a lock that grows; whoever has the right secret never notices."""

import json
import secrets
from typing import Any

import pytest
from django.test import Client

from tests.graphql_schema.doors import code
from tests.signing_in import come_in
from tests.worlds import World
from traceability import tokens
from traceability.door.models import Attempt

pytestmark = pytest.mark.django_db

ATTACKER, FACTORY = "203.0.113.9", "198.51.100.7"


def ask(token: str, address: str = ATTACKER, query: str = "{ me { name } }") -> Any:
    client = Client(headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR=address)
    return client.post("/graphql/", json.dumps({"query": query}), content_type="application/json")


def wrong(prefix: str = "") -> str:
    return f"evb_{prefix or secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


@pytest.fixture
def token(world: World) -> str:
    return world.recycler.token


def prefix_of(token: str) -> str:
    return token.split("_")[1]


def test_ten_wrong_tokens_from_an_address_lock_it(token: str) -> None:
    answers = [ask(wrong()) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 9 + [429] * 3
    assert code(answers[-1]) == "too_many_attempts"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_ten_wrong_secrets_on_a_prefix_lock_it_whatever_the_address(token: str) -> None:
    answers = [ask(wrong(prefix_of(token)), f"192.0.2.{number}").status_code for number in range(12)]
    assert answers == [401] * 9 + [429] * 3


def test_the_right_secret_is_served_all_the_time(token: str) -> None:
    """From elsewhere, and from the very address that is locked: a machine with an expired token may sit beside it."""
    for _ in range(15):
        ask(wrong(prefix_of(token)))
        for address in (ATTACKER, FACTORY):
            assert "errors" not in ask(token, address).json()


def test_a_lock_spares_the_database_the_writes(token: str, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        ask(wrong())
    kept = list(Attempt.objects.values_list("scope", "failures", "locks").order_by("pk"))
    text = wrong(prefix_of(token))
    for _ in range(20):
        with django_assert_max_num_queries(2):
            ask(text)
    assert list(Attempt.objects.values_list("scope", "failures", "locks").order_by("pk")) == kept


@pytest.mark.parametrize("tries", [1_000, pytest.param(10_000, marks=pytest.mark.campaign)])
def test_thousands_of_tries_find_nothing(token: str, tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of them with the right prefix; one caller tries while another works."""
    monkeypatch.setattr(tokens, "BEAT", 0.000_01)
    attacker = Client(REMOTE_ADDR=ATTACKER)
    body = json.dumps({"query": "{ me { name } }"})
    statuses: dict[int, int] = {}
    for number in range(tries):
        header = f"Bearer {wrong(prefix_of(token) if number % 2 else '')}"
        answer = attacker.post("/graphql/", body, content_type="application/json", headers={"Authorization": header})
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if number % 100 == 0:
            assert "errors" not in ask(token, FACTORY).json()
    assert set(statuses) == {401, 429}
    assert statuses[401] < 100


def test_aliases_do_not_multiply_tries(token: str) -> None:
    """The token is in the header: whatever is in the document, a request is one try."""
    query = "{ " + " ".join(f"a{n}: __typename" for n in range(40)) + " }"
    answers = [ask(wrong(), query=query).status_code for _ in range(11)]
    assert answers == [401] * 9 + [429] * 2


def test_a_bad_token_beside_a_good_session_is_counted_too(world: World) -> None:
    browser = come_in(Client(REMOTE_ADDR=ATTACKER), world.maker.user)
    headers = {"Authorization": f"Bearer {wrong()}"}
    answers = [
        browser.post("/graphql/", "{}", content_type="application/json", headers=headers).status_code for _ in range(11)
    ]
    assert answers == [401] * 9 + [429] * 2


def test_tokens_and_passwords_are_counted_apart(token: str) -> None:
    for _ in range(12):
        ask(wrong())
    page = Client(REMOTE_ADDR=ATTACKER).post("/sign-in/", {"username": "nobody", "password": "x"})
    assert page.status_code == 200
