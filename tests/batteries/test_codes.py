"""Battery codes by GB/T 34014: what is read, what is refused and why."""

from dataclasses import FrozenInstanceError
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteries.codes import BATTERY_TYPES, CodeError, Problem, compose, parse, read

TODAY = date(2026, 11, 22)
EVE = "04QCB76836300JBC40000903"
CATL = "001CB240000003B3C0221953"
SECOND_LIFE = "08XPB01C8E0000001RP"

days = st.dates(date(2011, 1, 1), date(2040, 12, 31))
letters = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=7, max_size=7)
codes = st.sampled_from([EVE, CATL, "04QCB76718400JB630001092", SECOND_LIFE])


def errors(text: str) -> list[tuple[str, int | None]]:
    return [(error.code, error.position) for error in read(text, today=TODAY).errors]


def warnings(text: str, **options: object) -> list[tuple[str, int | None]]:
    reading = read(text, today=TODAY, **options)
    return [(warning.code, warning.position) for warning in reading.warnings]


def replaced(code: str, position: int, with_: str) -> str:
    """`code` with other characters from the 1-based `position` on."""
    return code[: position - 1] + with_ + code[position - 1 + len(with_) :]


@pytest.mark.parametrize(
    ("text", "manufacturer", "produced_on", "serial"),
    [
        (EVE, "04Q", date(2021, 12, 4), "0000903"),
        (CATL, "001", date(2021, 3, 12), "0221953"),
        ("04QCB76718400JB630001092", "04Q", date(2021, 6, 3), "0001092"),
    ],
)
def test_codes_seen_on_products_are_read(text: str, manufacturer: str, produced_on: date, serial: str) -> None:
    code = parse(text, today=TODAY)
    assert (code.code, code.level, code.battery_type, code.second_life) == (text, "cell", "B", False)
    assert (code.manufacturer_code, code.produced_on, code.serial) == (manufacturer, produced_on, serial)
    assert (code.specification, code.traceability) == (text[5:7], text[7:14])


def test_a_second_life_code_has_nineteen_characters_and_no_traceability_information() -> None:
    code = parse(SECOND_LIFE, today=TODAY)
    assert (code.level, code.battery_type, code.manufacturer_code, code.specification) == ("pack", "B", "08X", "01")
    assert (code.produced_on, code.serial, code.second_life, code.traceability) == (
        date(2022, 8, 14), "0000001", True, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("001PE0XT00001DAB0800004", [("length", None)], id="23 characters, seen on a product"),
        pytest.param("A765101015", [("length", None)], id="a part number"),
        pytest.param("", [("length", None)], id="nothing"),
        pytest.param("04Q-CB?", [("length", None), ("character", 4), ("character", 7)], id="wrong length, and signs"),
        pytest.param("JBC4000090304QCB76836300", [("product_type", 4), ("battery_type", 5)], id="halves swapped"),
        pytest.param(replaced(EVE, 4, "X"), [("product_type", 4)], id="product type"),
        pytest.param(replaced(EVE, 5, "H"), [("battery_type", 5)], id="battery type"),
        pytest.param(replaced(EVE, 15, "B2X"), [("date", 15)], id="29 February 2021"),
        pytest.param(replaced(EVE, 15, "BC "), [("length", None)], id="a blank is no character"),
        pytest.param(replaced(EVE, 15, "BD1"), [("date", 15)], id="month 13"),
        pytest.param(replaced(EVE, 15, "UC1"), [("date", 15)], id="a year letter that is not in use"),
        pytest.param(replaced(EVE, 15, "0C1"), [("date", 15)], id="0 is a day, not a year"),
        pytest.param(replaced(EVE, 15, "BCI"), [("date", 15)], id="a day letter that is not in use"),
        pytest.param(replaced(EVE, 15, "GBP"), [("future_date", 15)], id="tomorrow"),
        pytest.param(replaced(EVE, 15, "GBN"), [], id="today"),
        pytest.param(replaced(EVE, 6, "é"), [("character", 6)], id="a letter outside A-Z"),
        pytest.param(replaced(EVE, 6, "٣"), [("character", 6)], id="a digit outside 0-9"),
        pytest.param(replaced(EVE, 6, "ß"), [("character", 6)], id="not read as SS"),
        pytest.param(replaced(EVE, 4, "-"), [("character", 4)], id="an illegal character is reported once"),
        pytest.param(replaced(replaced(EVE, 4, "XX"), 15, "U_1"),
                     [("product_type", 4), ("battery_type", 5), ("character", 16)], id="all, in order of position"),
        pytest.param("08XPB01C8E0000001XP", [("second_life_suffix", 18)], id="no R"),
        pytest.param("08XPB01C8E0000001RX", [("second_life_suffix", 18)], id="no level"),
        pytest.param("08XPB01C8E0000001RM", [("second_life_suffix", 18)], id="another level than position 4"),
        pytest.param("08XXB01C8E0000001RM", [("product_type", 4)], id="position 4 is no level: one error"),
        pytest.param("08XPB01X8E0000001RP", [("future_date", 8)], id="second life from the future"),
        pytest.param("08XPB01C0E0000001RP", [("date", 8)], id="second life without a date"),
    ],
)  # fmt: skip
def test_a_code_is_refused_with_every_error_and_its_place(text: str, expected: list[tuple[str, int | None]]) -> None:
    assert errors(text) == expected


