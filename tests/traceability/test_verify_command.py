"""`verify`: what was changed behind the ledger's back is found and named."""

import hashlib
import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests import factories
from tests.worlds import Life, World
from traceability import append_only, body
from traceability.models import EventContent, LifecycleEvent, LifecycleRecord, Organisation
from traceability.verification import verify


@pytest.fixture
def pack(world: World) -> Life:
    world.pack().produced()
    return world.pack(modules=2).produced().installed().removed(reason="scrapping")


def change(event: LifecycleEvent, **values: object) -> None:
    """Write to the ledger as its owner could: past the model and with the triggers laid aside."""
    columns = ", ".join(f"{name} = %s" for name in values)
    with append_only.laid_aside(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {append_only.EVENTS} SET {columns} WHERE id = %s", [*values.values(), event.pk])


def drop(event: LifecycleEvent) -> None:
    with append_only.laid_aside(), connection.cursor() as cursor:
        for table, column in (
            ("traceability_eventcontent", "event_id"),
            ("traceability_outboxentry", "event_id"),
            ("batteries_installation", "event_id"),
            ("traceability_component", "since_event_id"),
            ("traceability_step", "event_id"),
            (append_only.EVENTS, "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [event.pk])


def resealed(event: LifecycleEvent, old: bytes, new: bytes) -> None:
    changed = bytes(event.body).replace(old, new)
    assert changed != bytes(event.body)
    change(event, body=changed, hash=hashlib.sha256(changed).digest())


def body_changed(pack: Life) -> None:
    event = pack.events[2]
    change(event, body=bytes(event.body).replace(b"scrapping", b"warranty!"))


def body_and_hash_changed(pack: Life) -> None:
    resealed(pack.events[1], b'"sequence":2', b'"sequence":2 ')


def body_is_no_json(pack: Life) -> None:
    change(pack.events[2], body=b"{", hash=hashlib.sha256(b"{").digest())


def body_says_another_key(pack: Life) -> None:
    event = pack.events[2]
    resealed(event, f'"key":"{event.key}"'.encode(), b'"key":"other"')


def column_changed(pack: Life) -> None:
    change(pack.events[2], type="sold")


def time_changed(pack: Life) -> None:
    change(pack.events[2], occurred_at=pack.events[0].occurred_at)


def actor_changed(pack: Life) -> None:
    change(pack.events[2], actor="user:1")


def organisation_changed(pack: Life) -> None:
    change(pack.events[2], organisation_id=Organisation.objects.order_by("pk")[0].pk)


def event_removed(pack: Life) -> None:
    drop(pack.events[1])


def last_removed(pack: Life) -> None:
    drop(pack.events[2])


def link_changed(pack: Life) -> None:
    change(pack.events[2], previous_hash=bytes(32))


def content_changed(pack: Life) -> None:
    EventContent.objects.filter(event=pack.events[1], name="vin").update(value=factories.vin(99))


def list_changed(pack: Life) -> None:
    EventContent.objects.filter(event=pack.events[0]).update(value="[]")


def list_removed(pack: Life) -> None:
    EventContent.objects.filter(event=pack.events[0]).delete()


def content_added(pack: Life) -> None:
    EventContent.objects.create(event=pack.events[2], name="reason", value="x")


def head_changed(pack: Life) -> None:
    LifecycleRecord.objects.filter(code=pack.code).update(head=bytes(32))


def number_changed(pack: Life) -> None:
    LifecycleRecord.objects.filter(code=pack.code).update(number=2)


@pytest.mark.parametrize(
    ("tamper", "kind", "sequence"),
    [
        (body_changed, "hash", 3),
        # Whoever changes the hash as well breaks the link of the next one.
        (body_and_hash_changed, "link", 3),
        (body_is_no_json, "body", 3),
        (body_says_another_key, "body", 3),
        (column_changed, "body", 3),
        (time_changed, "body", 3),
        (actor_changed, "body", 3),
        (organisation_changed, "body", 3),
        (event_removed, "missing", 3),
        (last_removed, "head", 3),
        (link_changed, "link", 3),
        (content_changed, "content", 2),
        (list_changed, "content", 1),
        (list_removed, "content", 1),
        (content_added, "content", 3),
        (head_changed, "head", 3),
        (number_changed, "head", 2),
    ],
)
def test_each_change_is_found_and_named(pack: Life, tamper: Callable[[Life], None], kind: str, sequence: int) -> None:
    assert list(verify()) == []
    tamper(pack)
    (fault,) = verify()
    assert (fault.kind, fault.code, fault.sequence) == (kind, pack.code, sequence)
    with pytest.raises(SystemExit) as stopped:
        call_command("verify", "--format", "json", stdout=(out := StringIO()))
    assert stopped.value.code == 1
    told = json.loads(out.getvalue())["fault"]
    assert (told["kind"], told["record"], told["sequence"]) == (kind, pack.code, sequence)
    with pytest.raises(SystemExit):
        call_command("verify", battery=pack.code, stdout=StringIO(), stderr=(err := StringIO()))
    assert pack.code in err.getvalue()


def named(pack: Life, sequence: int) -> str:
    """The kind of the only fault, which names this event; the command says so too, in both formats."""
    (fault,) = verify()
    assert (fault.code, fault.sequence) == (pack.code, sequence)
    for form, printed in (("json", "stdout"), ("text", "stderr")):
        streams = {"stdout": StringIO(), "stderr": StringIO()}
        with pytest.raises(SystemExit) as stopped:
            call_command("verify", "--format", form, **streams)
        assert stopped.value.code == 1
        assert pack.code in streams[printed].getvalue()
    return fault.kind


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'"x"', b"true", b'[{"key": 1}]'])
def test_an_event_whose_body_is_no_record_is_named(pack: Life, content: bytes) -> None:
    change(pack.events[1], body=content, hash=hashlib.sha256(content).digest())
    assert named(pack, 2) == "body"


SQLITE = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL keeps nothing in a column that is not of its type")
@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("body", "text", "body"),
        ("body", 7, "body"),
        ("hash", "text", "body"),
        ("hash", 7, "hash"),
        ("previous_hash", "text", "body"),
        ("occurred_at", "long ago", "body"),
        ("recorded_at", 7, "body"),
        ("actor", b"\xff\xfe", "body"),
        ("type", 7, "body"),
    ],
)
def test_a_column_that_cannot_be_read_is_named(pack: Life, column: str, value: object, kind: str) -> None:
    change(pack.events[1], **{column: value})
    assert named(pack, 2) == kind


