"""The database itself refuses to change what was recorded, whoever asks, on SQLite and on PostgreSQL."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction

from tests.worlds import World
from traceability import append_only
from traceability.models import LifecycleEvent, ReadOnlyError
from traceability.verification import verify

EVENTS = append_only.EVENTS
COLUMNS = [field.column for field in LifecycleEvent._meta.concrete_fields]


def rows() -> list[tuple[Any, ...]]:
    return list(LifecycleEvent.objects.order_by("id").values_list())


def run(sql: str, params: list[Any] | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params or [])


def refused(sql: str, params: list[Any] | None = None) -> str:
    """The reason why the database refuses; nothing has changed."""
    before = rows()
    with pytest.raises(DatabaseError) as error:
        run(sql, params)
    assert rows() == before
    assert list(verify()) == []
    return str(error.value)


@pytest.fixture
def last(world: World) -> LifecycleEvent:
    pack = world.pack().produced().installed()
    return pack.events[-1]


def insert(verb: str = "INSERT", **values: Any) -> tuple[str, list[Any]]:
    columns = ", ".join(f'"{name}"' for name in values)
    return f"{verb} INTO {EVENTS} ({columns}) VALUES ({', '.join(['%s'] * len(values))})", list(values.values())


def following(last: LifecycleEvent, **changed: Any) -> dict[str, Any]:
    """The columns of an event that would rightly follow; as given, where something is changed."""
    body = changed.pop("body", b'{"v":1}')
    values = {field.column: getattr(last, field.attname) for field in LifecycleEvent._meta.concrete_fields}
    values |= {"key": "new", "sequence": last.sequence + 1, "previous_hash": bytes(last.hash), "body": body}
    values |= {"hash": hashlib.sha256(body).digest()}
    del values["id"]
    return values | changed


@pytest.mark.parametrize(
    "change", ["type = 'lost'", "hash = hash", "body = body", "occurred_at = recorded_at", "sequence = sequence + 7"]
)
def test_an_event_is_not_updated(last: LifecycleEvent, change: str) -> None:
    assert "append-only: no update" in refused(f"UPDATE {EVENTS} SET {change}")


def test_an_event_is_not_deleted(last: LifecycleEvent) -> None:
    run("DELETE FROM traceability_outboxentry")
    assert "append-only: no delete" in refused(f"DELETE FROM {EVENTS} WHERE id = %s", [last.pk])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite knows no TRUNCATE")
def test_the_ledger_is_not_truncated(last: LifecycleEvent) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert "append-only: no truncate" in refused(f"TRUNCATE {EVENTS} CASCADE")


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL knows no INSERT OR REPLACE")
@pytest.mark.parametrize("same", ["id", "record and sequence", "organisation and key", "hash"])
def test_an_event_is_not_replaced(last: LifecycleEvent, same: str) -> None:
    """SQLite deletes the old row past the DELETE trigger, which does not fire then."""
    values = following(last)
    if same == "id":
        values["id"] = last.pk
    elif same == "record and sequence":
        values |= {"sequence": last.sequence, "previous_hash": bytes(last.previous_hash)}
    elif same == "organisation and key":
        values["key"] = last.key
    else:
        values["hash"] = bytes(last.hash)
    assert "the event exists" in refused(*insert("INSERT OR REPLACE", **values))
    assert "the event exists" in refused(*insert("REPLACE", **values))


def test_what_follows_rightly_is_taken(last: LifecycleEvent) -> None:
    """Shows that the refusals below are for what they say."""
    run(*insert(**following(last)))
    assert LifecycleEvent.objects.filter(key="new").exists()


@pytest.mark.parametrize("previous", [b"\0" * 32, None, b""], ids=["of another event", "no link", "empty"])
def test_an_event_that_does_not_link_is_refused(last: LifecycleEvent, previous: bytes | None) -> None:
    assert "append-only" in refused(*insert(**following(last, previous_hash=previous)))


def test_an_event_after_a_gap_is_refused(last: LifecycleEvent) -> None:
    assert "append-only" in refused(*insert(**following(last, sequence=last.sequence + 2)))


def test_a_first_event_that_links_to_something_is_refused(world: World, last: LifecycleEvent) -> None:
    other = world.pack().produced().events[0]
    values = following(last, record_id=other.record_id, sequence=1)
    assert refused(*insert(**values))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite cannot hash; `verify` finds it")
def test_a_hash_that_is_not_the_bodys_is_refused(last: LifecycleEvent) -> None:
    assert "not that of the body" in refused(*insert(**following(last, hash=b"\1" * 32)))


@pytest.mark.parametrize(
    "change",
    [
        lambda event: LifecycleEvent.objects.update(type="lost"),
        lambda event: LifecycleEvent.objects.filter(pk=event.pk).delete(),
        lambda event: LifecycleEvent.objects.bulk_update([event], ["type"]),
    ],
    ids=["update", "delete", "bulk_update"],
)
def test_the_model_says_so_before_the_database_does(
    last: LifecycleEvent, change: Callable[[LifecycleEvent], Any]
) -> None:
    before = rows()
    with pytest.raises(ReadOnlyError, match="append-only"), transaction.atomic():
        change(last)
    assert rows() == before


@pytest.mark.parametrize("change", [LifecycleEvent.save, LifecycleEvent.delete])
def test_what_goes_past_the_query_set_is_refused_by_the_database(
    last: LifecycleEvent, change: Callable[[LifecycleEvent], Any]
) -> None:
    before = rows()
    with pytest.raises((DatabaseError, ReadOnlyError, models.ProtectedError)), transaction.atomic():
        change(last)
    assert rows() == before


# The triggers themselves ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_remakes_the_table_gets_its_triggers_back() -> None:
    """On SQLite AlterField makes a new table, and the triggers of the old one are gone."""
    old = LifecycleEvent._meta.get_field("actor")
    new = models.CharField(max_length=81)
    new.set_attributes_from_name("actor")
    new.model = LifecycleEvent
    with connection.schema_editor() as editor:
        editor.alter_field(LifecycleEvent, old, new, strict=True)
    try:
        lost = append_only.missing()
        assert bool(lost) == (connection.vendor == "sqlite")
        call_command("migrate", verbosity=0)
        assert append_only.missing() == []
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(LifecycleEvent, new, old, strict=True)
        append_only.lay()


@pytest.mark.parametrize("name", append_only.NAMES[connection.vendor])
def test_a_missing_trigger_is_named_by_the_system_check(db: None, name: str) -> None:
    assert append_only.check_triggers(["default"]) == []
    on = "" if connection.vendor == "sqlite" else f" ON {EVENTS}"
    run(f"DROP TRIGGER {name}{on}")
    (warning,) = append_only.check_triggers(["default"])
    assert (warning.id, name in warning.msg) == ("traceability.W001", True)
    append_only.lay()
    assert append_only.check_triggers(["default"]) == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite cannot switch a trigger off")
def test_a_trigger_that_is_switched_off_counts_as_missing(db: None) -> None:
    run(f"ALTER TABLE {EVENTS} DISABLE TRIGGER ledger_no_change")
    assert append_only.missing() == ["ledger_no_change"]
    run(f"ALTER TABLE {EVENTS} ENABLE TRIGGER ledger_no_change")


def test_laying_the_triggers_twice_changes_nothing(db: None) -> None:
    append_only.lay()
    append_only.lay()
    assert append_only.missing() == []


def test_triggers_laid_aside_come_back_also_after_an_error(db: None) -> None:
    class Stop(Exception):
        pass

    found = []

    def stop() -> None:
        with append_only.laid_aside():
            found.extend(append_only.missing())
            raise Stop

    with pytest.raises(Stop):
        stop()
    assert found == list(append_only.NAMES[connection.vendor])
    assert append_only.missing() == []
