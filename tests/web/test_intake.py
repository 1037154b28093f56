"""The server's side of intake: the shell, what a device keeps, the device that goes from hand to hand."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from tests.labelling import decoded, issued, pages
from tests.signing_in import PASSWORD, come_in, send, with_password
from tests.worlds import Party, World
from traceability.door import operators
from traceability.models import LifecycleEvent, User
from traceability.values import iso, to_ms
from web.intake import receipts

pytestmark = pytest.mark.django_db

PIN, OTHER = "402918", "590371"
RECEIVE = """mutation ($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
  items { outcome } errors { code } } }"""


@pytest.fixture
def client(world: World) -> Client:
    return come_in(Client(), world.recycler.user)


def person(party: Party, name: str, pin: str = "") -> User:
    user = User.objects.create_user(name, organisation=party.organisation)
    if pin:
        operators.set_pin(user, pin)
    return user


def hand_over(client: Client, to: User, pin: str) -> Any:
    return client.post("/intake/hand-over/", json.dumps({"person": to.pk, "pin": pin}), content_type="application/json")


def receive(client: Client, code: str, operator: User | None = None, key: str = "k-1") -> Any:
    given = {"idempotencyKey": key, "occurredAt": "2026-11-20T08:00:00Z", "items": [{"payload": code}]}
    headers = {"X-Operator": str(operator.pk)} if operator else {}
    return client.post(
        "/graphql/", {"query": RECEIVE, "variables": {"input": given}}, content_type="application/json", headers=headers
    )


def actors() -> list[str]:
    return list(LifecycleEvent.objects.filter(type="received").order_by("id").values_list("actor", flat=True))


# The shell and what the device keeps ---------------------------------------------------------------------------------


def test_who_is_not_signed_in_is_sent_to_sign_in_and_the_device_is_told(world: World) -> None:
    answer = Client().get("/intake/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/intake/")
    assert Client().get("/intake/state.json").status_code == 401


def test_only_this_page_may_run_webassembly(client: Client) -> None:
    assert "'wasm-unsafe-eval'" in client.get("/intake/")["Content-Security-Policy"]
    assert "'wasm-unsafe-eval'" not in client.get("/")["Content-Security-Policy"]


def test_the_page_stands_in_the_navigation_of_who_receives(client: Client, world: World) -> None:
    assert 'href="/intake/"' in client.get("/").content.decode()
    assert 'href="/intake/"' not in come_in(Client(), world.alliance.user).get("/").content.decode()


def test_a_device_keeps_what_is_on_its_way_to_its_organisation_only(client: Client, world: World) -> None:
    here, there = (world.pack().produced().installed().removed() for _ in range(2))
    here.dispatched(to=world.recycler, waybill="WB-1")
    there.dispatched(to=world.stranger, waybill="WB-2")
    told = client.get("/intake/state.json").json()
    [transfer] = told["expected"]["transfers"]
    assert (transfer["waybill"], transfer["sender"]["code"]) == ("WB-1", world.workshop.code)
    assert transfer["items"] == [{"code": here.code, "massKg": "440"}]
    here.received(by=world.recycler)
    assert client.get("/intake/state.json").json()["expected"] == {"transfers": [], "complete": True}


def test_a_device_knows_the_labels_that_were_replaced_of_what_is_on_its_way(client: Client, world: World) -> None:
    plain, printed, again = (world.pack().produced().installed().removed() for _ in range(3))
    issued(world.maker, printed, key="first")
    [first] = issued(world.maker, again, key="second").labels
    issued(world.maker, again, key="third")
    for life in (plain, printed, again):
        life.dispatched(to=world.recycler, waybill="WB-1")
    [transfer] = client.get("/intake/state.json").json()["expected"]["transfers"]
    told = {item["code"]: item.get("replaced") for item in transfer["items"]}
    assert told == {plain.code: None, printed.code: None, again.code: [first.serial]}


def test_the_questions_of_shell_and_state_do_not_grow(client: Client, world: World) -> None:
    for _ in range(3):
        world.pack().produced().installed().removed().dispatched(to=world.recycler)
        person(world.recycler, f"p-{_}", PIN)
    for path, queries in (("/intake/", 5), ("/intake/state.json", 6)):
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(path)
        assert len(asked) <= queries, [one["sql"] for one in asked]


def test_the_worker_speaks_for_the_whole_page_and_changes_with_its_files(client: Client) -> None:
    answer = client.get("/sw.js")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/javascript; charset=utf-8", "no-cache")
    script = answer.content.decode()
    told = json.loads(script.split("const TOLD = ")[1].split(";\n")[0])
    assert told["shell"] == "/intake/"
    assert all(finders.find(path.removeprefix("/static/")) for path in told["files"])


def test_a_home_screen_finds_icons_of_the_sizes_that_are_promised(client: Client) -> None:
    told = client.get("/manifest.webmanifest").json()
    assert told["start_url"] == "/intake/"
    pictures = {icon["src"]: icon["sizes"] for icon in told["icons"] if icon["type"] == "image/png"}
    pictures["/static/web/apple-touch-icon.png"] = "180x180"
    for address, sizes in pictures.items():
        with Image.open(str(finders.find(address.removeprefix("/static/")))) as picture:
            assert f"{picture.width}x{picture.height}" == sizes
    assert {"192x192", "512x512"} <= set(pictures.values())
    assert "/static/web/apple-touch-icon.png" in client.get("/intake/").content.decode()


def test_the_shell_is_told_apart_by_person_and_language(client: Client, world: World) -> None:
    second = come_in(Client(), person(world.recycler, "second"))
    shells = {
        client.get("/intake/state.json").json()["shell"],
        client.get("/intake/state.json", headers={"accept-language": "en"}).json()["shell"],
        second.get("/intake/state.json").json()["shell"],
    }
    assert len(shells) == 3


# From hand to hand ---------------------------------------------------------------------------------------------------


def test_who_shows_the_pin_is_who_records_and_nobody_else(client: Client, world: World) -> None:
    second, third = person(world.recycler, "second", PIN), person(world.recycler, "third", OTHER)
    first, other = (world.pack().produced().installed().removed().dispatched(to=world.recycler) for _ in range(2))
    answer = receive(client, first.code, second)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "operator")
    assert hand_over(client, second, PIN).json() == {"person": {"id": second.pk, "name": "second"}}
    assert receive(client, first.code, second).status_code == 200
    assert receive(client, other.code, third, "k-2").status_code == 403
    assert receive(client, other.code, None, "k-3").status_code == 200
    assert actors() == [f"user:{second.pk}", f"user:{world.recycler.user.pk}"]


def test_a_pin_opens_nothing_on_another_device_or_in_another_organisation(client: Client, world: World) -> None:
    second, stranger = person(world.recycler, "second", PIN), person(world.stranger, "stranger", PIN)
    assert hand_over(client, stranger, PIN).status_code == 400
    assert hand_over(Client(), second, PIN).status_code == 401
    assert hand_over(client, second, PIN).status_code == 200
    elsewhere = come_in(Client(), world.recycler.user)
    assert receive(elsewhere, "TMP-1", second).status_code == 403


def test_a_new_pin_and_an_account_that_ended_take_the_device_away(client: Client, world: World) -> None:
    second = person(world.recycler, "second", PIN)
    hand_over(client, second, PIN)
    operators.set_pin(second, OTHER)
    assert receive(client, "TMP-1", second).status_code == 403
    hand_over(client, second, OTHER)
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert receive(client, "TMP-1", second).status_code == 403


def test_guessing_a_pin_is_locked_and_the_right_one_is_not_tried_then(client: Client, world: World) -> None:
    second = person(world.recycler, "second", PIN)
    answers = [hand_over(client, second, f"{guess:06d}").status_code for guess in range(10)]
    assert answers == [400] * 9 + [429]
    locked = hand_over(client, second, PIN)
    assert (locked.status_code, locked.json()["errors"][0]["code"]) == (429, "too_many_attempts")
    assert int(locked["Retry-After"]) > 0


def test_what_is_no_hand_over_is_refused(client: Client) -> None:
    for body in ("", "[]", '{"person": "x", "pin": 1}', "null"):
        assert client.post("/intake/hand-over/", body, content_type="application/json").status_code == 400


def test_handing_over_needs_the_pages_token(world: World) -> None:
    strict = come_in(Client(enforce_csrf_checks=True), world.recycler.user)
    assert hand_over(strict, person(world.recycler, "second", PIN), PIN).status_code == 403


@pytest.mark.parametrize("pin", ["12345", "111111", "123456", "987654", "abcdef", "１２３４５６", "121212"])
def test_a_pin_that_others_would_try_first_is_not_taken(world: World, pin: str) -> None:
    user = with_password(world.recycler.user)
    answer = send(come_in(Client(), user), "/account/pin/", password=PASSWORD, pin=pin)
    assert answer.status_code == 200
    assert not hasattr(User.objects.get(pk=user.pk), "pin")


def test_a_pin_is_set_by_who_knows_the_password_and_kept_as_passwords_are(world: World) -> None:
    user = with_password(world.recycler.user)
    client = come_in(Client(), user)
    assert send(client, "/account/pin/", password="wrong", pin=PIN).status_code == 200
    assert send(client, "/account/pin/", password=PASSWORD, pin=PIN).status_code == 302
    kept = User.objects.select_related("pin").get(pk=user.pk).pin.secret
    assert PIN not in kept
    assert kept.count("$") >= 2


# The receipt ---------------------------------------------------------------------------------------------------------


def received(client: Client, world: World, count: int) -> list[str]:
    """Receive packs as the page does, and give the keys of their records."""
    keys = []
    for number in range(count):
        life = world.pack().produced().installed().removed().dispatched(to=world.recycler)
        receive(client, life.code, key=f"intake-abcd1234-{number}")
        keys.append(f"intake-abcd1234-{number}#{life.code}")
    return keys


def receipt(client: Client, keys: list[str], size: str) -> Any:
    return client.post("/intake/receipt.pdf", {"key": keys, "size": size})


@pytest.mark.parametrize("size", ["58", "80", "a4"])
def test_a_receipt_leads_whoever_holds_it_to_what_the_record_says(client: Client, world: World, size: str) -> None:
    keys = received(client, world, 3)
    answer = receipt(client, keys, size)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    [symbol] = [text for picture in pages(answer.content) for text in decoded(picture)]
    page = Client().get(urlsplit(symbol).path)
    assert page.status_code == 200
    shown = page.content.decode()
    assert all(key.split("#")[1] in shown for key in keys)
    assert "全部在案" in shown
    life = world.battery(keys[1].split("#")[1])
    life.corrected(keys[1], None, by=world.recycler)
    assert "撤回或更正" in Client().get(urlsplit(symbol).path).content.decode()


def test_a_receipt_of_as_many_as_one_may_hold_is_printed(client: Client, world: World) -> None:
    keys = received(client, world, 1)
    more = [f"intake-abcd1234-{number}#X" for number in range(1, receipts.LIMIT)]
    assert receipt(client, keys + more, "58").status_code == 200


def test_a_receipt_says_what_was_corrected_before_and_what_is_after(client: Client, world: World) -> None:
    first, taken_back, last = received(client, world, 3)
    amend(world, first, massKg="431.5")
    world.battery(taken_back.split("#")[1]).corrected(taken_back, None, by=world.recycler)
    paper = receipts.of_keys(world.recycler.id, [first, last])
    assert paper is not None
    told = [(line.code, line.mass_kg) for line in paper.lines]
    assert told == [(first.split("#")[1], Decimal("431.5")), (last.split("#")[1], None)]
    assert "全部在案" in Client().get(f"/intake/receipts/{paper.token}").content.decode()
    amend(world, last, massKg="400")
    shown = Client().get(f"/intake/receipts/{paper.token}").content.decode()
    assert "撤回或更正" in shown
    assert "431.5" in shown


def amend(world: World, key: str, **details: str) -> None:
    """Correct what a receipt says."""
    event = LifecycleEvent.objects.get(key=key)
    replacement = {"type": "received", "occurredAt": iso(to_ms(event.occurred_at)), "details": details}
    world.battery(key.split("#")[1]).corrected(key, replacement, by=world.recycler)


def test_a_receipt_that_was_made_up_leads_nowhere(client: Client, world: World) -> None:
    token = receipts.of_keys(world.recycler.id, received(client, world, 1)).token  # type: ignore[union-attr]
    assert Client().get(f"/intake/receipts/{token}").status_code == 200
    assert Client().get(f"/intake/receipts/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}").status_code == 404
    assert Client().get("/intake/receipts/aaaaaaaaaaaaaaaaaaaaaaaa").status_code == 404


def test_a_paper_that_was_printed_before_corrections_were_named_still_leads_to_its_receipt(
    client: Client, world: World
) -> None:
    token = receipts.of_keys(world.recycler.id, received(client, world, 2)).token  # type: ignore[union-attr]
    *events, _known, digest = signing.loads(token, salt=receipts.SALT)
    before = signing.dumps([*events, digest], salt=receipts.SALT)
    assert "全部在案" in Client().get(f"/intake/receipts/{before}").content.decode()


def test_nobody_makes_a_receipt_of_what_another_received(client: Client, world: World) -> None:
    keys = received(client, world, 1)
    stranger = come_in(Client(), world.stranger.user)
    assert receipt(stranger, keys, "58").status_code == 404
    assert receipt(client, [], "58").status_code == 404
    assert receipt(client, [*keys, "other-key"], "58").status_code == 404
    assert receipt(client, keys, "a3").status_code == 404
    assert receipt(Client(), keys, "58").status_code == 302


def test_the_questions_of_a_receipt_do_not_grow(client: Client, world: World) -> None:
    keys = received(client, world, 6)
    with CaptureQueriesContext(connection) as few:
        receipt(client, keys[:2], "80")
    with CaptureQueriesContext(connection) as many:
        receipt(client, keys, "80")
    assert len(few) == len(many) <= 10, [one["sql"] for one in many]