def test_an_error_names_what_was_found() -> None:
    assert read(replaced(EVE, 15, "B2X"), today=TODAY).errors == (Problem("date", 15, "B2X"),)
    assert read("A765101015", today=TODAY).errors == (Problem("length", None, "10"),)
    assert read(replaced(EVE, 15, "GBP"), today=TODAY).errors == (Problem("future_date", 15, "2026-11-23"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(CATL, [], id="nothing to say"),
        pytest.param(EVE, [("ambiguous_letter", 3)], id="Q in the prefix"),
        pytest.param(replaced(CATL, 13, "IO"), [("ambiguous_letter", 13), ("ambiguous_letter", 14)], id="up to 14"),
        pytest.param(replaced(CATL, 18, "01I"), [("serial_letters", 20)], id="letters in the serial only"),
        pytest.param(replaced(CATL, 15, "810"), [("early_date", 15)], id="the last day without a rule"),
        pytest.param(replaced(CATL, 15, "821"), [], id="the first day of the rule"),
        pytest.param("08XPBO1C8E000000ARP", [("ambiguous_letter", 6), ("serial_letters", 17)], id="second life"),
    ],
)
def test_what_is_odd_but_allowed_is_a_warning(text: str, expected: list[tuple[str, int | None]]) -> None:
    reading = read(text, today=TODAY)
    assert reading.valid
    assert warnings(text) == expected
    assert reading.battery_code is not None
    assert reading.battery_code.warnings == reading.warnings


def test_an_invalid_code_is_warned_of_as_well() -> None:
    assert warnings(replaced(EVE, 15, "B2X")) == [("ambiguous_letter", 3)]


def test_a_prefix_nobody_filed_is_a_warning_where_the_filed_ones_are_known() -> None:
    assert warnings(CATL, known_prefixes={"04Q"}) == [("unknown_manufacturer", 1)]
    assert warnings(CATL, known_prefixes=["001"]) == []
    assert warnings(CATL, known_prefixes=()) == [("unknown_manufacturer", 1)]
    assert warnings(CATL) == []


def test_parse_refuses_with_the_whole_reading() -> None:
    with pytest.raises(CodeError) as refused:
        parse(replaced(EVE, 4, "XX"), today=TODAY)
    assert [error.code for error in refused.value.reading.errors] == ["product_type", "battery_type"]


def test_a_code_cannot_be_changed_once_read() -> None:
    with pytest.raises(FrozenInstanceError):
        parse(EVE, today=TODAY).serial = "1"  # type: ignore[misc]


def test_every_day_from_2011_to_2040_round_trips_and_has_its_own_letters() -> None:
    day, seen = date(2011, 1, 1), set()
    while day.year < 2041:
        code = compose(
            level="pack", battery_type="E", manufacturer_code="001", specification="24", traceability="0000003",
            produced_on=day, serial=1,
        )  # fmt: skip
        assert parse(code, today=day).produced_on == day
        seen.add(code[14:17])
        day += timedelta(days=1)
    assert len(seen) == 10_958


