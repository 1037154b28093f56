"""Attachments: sent once, named by events, fetched by who may see one of these; and by nobody else."""

import hashlib
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.graphql_schema.asking import good
from tests.traceability.test_file_types import document, picture
from tests.worlds import Life, Party, World
from traceability import attachments, tokens
from traceability.models import Attachment, AttachmentMention, User
from traceability.rebuilding import rebuild

PHOTO = picture("JPEG")
SHA = hashlib.sha256(PHOTO).hexdigest()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NAMED = [{"sha256": SHA, "name": "破损.jpg"}]
EVENTS = """query ($code: String!) { battery(code: $code) {
  events(last: 9) { edges { node { type attachments { sha256 name stored url } } } } } }"""


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"


def machine(party: Party) -> Client:
    _token, text = tokens.issue(party.organisation, name="test")
    return Client(headers={"Authorization": f"Bearer {text}", "Accept-Language": "en"})


def send(party: Party, content: bytes = PHOTO, name: str = "a.jpg") -> Any:
    return machine(party).post("/files/attachments/", {"file": SimpleUploadedFile(name, content)})


def fetch(party: Party | None, sha256: str = SHA) -> Any:
    answer = (machine(party) if party else Client()).get(f"/files/attachments/{sha256}")
    answer.read_content = b"".join(answer)  # type: ignore[attr-defined]
    return answer


def files() -> list[str]:
    return sorted(path.name for path in attachments.folder().rglob("*") if path.is_file())


def retired(world: World) -> Life:
    return world.pack().produced().installed().removed()


# Sending -------------------------------------------------------------------------------------------------------------


def test_a_photo_is_kept_once_under_its_hash_and_given_back_to_who_sent_it(world: World) -> None:
    answer = send(world.recycler, name="C:\\photos\\破损 1.jpg")
    expected = {"sha256": SHA, "name": "破损 1.jpg", "mediaType": "image/jpeg", "bytes": len(PHOTO)}
    assert (answer.status_code, answer.json()) == (201, expected)
    assert answer.headers["Location"] == f"/files/attachments/{SHA}"
    # The same file again is the same file, and keeps its name.
    again = send(world.recycler, name="b.jpg")
    assert (again.status_code, again.json()) == (200, expected)
    assert send(world.workshop, name="b.jpg").json()["name"] == "b.jpg"
    assert files() == [SHA]
    assert Attachment.objects.count() == 2
    given = fetch(world.recycler)
    assert given.read_content == PHOTO
    assert given.headers["Content-Type"] == "image/jpeg"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert given.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(("content", "kind"), [(picture("PNG"), "image/png"), (document(), "application/pdf")])
def test_the_type_is_told_by_the_content_not_by_the_name(world: World, content: bytes, kind: str) -> None:
    answer = send(world.recycler, content, name="page.html")
    assert answer.json()["mediaType"] == kind
    assert fetch(world.recycler, answer.json()["sha256"]).headers["Content-Type"] == kind


def test_a_body_of_its_own_is_taken_as_well(world: World) -> None:
    address = "/files/attachments/?name=w.jpg"
    answer = machine(world.recycler).post(address, PHOTO, content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["name"]) == (201, "w.jpg")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (SVG, 415, "media_type"),
        (b"<!doctype html>", 415, "media_type"),
        (PHOTO + b"<html><script>alert(1)</script>", 415, "polyglot"),
        (b"", 400, "missing_file"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(world: World, content: bytes, status: int, code: str) -> None:
    answer = send(world.recycler, content, name="photo.jpg")
    [problem] = answer.json()["errors"]
    assert (answer.status_code, problem["code"], problem["path"]) == (status, code, ["file"])
    assert files() == []
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("as_form", [True, False])
def test_a_file_that_is_too_large_is_refused(world: World, settings: Any, as_form: bool) -> None:
    settings.ATTACHMENT_MAX_BYTES = len(PHOTO) - 1
    answer = (
        send(world.recycler)
        if as_form
        else machine(world.recycler).post("/files/attachments/", PHOTO, content_type="image/jpeg")
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")
    announced = machine(world.recycler).post("/files/attachments/", b"x" * 100_000, content_type="image/jpeg")
    assert announced.status_code == 413
    assert files() == []


def test_a_sender_that_breaks_off_sent_nothing(world: World) -> None:
    sent = {"wsgi.input": io.BytesIO(PHOTO), "CONTENT_LENGTH": str(len(PHOTO) + 100)}
    answer = machine(world.recycler).generic("POST", "/files/attachments/", b"", content_type="image/jpeg", **sent)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "cut_off")
    assert files() == []


def test_nobody_sends_and_a_persons_browser_needs_the_csrf_token(world: World) -> None:
    form = {"file": SimpleUploadedFile("a.jpg", PHOTO)}
    assert Client().post("/files/attachments/", form).status_code == 401
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("clerk", organisation=world.recycler.organisation))
    forged = client.post("/files/attachments/", {"file": SimpleUploadedFile("a.jpg", PHOTO)})
    assert (forged.status_code, forged.json()["errors"][0]["code"]) == (403, "csrf")
    client.cookies["csrftoken"] = token = "a" * 32
    form = {"file": SimpleUploadedFile("a.jpg", PHOTO)}
    assert client.post("/files/attachments/", form, headers={"X-CSRFToken": token}).status_code == 201
    # Who belongs to nobody has nothing to record.
    client.force_login(User.objects.create_user("guest"))
    form = {"file": SimpleUploadedFile("a.jpg", PHOTO)}
    assert client.post("/files/attachments/", form, headers={"X-CSRFToken": token}).status_code == 403


