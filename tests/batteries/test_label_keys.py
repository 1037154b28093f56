"""The keys that sign labels: made on first use, changed with the year and on demand, sealed at rest."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from threading import Barrier, Thread
from time import sleep
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from batteries import label_keys
from batteries.label_keys import key_id, seal, signing_key, unseal
from batteries.label_states import judge
from batteries.models import LabelKey
from tests.labelling import KEY, PUBLIC, issued, text_of
from tests.worlds import World
from traceability.errors import Conflict
from traceability.models import LifecycleEvent


def status(text: str, world: World, code: str) -> str | None:
    found = judge(text, world.battery(code).record.id)
    return found and found.status


def day(year: int, month: int = 6, number: int = 1, hour: int = 0) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


def test_a_key_signs_for_one_organisation_and_one_year_in_china(world: World) -> None:
    def kid(who: int, now: datetime) -> str:
        return signing_key(who, now).row.kid

    first = kid(world.maker.id, day(2026, 1, 1))
    assert kid(world.maker.id, day(2026, 12, 31, 15)) == first
    assert kid(world.cell_maker.id, day(2026)) != first
    # Midnight in China is four in the afternoon, UTC.
    second = kid(world.maker.id, day(2026, 12, 31, 16))
    assert second != first
    old = LabelKey.objects.get(kid=first)
    assert (old.year, old.retired_at, old.sealed_key) == (2026, day(2026, 12, 31, 16), None)


def test_old_labels_verify_after_years_and_rotations(world: World) -> None:
    packs = [world.pack().produced() for _ in range(4)]
    texts = [
        text_of(world.maker, pack, key=str(number), now=day(2026 + number)) for number, pack in enumerate(packs[:3])
    ]
    label_keys.rotate(world.maker.id, day(2028, 7))
    texts.append(text_of(world.maker, packs[3], key="rotated", now=day(2028, 8)))
    assert LabelKey.objects.count() == 4
    assert LabelKey.objects.filter(retired_at=None).count() == 1
    assert LabelKey.objects.exclude(sealed_key=None).count() == 1
    assert [status(text, world, pack.code) for text, pack in zip(texts, packs, strict=True)] == ["valid"] * 4


def test_labels_of_a_revoked_key_read_as_revoked_and_are_not_authentic(world: World) -> None:
    pack, other = world.pack().produced(), world.pack().produced()
    leaked = text_of(world.maker, pack)
    row = label_keys.revoke(LabelKey.objects.get().kid)
    assert row.sealed_key is None
    fresh = text_of(world.maker, other, key="after")
    found = judge(leaked, pack.record.id)
    assert found is not None
    assert (found.authentic, found.status, found.issued_ms) == (False, "revoked", None)
    assert status(fresh, world, other.code) == "valid"
    assert LabelKey.objects.filter(retired_at=None).get().kid != row.kid


def test_a_sealed_key_opens_with_its_own_secret_and_id_only() -> None:
    kid = key_id(PUBLIC)
    sealed = seal(kid, KEY)
    assert KEY.private_bytes_raw() not in sealed
    opened = unseal(kid, sealed, settings.SECRET_KEY)
    assert opened is not None
    assert opened.private_bytes_raw() == KEY.private_bytes_raw()
    assert unseal(kid, sealed, "another secret") is None
    assert unseal("AAAAAA", sealed, settings.SECRET_KEY) is None
    assert unseal(kid, sealed[:-1] + bytes([sealed[-1] ^ 1]), settings.SECRET_KEY) is None
    assert seal(kid, KEY) != sealed


def test_a_changed_secret_opens_keys_by_its_fallback_and_seals_them_anew(world: World, settings: Any) -> None:
    before = signing_key(world.maker.id, day(2026)).row.kid
    settings.SECRET_KEY_FALLBACKS = ["older", settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one"
    assert signing_key(world.maker.id, day(2026)).row.kid == before
    settings.SECRET_KEY_FALLBACKS = []
    assert signing_key(world.maker.id, day(2026)).row.kid == before


def test_a_secret_that_is_lost_costs_a_new_key_and_no_label(world: World, settings: Any) -> None:
    pack = world.pack().produced()
    text = text_of(world.maker, pack)
    settings.SECRET_KEY = "made anew after a disaster"
    new = text_of(world.maker, world.pack().produced(), key="after")
    assert LabelKey.objects.count() == 2
    assert new[:30] != text[:30]
    assert status(text, world, pack.code) == "valid"


def again_while_others_write(work: Callable[[], object]) -> None:
    """Send a call again, as its answer says. SQLite in memory, as in these tests, does not wait for a lock."""
    for _ in range(50):
        try:
            work()
        except Conflict:
            sleep(0.02)
        else:
            return
    raise AssertionError("others never stopped writing")


def test_two_first_labels_at_once_share_one_key(committed_world: World) -> None:
    packs = [committed_world.pack().produced() for _ in range(6)]
    viewer = committed_world.maker  # its row is loaded before the threads begin
    assert viewer.viewer
    barrier, failures = Barrier(len(packs)), []

    def work(number: int) -> None:
        try:
            barrier.wait(10)
            again_while_others_write(lambda: issued(viewer, packs[number], key=f"k{number}"))
        except Exception as error:  # told below, in the test's own thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=(number,)) for number in range(len(packs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert LabelKey.objects.count() == 1
    assert LifecycleEvent.objects.filter(type="label_issued").count() == len(packs)


@pytest.mark.django_db
def test_the_database_allows_one_signing_key_an_organisation(world: World) -> None:
    row = signing_key(world.maker.id, day(2026)).row
    row.pk, row.kid = None, "AAAAAA"
    with pytest.raises(Exception, match=r"(?i)unique"), transaction.atomic():
        row.save(force_insert=True)
    assert connection.is_usable()


# The command ---------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("label_keys", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_lists_rotates_and_revokes(world: World) -> None:
    assert json.loads(run("--format", "json")) == []
    first, second = (json.loads(run("--rotate", world.maker.code, "--format", "json"))[-1]["keyId"] for _ in range(2))
    listed = {key["keyId"]: key["state"] for key in json.loads(run("--revoke", first.lower(), "--format", "json"))}
    assert listed == {first: "revoked", second: "signing"}
    assert f"{second}  {world.maker.code}" in run()


@pytest.mark.parametrize("arguments", [["--rotate", "nobody"], ["--revoke", "AAAAAA"]])
def test_the_command_refuses_what_there_is_not(world: World, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not LabelKey.objects.exists()