@pytest.mark.parametrize(
    ("letters", "day"),
    [("111", date(2011, 1, 1)), ("9C0", date(2019, 12, 31)), ("A2X", date(2020, 2, 29)), ("J1J", date(2028, 1, 18)),
     ("P1P", date(2033, 1, 23)), ("V1V", date(2037, 1, 27)), ("YAY", date(2040, 10, 30))],
)  # fmt: skip
def test_date_letters_skip_those_that_look_like_digits(letters: str, day: date) -> None:
    assert parse(replaced(CATL, 15, letters), today=date.max).produced_on == day


@given(
    level=st.sampled_from(["pack", "module", "cell"]),
    battery_type=st.sampled_from(sorted(BATTERY_TYPES)),
    field=letters,
    day=days,
    serial=st.integers(0, 9_999_999),
    second_life=st.booleans(),
)
def test_what_is_composed_is_what_is_read(
    level: str, battery_type: str, field: str, day: date, serial: int, second_life: bool
) -> None:
    text = compose(
        level=level, battery_type=battery_type, manufacturer_code=field[:3], specification=field[3:5],  # type: ignore[arg-type]
        traceability="" if second_life else field, produced_on=day, serial=serial, second_life=second_life,
    )  # fmt: skip
    code = parse(text, today=day)
    assert len(text) == (19 if second_life else 24)
    assert (code.level, code.battery_type, code.produced_on, int(code.serial)) == (level, battery_type, day, serial)
    assert (code.manufacturer_code, code.specification, code.second_life) == (field[:3], field[3:5], second_life)


@pytest.mark.parametrize(
    "change",
    [
        {"produced_on": date(2010, 12, 31)},
        {"produced_on": date(2041, 1, 1)},
        {"serial": 10_000_000},
        {"manufacturer_code": "1"},
        {"specification": "246", "traceability": "000003"},
        {"manufacturer_code": "o01"},
        {"battery_type": "H"},
        {"level": "vehicle"},
        {"second_life": True},
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_is_not_composed(change: dict[str, object]) -> None:
    fields = {
        "level": "cell", "battery_type": "B", "manufacturer_code": "001", "specification": "24",
        "traceability": "0000003", "produced_on": date(2021, 3, 12), "serial": 221953,
    }  # fmt: skip
    assert compose(**fields) == CATL  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"."):
        compose(**(fields | change))  # type: ignore[arg-type]


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A code with one to three characters inserted, deleted, replaced by any code point, or swapped."""
    text = list(draw(codes))
    for _ in range(draw(st.integers(1, 3))):
        at, other = draw(st.integers(0, len(text) - 1)), draw(st.integers(0, len(text) - 1))
        match draw(st.sampled_from(["insert", "delete", "replace", "swap"])):
            case "insert":
                text.insert(at, draw(st.characters()))
            case "delete":
                del text[at]
            case "replace":
                text[at] = draw(st.characters())
            case "swap":
                text[at], text[other] = text[other], text[at]
    return "".join(text)


@given(text=st.one_of(mutations(), st.text(st.characters())), day=st.dates())
def test_no_mutation_crashes_and_each_is_either_a_code_or_has_errors(text: str, day: date) -> None:
    reading = read(text, today=day)
    assert reading.valid == (not reading.errors)
    if reading.battery_code is not None:
        code = reading.battery_code
        assert code.produced_on <= day
        assert compose(
            level=code.level, battery_type=code.battery_type, manufacturer_code=code.manufacturer_code,
            specification=code.specification, traceability=code.traceability, produced_on=code.produced_on,
            serial=code.serial, second_life=code.second_life,
        ) == reading.code  # fmt: skip
    places = [error.position or 0 for error in reading.errors]
    assert places == sorted(places)


@given(code=codes, at=st.integers(0, 23), other=st.sampled_from("-_.*/\\é电😀\x00"))
def test_an_illegal_character_anywhere_is_found_at_its_place(code: str, at: int, other: str) -> None:
    at %= len(code)
    assert Problem("character", at + 1, other) in read(replaced(code, at + 1, other), today=TODAY).errors


def test_a_text_of_a_million_characters_is_only_too_long() -> None:
    # Alternating combining marks: what NFKC takes quadratic time for.
    for text in ("0" * 1_000_000, "\u0315\u0300" * 500_000):
        reading = read(text, today=TODAY)
        assert reading.errors == (Problem("length", None, "1000000"),)
        assert len(reading.code) <= 24