def test_a_kilobyte_costs_a_point(world: World, settings: Any) -> None:
    settings.GRAPHQL_POINTS = {"size": 3, "a_minute": 1}
    assert send(world.recycler).status_code == 201
    answer = send(world.recycler, picture("PNG"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "over_budget")
    assert int(answer.headers["Retry-After"]) > 0
    assert files() == [SHA]


# Fetching ------------------------------------------------------------------------------------------------------------


def test_who_sees_an_event_that_names_it_may_fetch_it(world: World) -> None:
    life = retired(world)
    send(world.workshop)
    assert [fetch(party).status_code for party in (world.workshop, world.recycler, world.alliance)] == [200, 404, 404]
    life.inspected(by=world.workshop, top={"attachments": NAMED})
    assert [fetch(party).status_code for party in (world.alliance, world.recycler, world.maker, None)] == [
        200,
        404,
        404,
        404,
    ]
    life.dispatched(to=world.recycler)
    given = fetch(world.recycler)
    assert given.status_code == 200
    # What another called it is not told.
    assert f'filename="{SHA[:16]}.jpg"' in given.headers["Content-Disposition"]
    [edge] = [
        edge["node"]
        for edge in good(world.recycler, EVENTS, code=life.code)["battery"]["events"]["edges"]
        if edge["node"]["type"] == "INSPECTED"
    ]
    assert edge["attachments"] == [
        {"sha256": SHA, "name": "破损.jpg", "stored": True, "url": f"/files/attachments/{SHA}"}
    ]


def test_what_does_not_exist_answers_like_what_may_not_be_seen(world: World) -> None:
    send(world.workshop)
    hidden, absent = fetch(world.recycler), fetch(world.recycler, "0" * 64)
    assert (hidden.status_code, hidden.read_content) == (absent.status_code, absent.read_content)
    assert fetch(world.recycler, SHA.upper()).status_code == 404


def test_naming_a_hash_that_was_read_somewhere_opens_nothing(world: World) -> None:
    """Not to who names it, and to nobody who sees that event; sending the file itself does."""
    send(world.workshop)
    life = world.pack().produced(by=world.maker).dispatched(to=world.stranger)
    life.received(by=world.stranger, top={"attachments": NAMED})
    assert fetch(world.stranger).status_code == 404
    assert fetch(world.maker).status_code == 404
    [named] = [
        edge["node"]["attachments"]
        for edge in good(world.stranger, EVENTS, code=life.code)["battery"]["events"]["edges"]
        if edge["node"]["attachments"]
    ]
    assert named == [{"sha256": SHA, "name": "破损.jpg", "stored": False, "url": None}]
    send(world.stranger)
    assert fetch(world.maker).status_code == 200


def test_what_a_correction_set_aside_keeps_its_photo(world: World) -> None:
    life = retired(world)
    send(world.workshop)
    life.inspected(by=world.workshop, key="i", top={"attachments": NAMED}).corrected("i", None)
    assert fetch(world.alliance).status_code == 200


def test_a_captured_event_is_opened_by_what_the_alliance_sent(world: World) -> None:
    life = retired(world)
    send(world.alliance)
    life.inspected(by=world.workshop, captured=True, top={"attachments": NAMED})
    assert fetch(world.workshop).status_code == 200


def test_a_documents_hash_in_a_declaration_opens_it_to_the_alliance(world: World) -> None:
    answer = send(world.recycler, document(), name="eia.pdf").json()
    world.record(
        world.fact(
            "declaration",
            world.recycler,
            year=2025,
            documents=[{"clause": "permit.eia", "sha256": answer["sha256"], "name": "eia.pdf"}],
        ),
        by=world.recycler,
    )
    assert fetch(world.alliance, answer["sha256"]).status_code == 200
    assert fetch(world.stranger, answer["sha256"]).status_code == 404


def test_a_damaged_file_is_not_given_out_and_mended_by_sending_it_again(world: World) -> None:
    send(world.workshop)
    path = attachments.path_of(SHA)
    path.chmod(0o600)
    path.write_bytes(PHOTO[:-1] + b"x")
    assert fetch(world.workshop).status_code == 404
    assert send(world.workshop).status_code == 200
    assert fetch(world.workshop).status_code == 200
    path.unlink()
    assert fetch(world.workshop).status_code == 404


def test_rebuild_derives_which_events_name_files(world: World) -> None:
    life = retired(world).inspected(by=world.workshop, top={"attachments": NAMED})
    before = list(AttachmentMention.objects.values_list("event_id", "sha256"))
    assert len(before) == 1
    assert rebuild().differed == set()
    AttachmentMention.objects.all().delete()
    assert rebuild().differed == {life.code}
    assert list(AttachmentMention.objects.values_list("event_id", "sha256")) == before
