"""Times and numbers as senders write them: judged by instant and by value, or refused where they stand, at once."""

import io
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import factories
from tests.worlds import World
from traceability.capturing import capture
from traceability.errors import Refusal
from traceability.facts import exact_json
from traceability.models import LifecycleEvent

# Local times without a zone: what is shifted to UTC by hand may lie outside the calendar.
FIRST, END = datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("9999-01-01")
DAWN, DUSK = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31T23:59:59")


def record(**changed: Any) -> dict[str, Any]:
    given = factories.given("received", factories.organisation_code(9), battery=factories.pack_code(7), key="k-1")
    return given | changed


def problems(given: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is wrong with a record: code, place, value."""
    try:
        factories.read(given)
    except Refusal as refusal:
        return [(problem.code, ".".join(problem.path), problem.value) for problem in refusal.problems]
    return []


# Times ---------------------------------------------------------------------------------------------------------------


def written(local: datetime, minutes: int) -> str:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{local.isoformat()}{sign}{hours:02d}:{rest:02d}"


near_an_edge = st.builds(
    lambda edge, minutes: edge + timedelta(minutes=minutes),
    st.sampled_from([FIRST, END]),
    st.integers(-2_000, 2_000),
)


@example(DUSK, -540)
@example(DAWN, 540)
@example(FIRST + timedelta(hours=8), 480)
@example(FIRST + timedelta(hours=8, milliseconds=-1), 480)
@example(END - timedelta(hours=8), -480)
@given(near_an_edge | st.datetimes(), st.integers(-1_439, 1_439))
def test_a_time_is_judged_as_the_instant_it_is(local: datetime, minutes: int) -> None:
    """Its year in UTC decides, which need not be the year that is written."""
    text = written(local, minutes)
    since = local - FIRST - timedelta(minutes=minutes)
    good = timedelta(0) <= since < END - FIRST
    assert problems(record(occurredAt=text)) == ([] if good else [("wrong_value", "occurredAt", text)])


OUT_OF_TIME = [
    "9999-12-31T23:59:59-09:00",
    "9999-01-01T07:59:59+07:00",
    "0001-01-01T00:00:00+09:00",
    "1970-12-31T23:59:59.999Z",
    "1971-01-01T07:59:59+08:00",
]
NO_TIME = ["٢٠٢٢-03-01T08:00:00+08:00", "2022-03-01T08:00:00+24:00", "10000-01-01T00:00:00Z", "-2022-01-01T00:00:00Z"]
PLACES = {
    "occurredAt": lambda text: record(occurredAt=text),
    "reportedAt": lambda text: record(reportedAt=text),
    "details.replacement.occurredAt": lambda text: record(
        type="corrected",
        details={"corrects": "x", "replacement": {"type": "received", "occurredAt": text, "details": {}}},
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", OUT_OF_TIME + NO_TIME)
def test_a_line_with_a_time_that_cannot_be_is_told_and_the_others_are_taken(
    world: World, place: str, text: str
) -> None:
    bad = PLACES[place](text) | {"organisation": world.recycler.code}
    good = record(organisation=world.recycler.code, key="k-2")
    told = capture_lines(world, bad, good)
    assert told == [(1, place, "wrong_value", text)]
    assert list(LifecycleEvent.objects.filter(organisation=world.recycler.id).values_list("key", flat=True)) == ["k-2"]


def capture_lines(world: World, *records: Any) -> list[tuple[int, str, str, str]]:
    """Capture lines (a text stands as it is) and give what was wrong: line, column, code, value."""
    lines = [given if isinstance(given, str) else exact_json(given) for given in records]
    result = capture(io.BytesIO("\n".join(lines).encode()), by=world.alliance.viewer, on_error="proceed")
    return [(bad.line, bad.column, bad.problem.code, bad.problem.value) for bad in result.problems]


# Numbers -------------------------------------------------------------------------------------------------------------

# Written out, the largest would fill the memory before the clock ran out.
at_once = pytest.mark.timeout(10)
NO_NUMBERS = [
    *("1E+400", "1e999999999", "-1e999999999", "1e-999999999", "0e100", "9" * 31),
    *("４４０", "٤٤٠", "४४०", "4４0", "1e１", "1_000", " 1", "1,5", "NaN", "Infinity", "0x1F", "½", ""),
]
NUMBERS: dict[str, tuple[str, Any]] = {
    "details.massKg": ("received", lambda number: {"massKg": number}),
    "details.sohPercent": ("inspected", lambda number: {"sohPercent": number}),
    "details.voltageV": ("inspected", lambda number: {"voltageV": number}),
    "details.discharge.hours": ("dismantled", lambda number: {"discharge": {"hours": number}}),
    "details.uncoded.0.count": ("dismantled", lambda number: {"uncoded": [{"count": number}]}),
    "details.components.0.massKg": (
        "produced",
        lambda number: {"components": [{"code": factories.module_code(8), "massKg": number}]},
    ),
}


@at_once
@pytest.mark.parametrize("place", NUMBERS)
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_plain_number_is_refused_at_once(place: str, text: str) -> None:
    type_, details = NUMBERS[place]
    assert problems(record(type=type_, details=details(text))) == [("wrong_value", place, text)]


@at_once
@pytest.mark.parametrize("place", ["year", "composition.li"])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_neither_is_one_in_master_data(place: str, text: str) -> None:
    kind, details = {
        "year": ("declaration", {"year": text}),
        "composition.li": ("model", {"number": "X", "composition": {"li": text}}),
    }[place]
    given = factories.given(kind, factories.organisation_code(9), key="k-1", details=details)
    assert problems(given) == [("wrong_value", f"details.{place}", text)]


@at_once
@pytest.mark.parametrize(
    ("number", "column", "code"),
    [
        ("1E+400", "details.massKg", "wrong_value"),
        ("1E-400", "details.massKg", "wrong_value"),
        ("9" * 400, "details.massKg", "wrong_value"),
        # What could not even be kept is no number of JSON that is read here.
        ("1e999999999", "", "invalid_json"),
        ("0e999999999", "", "invalid_json"),
        ("1e99999999999999999999", "", "invalid_json"),
        ("9" * 100_000, "", "invalid_json"),
    ],
)
def test_a_number_of_a_line_is_no_larger_for_having_no_quotes(
    world: World, number: str, column: str, code: str
) -> None:
    given = exact_json(record(organisation=world.recycler.code, details={"massKg": "?"})).replace('"?"', number)
    [(line, *told, _value)] = capture_lines(world, given)
    assert (line, *told) == (1, column, code)
    assert not LifecycleEvent.objects.filter(organisation=world.recycler.id).exists()


@at_once
@given(
    st.integers(-(10**12), 10**12),
    st.integers(-20, 20) | st.integers(-99, 99) | st.integers(-(10**9), 10**9),
    st.sampled_from("eE"),
)
def test_a_mass_is_kept_to_the_milligram_however_it_is_written(digits: int, exponent: int, letter: str) -> None:
    text = f"{digits}{letter}{exponent}"
    found = problems(given := record(details={"massKg": text}))
    mass = Fraction(digits) * Fraction(10) ** exponent if abs(exponent) < 100 else None
    if mass is not None and 0 <= mass <= 10**9 and (mass * 10**6).denominator == 1:
        assert found == []
        kept = factories.read(given).details["massKg"]
        assert Fraction(kept) == mass
        assert kept.isascii()
        assert "e" not in kept.lower()
    else:
        assert found == [("wrong_value", "details.massKg", text)]


# Days ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["２０２４-01-01", "٢٠٢٤-01-01", "2024-02-30", "20240101", "10000-01-01"])
def test_what_is_no_day_is_refused(text: str) -> None:
    details = {"organisation": factories.organisation_code(9), "kind": "eia", "validFrom": text}
    given = factories.given("permit", factories.organisation_code(1), key="k-1", details=details)
    assert problems(given) == [("wrong_value", "details.validFrom", text)]
