"""What has to be mended until when: pure tables over years, and days of listings and bars."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recyclers.conditions.judging import Judged
from recyclers.dynamic_list.judging import YearJudged, to_mend
from recyclers.dynamic_list.listed import barred, last_barred_day, listed, listed_since
from traceability import law

EVER = date.min
KEY = "recovery.li"
CLAUSE = law.clause_in_force(KEY, date(2025, 6, 1))


def years(**verdicts: str) -> list[YearJudged]:
    """`y2024="fail"`: years by their verdict on one clause."""
    return [
        YearJudged(int(name[1:]), verdict, {KEY: Judged(KEY, verdict, CLAUSE, decides=True)})
        for name, verdict in verdicts.items()
    ]


@pytest.mark.parametrize(
    ("verdicts", "day", "expected"),
    [
        pytest.param({"y2025": "fail"}, date(2026, 4, 1), (2025, 2025, date(2027, 3, 31), False), id="just judged"),
        pytest.param({"y2025": "fail"}, date(2027, 3, 31), (2025, 2025, date(2027, 3, 31), False), id="its last day"),
        pytest.param({"y2025": "fail"}, date(2027, 4, 1), (2025, 2025, date(2027, 3, 31), True), id="the day after"),
        pytest.param({"y2025": "implausible"}, date(2026, 4, 1), (2025, 2025, date(2027, 3, 31), False), id="no pass"),
        pytest.param({"y2025": "pass"}, date(2026, 4, 1), None, id="met"),
        pytest.param({"y2025": "no_evidence"}, date(2026, 4, 1), None, id="not shown, and not failed either"),
        pytest.param({"y2024": "fail", "y2025": "pass"}, date(2026, 4, 1), None, id="mended by the next year"),
        pytest.param(
            {"y2024": "fail", "y2025": "fail"}, date(2026, 4, 1), (2024, 2025, date(2026, 3, 31), True), id="not mended"
        ),
        pytest.param(
            {"y2024": "fail", "y2025": "no_evidence"}, date(2026, 4, 1), (2024, 2024, date(2026, 3, 31), True),
            id="silence mends nothing",
        ),
        pytest.param(
            {"y2024": "fail", "y2025": "not_applicable"}, date(2026, 4, 1), (2024, 2024, date(2026, 3, 31), True),
            id="standing still mends nothing",
        ),
        pytest.param({"y2024": "fail", "y2025": "not_in_force"}, date(2026, 4, 1), None, id="not asked any more"),
        pytest.param(
            {"y2022": "fail", "y2023": "pass", "y2024": "no_evidence", "y2025": "fail"}, date(2026, 4, 1),
            (2025, 2025, date(2027, 3, 31), False), id="failed anew, the time runs anew",
        ),
    ],
)  # fmt: skip
def test_a_clause_is_to_be_mended_within_a_year_of_the_report(
    verdicts: dict[str, str], day: date, expected: tuple[int, int, date, bool] | None
) -> None:
    found = [(one.since, one.year, one.until, one.overdue) for one in to_mend(years(**verdicts), EVER, day)]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("since", "owed"),
    [(date(2026, 3, 31), True), (date(2026, 4, 1), False), (None, False), (EVER, True)],
)
def test_who_was_not_listed_when_the_report_was_due_has_nothing_to_mend(since: date | None, owed: bool) -> None:
    assert bool(to_mend(years(y2025="fail"), since, date(2026, 6, 1))) is owed


VERDICTS = ("pass", "fail", "implausible", "no_evidence", "not_applicable", "not_in_force")


@given(st.lists(st.sampled_from(VERDICTS), max_size=6), st.randoms())
def test_open_is_what_failed_since_the_last_pass_whatever_the_order_of_reading(
    verdicts: list[str], random: object
) -> None:
    judged = years(**{f"y{2020 + number}": verdict for number, verdict in enumerate(verdicts)})
    shuffled = list(judged)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    day = date(2021 + len(verdicts), 4, 1)
    found = to_mend(shuffled, EVER, day)
    assert found == to_mend(judged, EVER, day)
    closed = [number for number, verdict in enumerate(verdicts) if verdict in ("pass", "not_in_force")]
    after = [
        2020 + number
        for number, verdict in enumerate(verdicts)
        if verdict in ("fail", "implausible") and number > max(closed, default=-1)
    ]
    assert [(one.since, one.year) for one in found] == ([(after[0], after[-1])] if after else [])


# Days on the list ----------------------------------------------------------------------------------------------------


@dataclass
class Row:
    announced_on: date | None
    revoked_on: date | None = None
    scope: str = "recovery"
    batch_number: str = "5"
    reason: str = ""
    superseded_by_ms: int | None = None


@pytest.mark.parametrize(
    ("rows", "day", "since"),
    [
        pytest.param([Row(date(2023, 12, 1))], date(2023, 12, 1), date(2023, 12, 1), id="on its first day"),
        pytest.param([Row(date(2023, 12, 1))], date(2023, 11, 30), None, id="before"),
        pytest.param([Row(None)], date(2023, 11, 30), date.min, id="ever since"),
        pytest.param([Row(date(2023, 1, 1), date(2025, 5, 1))], date(2025, 4, 30), date(2023, 1, 1), id="last day"),
        pytest.param([Row(date(2023, 1, 1), date(2025, 5, 1))], date(2025, 5, 1), None, id="revoked"),
        pytest.param(
            [Row(date(2021, 1, 1), date(2023, 1, 1)), Row(date(2023, 1, 1), batch_number="6")],
            date(2025, 1, 1), date(2021, 1, 1), id="one batch after the other",
        ),
        pytest.param(
            [Row(date(2021, 1, 1), date(2023, 1, 1)), Row(date(2023, 1, 2), batch_number="6")],
            date(2025, 1, 1), date(2023, 1, 2), id="a day between",
        ),
        pytest.param([Row(date(2021, 1, 1), scope="second_life")], date(2026, 7, 30), date(2021, 1, 1), id="by law"),
        pytest.param([Row(date(2021, 1, 1), scope="second_life")], date(2026, 7, 31), None, id="and no longer"),
        pytest.param([Row(date(2021, 1, 1), superseded_by_ms=1)], date(2025, 1, 1), None, id="stated otherwise since"),
    ],
)  # fmt: skip
def test_a_company_is_listed_from_its_first_day_to_the_day_before_it_is_revoked(
    rows: list[Row], day: date, since: date | None
) -> None:
    assert listed_since(listed(rows), day) == since


@dataclass
class Decided:
    decided_on: date | None
    authority: str = "MIIT"
    number: str = "1"
    reason: str = ""


@pytest.mark.parametrize(
    ("days", "day", "until"),
    [
        pytest.param([date(2026, 5, 10)], date(2026, 5, 9), None, id="not decided yet"),
        pytest.param([date(2026, 5, 10)], date(2026, 5, 10), date(2028, 5, 10), id="from the day on"),
        pytest.param([date(2026, 5, 10)], date(2028, 5, 10), date(2028, 5, 10), id="to the last day"),
        pytest.param([date(2026, 5, 10)], date(2028, 5, 11), None, id="and no longer"),
        pytest.param(
            [date(2026, 5, 10), date(2027, 1, 2)], date(2027, 2, 1), date(2029, 1, 2), id="the later one counts"
        ),
        pytest.param([date(2026, 3, 31)], date(2026, 4, 1), None, id="by the rules of its day"),
        pytest.param([None], date(2026, 5, 10), None, id="of no known day"),
    ],
)
def test_a_penalty_bars_until_two_years_are_over(days: list[date | None], day: date, until: date | None) -> None:
    assert last_barred_day(barred(map(Decided, days), day), day) == until


@given(st.lists(st.dates(date(2026, 4, 1), date(2030, 1, 1)), max_size=4), st.dates(date(2026, 1, 1), date(2033, 1, 1)))
def test_a_company_is_barred_on_a_day_exactly_when_a_penalty_bars_it(days: list[date], day: date) -> None:
    until = last_barred_day(barred(map(Decided, days), day), day)
    bars = [one for one in days if one <= day <= one + timedelta(days=731)]
    certain = [one for one in days if one <= day <= one + timedelta(days=730)]
    assert bool(certain) <= (until is not None) <= bool(bars)
    assert until is None or until == max(one.replace(year=one.year + 2) if (one.month, one.day) != (2, 29)
                                         else date(one.year + 2, 2, 28) for one in days if one <= day)  # fmt: skip
