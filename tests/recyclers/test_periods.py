"""Days counted from others: reports, mending, bars, by the text of the day on which they are set off."""

from datetime import date

import pytest

from recyclers import periods


@pytest.mark.parametrize(
    ("year", "due"),
    [
        pytest.param(2018, None, id="before any edition"),
        pytest.param(2019, date(2020, 3, 31), id="the first"),
        pytest.param(2024, date(2025, 3, 31), id="under the second edition"),
    ],
)
def test_a_report_is_due_by_the_text_of_its_day(year: int, due: date | None) -> None:
    assert periods.report_due(year) == due


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), 2024),
        (date(2026, 4, 1), 2025),
        (date(2026, 12, 31), 2025),
        (date(2027, 1, 1), 2025),
        (date(2020, 3, 31), None),
        (date(2020, 4, 1), 2019),
    ],
)
def test_a_year_is_judged_from_the_day_after_its_report_is_due(day: date, year: int | None) -> None:
    assert periods.last_year_judged(day) == year


def test_a_year_to_mend_runs_from_the_day_of_the_report_to_that_of_the_next() -> None:
    assert periods.mend_until(2025) == date(2027, 3, 31) == periods.report_due(2026)
    assert periods.mend_until(2018) is None


@pytest.mark.parametrize(
    ("decided", "until"),
    [
        pytest.param(date(2026, 3, 31), None, id="before Order 73 no rule says so"),
        pytest.param(date(2026, 4, 1), date(2028, 4, 1), id="on its first day"),
        pytest.param(date(2028, 2, 29), date(2030, 2, 28), id="on a day that there is not in every year"),
    ],
)
def test_a_penalty_bars_for_two_years(decided: date, until: date | None) -> None:
    assert periods.barred_until(decided) == until


def test_listings_for_second_life_end_by_law_and_others_do_not() -> None:
    assert periods.listing_ends("second_life") == date(2026, 7, 30)
    assert periods.listing_ends("recovery") is None


def test_periods_are_printed_as_they_are_in_force() -> None:
    assert periods.as_json(date(2026, 4, 1)) == {"reportBy": "03-31", "mendingYears": 1, "barYears": 2}
    assert periods.as_json(date(2026, 3, 31)) == {"reportBy": "03-31", "mendingYears": 1, "barYears": None}
    assert periods.as_json(date(2019, 1, 1)) == {"reportBy": None, "mendingYears": None, "barYears": None}