@pytest.mark.parametrize(
    ("column", "value"),
    [("recorded_at", "2022-13-45 00:00:00"), ("reported_at", "long ago"), ("key", b"\xff")]
    if SQLITE
    else [("recorded_at", "infinity")],
)
def test_a_column_that_cannot_even_be_loaded_is_named(pack: Life, column: str, value: object) -> None:
    change(pack.events[1], **{column: value})
    assert named(pack, 2) == "body"


def test_a_good_ledger_is_counted(pack: Life) -> None:
    call_command("verify", "--format", "json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue()) == {
        "records": LifecycleRecord.objects.count(),
        "events": LifecycleEvent.objects.count(),
        "fault": None,
    }
    call_command("verify", battery=pack.code, stdout=(text := StringIO()))
    assert "3" in text.getvalue()


def test_an_erased_personal_value_breaks_nothing(pack: Life) -> None:
    EventContent.objects.filter(event=pack.events[1], name="vin").delete()
    assert list(verify()) == []


def test_a_change_elsewhere_does_not_concern_one_battery(world: World, pack: Life) -> None:
    other = world.pack().produced()
    head_changed(pack)
    call_command("verify", battery=other.code, stdout=StringIO())


def test_what_joined_a_battery_is_verified_with_it(world: World) -> None:
    true = world.pack().produced()
    found = world.battery("TMP-1").received(by=world.recycler).identified(true)
    change(found.events[0], body=b"{}")
    with pytest.raises(SystemExit):
        call_command("verify", battery=true.code, stdout=StringIO(), stderr=(err := StringIO()))
    assert "TMP-1" in err.getvalue()


def test_an_unknown_battery_is_an_error(world: World) -> None:
    with pytest.raises(CommandError):
        call_command("verify", battery="04QPE76836300JBC40000903")


def test_the_stored_bytes_are_canonical(pack: Life) -> None:
    for event in LifecycleEvent.objects.all():
        assert body.canonical(json.loads(event.body)) == bytes(event.body)
