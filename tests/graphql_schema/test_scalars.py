"""Scalars keep what was sent exactly, or say what is wrong with it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, execute, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.scalars import decimal_from, decimal_text, time_from, time_text
from tests.graphql_schema.small import schema as strawberry_schema
from traceability import exact

schema = strawberry_schema._schema


def ask(text: str, **variables: Any) -> tuple[Any, str | None]:
    """Data and first error of a query run by graphql-core itself, its variables read as the door reads them."""
    document = parse(text)
    if errors := validate(schema, document):
        return None, errors[0].message
    result: Any = execute(schema, document, variable_values=exact.loads(json.dumps(variables)))
    return result.data, result.errors[0].message if result.errors else None


def asked_raw(kind: str, field: str, raw: str) -> Any:
    """One value sent as the JSON text `raw` in a variable."""
    document = parse(f"query($v: {kind}!) {{ {field}(value: $v) }}")
    result: Any = execute(schema, document, variable_values=exact.loads(f'{{"v": {raw}}}'))
    return result.data[field] if result.data else None


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ('"312.50"', "312.50"),
        ("312.50", "312.50"),
        ("0.1", "0.1"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        ("-7", "-7"),
        ("1e3", "1000"),
        ('"1E-7"', "0.0000001"),
        ("0", "0"),
    ],
)
def test_a_decimal_is_exact_in_a_variable_and_in_the_query(sent: str, answered: str) -> None:
    assert asked_raw("Decimal", "decimal", sent) == answered
    data, error = ask(f"{{ decimal(value: {sent}) }}")
    assert (data, error) == ({"decimal": answered}, None)


@pytest.mark.parametrize(
    "sent",
    [
        *('"１２"', '" 1"', '"1_0"', '"NaN"', '"Infinity"', '"0x10"', '"1,5"', '""', '"1."', '".5"', "true", "[1]"),
        *("{}", '"1e999"', "1e-300", '"' + "9" * 40 + '"'),
    ],
)
def test_what_is_no_plain_decimal_is_refused(sent: str) -> None:
    assert asked_raw("Decimal", "decimal", sent) is None
    data, error = ask(f"{{ decimal(value: {sent}) }}")
    assert data is None
    assert error


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=9))
def test_decimals_survive_the_way_there_and_back(number: Decimal) -> None:
    assert decimal_from(decimal_text(number)) == number
    assert "E" not in decimal_text(number)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T00:00Z", "2026-03-01T00:00:00.000Z"),
        ("2026-03-01T00:00:00.1234567Z", "2026-03-01T00:00:00.123Z"),
    ],
)
def test_a_time_is_answered_in_utc(sent: str, answered: str) -> None:
    assert ask("query($v: DateTime!) { time(value: $v) }", v=sent) == ({"time": answered}, None)
    assert ask(f'{{ time(value: "{sent}") }}') == ({"time": answered}, None)


@pytest.mark.parametrize(
    "sent",
    [
        *("2026-03-01T08:00:00", "2026-03-01", "2026-02-30T00:00:00Z", "2026-03-01T25:00:00Z", "20260301T080000Z"),
        *("2026-03-01T08:00:00+99:00", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "now", ""),
        *("2026-03-01 08:00:00Z", "٢٠٢٦-03-01T08:00:00Z"),
    ],
)
def test_a_time_without_offset_or_that_does_not_exist_is_refused(sent: str) -> None:
    data, error = ask("query($v: DateTime!) { time(value: $v) }", v=sent)
    assert data is None
    assert error
    with pytest.raises(GraphQLError):
        time_from(sent)


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False).filter(lambda moment: 1 < moment.year < 9999))
def test_times_survive_to_the_millisecond(moment: Any) -> None:
    again = time_from(time_text(moment))
    assert abs((again - moment).total_seconds()) < 0.001


def test_a_day_is_a_day() -> None:
    assert ask('{ day(value: "2026-03-01") }') == ({"day": "2026-03-01"}, None)
    for wrong in ("2026-02-30", "20260301", "2026-W09-1", "2026-03-01T00:00:00Z", ""):
        data, error = ask("query($v: Date!) { day(value: $v) }", v=wrong)
        assert data is None
        assert error


@pytest.mark.parametrize("value", [None, True, 7, "七", [1, [2, {"a": []}]], {"a": {"b": None}}])
def test_json_comes_back_as_it_was_sent(value: Any) -> None:
    data, error = ask("query($v: JSON) { j: json(value: [$v]) }", v=value)
    assert (data, error) == ({"j": [value]}, None)


def test_json_written_in_the_query_keeps_decimals() -> None:
    data, _ = ask('{ json(value: {a: 0.10, b: [true, null, "x", WORD]}) }')
    assert data == {"json": {"a": Decimal("0.10"), "b": [True, None, "x", "WORD"]}}


def test_a_wrong_value_of_ours_is_an_error_not_an_answer() -> None:
    for wrong in (1.5, True, "1"):
        with pytest.raises(TypeError):
            decimal_text(wrong)
    with pytest.raises(TypeError):
        time_text("2026-03-01T00:00:00Z")
