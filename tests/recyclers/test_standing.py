"""What a company was listed and licensed for on any day, as the alliance stated it, and as it was known then."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from recyclers.models import Listing, Permit
from recyclers.standing import NOTHING, Standing, standing_on
from tests.recyclers.stating import KINDS, days, listing, permit
from tests.worlds import Party, World, rolled_back
from traceability.models import LifecycleEvent, Organisation
from traceability.rebuilding import rebuild
from traceability.values import to_ms


def standing(company: Party, day: str | date, **more: Any) -> Standing:
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return standing_on(when, [company.id], **more).get(company.id, NOTHING)


def ms(day: str) -> int:
    return to_ms(datetime.fromisoformat(f"{day}T12:00:00+08:00"))


# Days ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "valid"),
    [("2023-12-31", False), ("2024-01-01", True), ("2024-06-30", True), ("2024-07-01", False)],
)
def test_a_permit_is_valid_from_its_first_to_its_last_day(world: World, day: str, valid: bool) -> None:
    permit(world, validFrom="2024-01-01", validUntil="2024-06-30")
    assert ("eia" in standing(world.recycler, day).permits) is valid


@pytest.mark.parametrize(
    ("day", "listed"),
    [("2023-12-31", False), ("2024-01-01", True), ("2024-06-29", True), ("2024-06-30", False)],
)
def test_a_listing_ends_before_the_day_it_is_revoked_on(world: World, day: str, listed: bool) -> None:
    listing(world, announcedOn="2024-01-01", revokedOn="2024-06-30")
    assert standing(world.recycler, day).listed_for == ({"recovery"} if listed else set())


@given(st.none() | days(), st.none() | days(), days(-22, 22))
def test_an_interval_holds_its_days_and_no_other(world: World, start: date | None, end: date | None, day: date) -> None:
    with rolled_back():
        said = {"validFrom": start and start.isoformat(), "validUntil": end and end.isoformat()}
        permit(world, number="E-1", **said)
        listing(world, announcedOn=said["validFrom"], revokedOn=said["validUntil"])
        found = standing(world.recycler, day)
        assert bool(found.permits) is ((start is None or start <= day) and (end is None or day <= end))
        assert bool(found.listed_for) is ((start is None or start <= day) and (end is None or day < end))


@given(st.lists(st.tuples(st.sampled_from(KINDS), days(), days()), max_size=5), days(-22, 22))
def test_licensed_is_who_has_all_three_on_that_day(
    world: World, permits: list[tuple[str, date, date]], day: date
) -> None:
    with rolled_back():
        for number, (kind, start, end) in enumerate(permits):
            said = {"validFrom": start.isoformat(), "validUntil": end.isoformat()}
            permit(world, kind, number=f"N-{number}", **said)
        valid = {kind for kind, start, end in permits if start <= day <= end}
        found = standing(world.recycler, day)
        assert (found.permits, found.licensed) == (valid, valid == set(KINDS))


# One statement after another -----------------------------------------------------------------------------------------


def test_a_listing_stated_again_with_its_end_counts_no_longer(world: World) -> None:
    listing(world, batch="5", announcedOn="2023-12-01")
    assert standing(world.recycler, "2026-01-01").listed_for == {"recovery"}
    listing(world, batch="5", announcedOn="2023-12-01", revokedOn="2025-05-01", reason="整改未完成")
    assert standing(world.recycler, "2026-01-01").listed_for == set()
    assert standing(world.recycler, "2025-04-30").listed_for == {"recovery"}
    assert Listing.objects.filter(superseded_by_ms=None).count() == 1
    assert Listing.objects.count() == 2


def test_what_occurred_later_decides_and_not_what_came_later(world: World) -> None:
    permit(world, number="E-1", validUntil="2026-12-31", at=20)
    permit(world, number="E-1", validUntil="2022-12-31", at=10)
    assert standing(world.recycler, "2025-01-01").permits == {"eia"}


def test_of_statements_of_one_moment_the_last_to_arrive_decides(world: World) -> None:
    permit(world, number="E-1", validUntil="2026-12-31", at=10)
    permit(world, number="E-1", validUntil="2022-12-31", at=10)
    assert standing(world.recycler, "2025-01-01").permits == set()


def test_another_number_kind_batch_or_scope_is_another_thing(world: World) -> None:
    permit(world, "eia", number="E-1")
    permit(world, "eia", number="E-2", validUntil="2020-01-01")
    permit(world, "pollution", number="E-1", validUntil="2020-01-01")
    listing(world, "recovery", batch="3")
    listing(world, "recovery", batch="4", revokedOn="2020-01-01")
    listing(world, "second_life", batch="3", revokedOn="2020-01-01")
    assert standing(world.recycler, "2025-01-01") == Standing(frozenset({"recovery"}), frozenset({"eia"}))
    assert not Permit.objects.exclude(superseded_by_ms=None).exists()


def test_a_statement_that_was_withdrawn_leaves_the_one_before(world: World) -> None:
    permit(world, number="E-1", validUntil="2026-12-31")
    wrong = permit(world, number="E-1", validUntil="2022-12-31")
    assert standing(world.recycler, "2025-01-01").permits == set()
    world.capture([world.fact("corrected", world.alliance, corrects=wrong)])
    assert standing(world.recycler, "2025-01-01").permits == {"eia"}


def test_a_statement_corrected_to_another_company_moves_there_and_back(world: World) -> None:
    permit(world, number="E-1", of=world.stranger, validUntil="2022-12-31", at=1)
    key = permit(world, number="E-1", validUntil="2026-12-31", at=2)
    meant = {"organisation": world.stranger.code, "kind": "eia", "number": "E-1", "validUntil": "2026-12-31"}
    replacement = {"type": "permit", "occurredAt": "2022-02-01T00:00:00Z", "details": meant}
    moved = world.fact("corrected", world.alliance, corrects=key, replacement=replacement)
    world.capture([moved])
    assert standing(world.recycler, "2025-01-01").permits == set()
    assert standing(world.stranger, "2025-01-01").permits == {"eia"}
    assert Permit.objects.filter(superseded_by_ms=None).count() == 1
    # Whoever is spoken of next, what was moved stays where it went.
    listing(world, of=world.stranger)
    permit(world, "pollution", of=world.stranger)
    permit(world, "pollution")
    assert standing(world.stranger, "2025-01-01").permits == {"eia", "pollution"}
    assert rebuild().differed == set()
    world.capture([world.fact("corrected", world.alliance, corrects=moved.key)])
    assert standing(world.recycler, "2025-01-01").permits == {"eia", "pollution"}
    assert standing(world.stranger, "2025-01-01").permits == {"pollution"}
    assert rebuild().differed == set()


# What was known ------------------------------------------------------------------------------------------------------


def test_only_what_was_reported_by_then_is_known(world: World) -> None:
    permit(world, number="E-1", reportedAt="2024-03-01T12:00:00+08:00")
    assert standing(world.recycler, "2024-01-01", known_ms=ms("2024-03-01") - 1).permits == set()
    assert standing(world.recycler, "2024-01-01", known_ms=ms("2024-03-01")).permits == {"eia"}


def test_a_revocation_reported_later_was_not_known_before(world: World) -> None:
    listing(world, announcedOn="2023-01-01", at=1, reportedAt="2023-01-05T12:00:00+08:00")
    listing(world, announcedOn="2023-01-01", revokedOn="2024-01-01", at=2, reportedAt="2024-06-01T12:00:00+08:00")
    assert standing(world.recycler, "2024-03-01", known_ms=ms("2024-05-31")).listed_for == {"recovery"}
    assert standing(world.recycler, "2024-03-01", known_ms=ms("2024-06-01")).listed_for == set()
    assert standing(world.recycler, "2024-03-01").listed_for == set()


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.booleans()), max_size=5), st.integers(0, 6))
def test_what_was_known_is_what_only_the_statements_reported_by_then_say(
    world: World, statements: list[tuple[int, int, bool]], by: int
) -> None:
    with rolled_back():
        for occurred, reported, valid in statements:
            end = {} if valid else {"validUntil": "2020-01-01"}
            permit(world, number="E-1", at=occurred, reportedAt=f"2024-01-{reported:02}T12:00:00+08:00", **end)
        seen = [
            (occurred, place, valid) for place, (occurred, reported, valid) in enumerate(statements) if reported <= by
        ]
        known_ms = ms("2024-01-01") + (by - 1) * 86_400_000
        expected = {"eia"} if seen and max(seen)[2] else set()
        assert standing(world.recycler, "2024-01-01", known_ms=known_ms).permits == expected


# Sets ----------------------------------------------------------------------------------------------------------------


def test_everybodys_standing_takes_one_query(world: World) -> None:
    for company in (world.recycler, world.stranger, world.second_life):
        for kind in KINDS:
            permit(world, kind, of=company)
    listing(world, "second_life", of=world.second_life)
    for whom in (None, Organisation.objects.all(), [world.recycler.id, world.stranger.id, world.second_life.id]):
        with CaptureQueriesContext(connection) as captured:
            found = standing_on(date(2025, 1, 1), whom)
        assert len(captured) == 1
        assert {id_ for id_, has in found.items() if has.licensed} == {
            world.recycler.id,
            world.stranger.id,
            world.second_life.id,
        }
        assert found[world.second_life.id].listed_for == {"second_life"}
    assert standing_on(date(2025, 1, 1), []) == {}
    assert standing_on(date(2025, 1, 1), [world.maker.id]) == {}


def test_a_rebuild_derives_what_was_superseded_by_what(world: World) -> None:
    for end in ("2024-01-01", "2025-01-01", "2026-01-01"):
        permit(world, number="E-1", validUntil=end)
    before = list(Permit.objects.order_by("pk").values())
    assert rebuild().differed == set()
    assert list(Permit.objects.order_by("pk").values()) == before
    Permit.objects.update(superseded_by_ms=None)
    assert rebuild().differed == {world.recycler.code}
    assert list(Permit.objects.order_by("pk").values()) == before
    assert LifecycleEvent.objects.filter(type="permit").count() == 3
