"""The words of the pages are those of records: none is missing, and the APIs know the same ones."""

import pytest

from graphql_schema import enums
from traceability import shapes
from web import words


@pytest.mark.parametrize(
    ("known", "enum"),
    [
        (words.LEVELS, enums.Level),
        (words.CHEMISTRIES, enums.BatteryType),
        (words.PROCESSES, enums.Process),
        (words.CONDITIONS, enums.Condition),
        (words.ROLES, enums.Role),
        (words.ROUTES, enums.Route),
        (words.LOT_SOURCES, enums.LotSource),
        (words.SEVERITIES, enums.Severity),
        (words.SCOPES, enums.ListingScope),
        (words.PERMITS, enums.PermitKind),
        (words.THINGS, enums.ShareKind),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_the_pages_and_the_apis_know_the_same_words(known: words.Words, enum: type[enums.Words]) -> None:
    assert set(known) == {member.value for member in enum}


def test_every_material_has_a_name() -> None:
    assert {*shapes.MATERIALS, shapes.SCRAP} <= set(words.MATERIALS)


def test_every_type_that_stands_on_the_page_of_a_battery_a_batch_or_a_lot_has_a_name() -> None:
    master = {"organisation", "permit", "listing", "model", "declaration", "declaration_reviewed", "penalty"}
    assert set(shapes.FIELDS) - master - {"vehicle_scrapped"} <= set(words.TYPES)
