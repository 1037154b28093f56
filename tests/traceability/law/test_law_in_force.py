"""What is in force on a day; the expected tables are written from the reference, not from the files."""

from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability import law
from traceability.law import vocabulary

OLD, NEW = date(2024, 12, 31), date(2025, 1, 1)
BEFORE, AFTER = date(2026, 3, 31), date(2026, 4, 1)
LAST_SECOND_LIFE, PAST_SECOND_LIFE = date(2026, 7, 30), date(2026, 7, 31)
any_day = st.dates(date(2015, 1, 1), date(2040, 1, 1))

#: condition → (operator, 2019, 2024, certainty in 2024); a threshold of "yes" is a condition without a figure
TABLE = {
    "recovery.ni_co_mn": (">=", "98", "98", "firm"),
    "recovery.li": (">=", "85", "90", "firm"),
    "recovery.electrode_powder": (">=", None, "98", "firm"),
    "powder.al": ("<", None, "1.5", "firm"),
    "powder.cu": ("<", None, "1.5", "firm"),
    "recovery.material_repair": (">=", "90", "99", "reported"),
    "energy.li2co3": ("<", None, "2200", "firm"),
    "water.reuse": (">=", "90", "90", "reported"),
    "recovery.cu_al": (">=", None, "98", "reported"),
    "capacity.recycler": (">=", None, "5000", "reported"),
    "capacity.load": (">=", None, "10", "reported"),
    "recovery.rare_earth_other": (">=", "97", "97", "provisional"),
    "rnd.share": (">=", "3", "3", "provisional"),
    "fluoride.fixation": (">=", None, "99.5", "provisional"),
    "second_life.share": (">=", None, "60", "provisional"),
    "safety.accidents": ("none", "yes", "yes", "reported"),
    "origin.unknown": ("none", None, "yes", "reported"),
    "traceability.upload": ("none", "yes", "yes", "reported"),
    "permit.eia": ("statement", "yes", "yes", "reported"),
    "permit.pollution": ("statement", "yes", "yes", "reported"),
    "waste.manifests": ("statement", "yes", "yes", "reported"),
    "quality.system": ("statement", "yes", "yes", "reported"),
    "site.industrial_land": ("statement", "yes", "yes", "reported"),
    "annual_report": ("statement", "yes", "yes", "reported"),
}


def figure(clause):
    if clause is None:
        return None
    return "yes" if clause.threshold is None else clause.threshold


def expected(text):
    return text if text in (None, "yes") else Decimal(text)


@pytest.mark.parametrize("key", TABLE)
def test_a_condition_is_that_of_the_edition_of_the_day(key):
    operator, before, after, certainty = TABLE[key]
    old, new = law.clause_in_force(key, OLD), law.clause_in_force(key, NEW)
    assert (figure(old), figure(new)) == (expected(before), expected(after))
    assert (new.operator, new.edition, new.certainty) == (operator, "2024", certainty)
    assert old is None or (old.operator, old.edition) == (operator, "2019")


def test_an_edition_has_its_conditions_and_no_others():
    assert {one.key for one in law.clauses_of_edition("2019")} == {key for key, row in TABLE.items() if row[1]}
    assert {one.key for one in law.clauses_of_edition("2024")} == set(TABLE)
    assert law.clauses_of_edition("2031") == ()


def test_the_2019_figure_of_material_repair_is_provisional():
    assert law.clause_in_force("recovery.material_repair", OLD).certainty == "provisional"


def test_the_share_for_second_life_ends_with_the_second_life_clauses():
    assert law.clause_in_force("second_life.share", LAST_SECOND_LIFE) is not None
    assert law.clause_in_force("second_life.share", PAST_SECOND_LIFE) is None
    assert law.clause_in_force("listing.second_life", LAST_SECOND_LIFE) is not None
    assert law.clause_in_force("listing.second_life", PAST_SECOND_LIFE) is None
    assert law.clause_in_force("listing", PAST_SECOND_LIFE) is not None


@pytest.mark.parametrize(
    ("key", "begin", "until"),
    [
        ("order73", date(2026, 4, 1), None),
        ("measures2018", date(2018, 8, 1), date(2026, 3, 31)),
        ("traceability2018", date(2018, 8, 1), date(2026, 3, 31)),
        ("second_life2021", date(2021, 9, 1), date(2026, 3, 31)),
        ("gbt34014", date(2018, 2, 1), None),
    ],
)
def test_an_instrument_has_its_days(key, begin, until):
    [found] = [one for one in law.book().instruments if one.key == key]
    assert (found.in_force_from, found.in_force_until) == (begin, until)


def test_an_edition_has_its_days():
    assert {one.key: (one.in_force_from, one.in_force_until) for one in law.book().editions} == {
        "2019": (date(2020, 1, 2), OLD),
        "2024": (NEW, None),
    }


def test_permits_and_forbidden_uses_begin_with_order_73():
    assert law.in_force_from("order73.permit") == AFTER
    assert law.clause_in_force("order73.permit", BEFORE) is None
    assert law.clause_in_force("order73.permit", AFTER).enforced
    assert law.forbidden_applications(BEFORE) == frozenset()
    assert law.forbidden_applications(AFTER) == {"e_bike"}


def test_the_first_day_of_a_clause_is_that_of_its_first_version():
    assert law.in_force_from("recovery.li") == date(2020, 1, 2)
    assert law.in_force_from("recovery.electrode_powder") == NEW
    with pytest.raises(KeyError):
        law.in_force_from("recovery.gold")


def test_periods_are_those_of_the_clause_in_force():
    assert law.clause_in_force("order73.penalty_bar", BEFORE) is None
    assert law.clause_in_force("order73.penalty_bar", AFTER).years == 2
    assert law.clause_in_force("listing.mending", date(2020, 1, 1)) is None
    assert law.clause_in_force("listing.mending", date(2020, 1, 2)).years == 1
    assert {law.clause_in_force("annual_report", day).by for day in (OLD, NEW)} == {(3, 31)}
    assert law.clause_in_force("recovery.li", NEW).years is law.clause_in_force("recovery.li", NEW).by is None


def test_european_targets_rise_and_are_not_enforced_here():
    day = {
        "2027": date(2027, 12, 31),
        "2031": date(2031, 12, 31),
        "2025": date(2025, 12, 31),
        "2030": date(2030, 12, 31),
    }
    rising = {"co": ("90", "95"), "cu": ("90", "95"), "pb": ("90", "95"), "ni": ("90", "95"), "li": ("50", "80")}
    for metal, (first, second) in rising.items():
        key = f"eu.recovery.{metal}"
        assert law.clause_in_force(key, day["2027"] - timedelta(1)) is None
        assert law.clause_in_force(key, day["2027"]).threshold == Decimal(first)
        assert law.clause_in_force(key, day["2031"] - timedelta(1)).threshold == Decimal(first)
        assert law.clause_in_force(key, day["2031"]).threshold == Decimal(second)
    assert law.clause_in_force("eu.efficiency.lithium", day["2025"]).threshold == 65
    assert law.clause_in_force("eu.efficiency.lithium", day["2030"]).threshold == 70
    assert law.in_force_from("eu.passport") == date(2027, 2, 18)
    assert not any(one.enforced for one in law.book().clauses if one.key.startswith("eu."))


@pytest.mark.parametrize(
    ("gap", "day", "clause"),
    [
        ("late_report", date(2018, 7, 31), None),
        ("late_report", BEFORE, "traceability2018.report"),
        ("late_report", AFTER, "order73.report"),
        ("unlicensed", BEFORE, None),
        ("unlicensed", AFTER, "order73.permit"),
        ("forbidden_use", BEFORE, None),
        ("forbidden_use", AFTER, "order73.forbidden_use"),
        ("vehicle_without_battery", BEFORE, None),
        ("vehicle_without_battery", AFTER, "order73.scrapped_together"),
        ("unlisted", date(2020, 1, 1), None),
        ("unlisted", OLD, "listing"),
        ("unlisted", NEW, "listing"),
        ("unknown_origin", NEW, "platform.origin"),
        ("missing_link", NEW, "platform.sequence"),
        ("component_conflict", NEW, "platform.parts"),
        ("altered", NEW, None),
        ("stalled", NEW, None),
        ("no_such_gap", NEW, None),
    ],
)
def test_a_gap_rests_on_the_clause_of_its_day(gap, day, clause):
    found = law.clause_of_gap(gap, day)
    assert (found and found.key) == clause


def test_the_list_is_that_of_the_edition_of_the_day():
    assert law.clause_of_gap("unlisted", OLD).edition == "2019"
    assert law.clause_of_gap("unlisted", NEW).edition == "2024"


def test_every_gap_of_the_audit_says_what_it_rests_on():
    assert {rule.gap for rule in law.book().gaps} == set(vocabulary.GAPS)


@given(day=any_day)
def test_of_one_clause_one_version_at_most_is_in_force(day):
    held = law.clauses_in_force(day)
    assert len({one.key for one in held}) == len(held)
    assert all(law.clause_in_force(one.key, day) == one for one in held)
    keys = {one.key for one in law.book().clauses}
    assert {key for key in keys if law.clause_in_force(key, day)} == {one.key for one in held}


@given(day=any_day)
def test_a_clause_in_force_stands_in_an_instrument_in_force(day):
    held = {one.key for one in law.book().instruments if one.in_force_on(day)}
    editions = {one.key for one in law.book().editions if one.in_force_on(day)} | {None}
    for clause in law.clauses_in_force(day):
        assert clause.instrument in held
        assert clause.edition in editions
    assert law.clauses_in_force(day, instrument="order73") == tuple(
        one for one in law.clauses_in_force(day) if one.instrument == "order73"
    )


@given(day=any_day, gap=st.sampled_from(vocabulary.GAPS))
def test_what_a_gap_rests_on_is_in_force(day, gap):
    clause = law.clause_of_gap(gap, day)
    assert clause is None or clause in law.clauses_in_force(day)


def test_nothing_provisional_is_enforced():
    book = law.book()
    assert all(one.certainty != "provisional" for one in (*book.clauses, *book.deadlines) if one.enforced)
    assert [one.key for one in book.clauses if not one.enforced and one.certainty != "provisional"] == [
        one.key for one in book.clauses if one.instrument == "eu2023_1542"
    ]


def test_the_words_of_a_clause_say_its_threshold():
    for clause in law.book().clauses:
        if clause.threshold is not None:
            assert str(clause.threshold) in clause.text_zh, clause.key
            assert str(clause.threshold) in clause.text_en, clause.key


def test_a_process_of_a_clause_means_processes_of_batches():
    assert law.clause_in_force("recovery.li", NEW).processes == ("hydrometallurgy", "pyrometallurgy")
    assert law.clause_in_force("powder.al", NEW).processes == ("crushing",)
    assert law.clause_in_force("water.reuse", NEW).processes == ()


def test_the_book_is_read_once_and_cannot_be_changed():
    book = law.book()
    assert law.book() is book
    with pytest.raises(FrozenInstanceError):
        book.digest = ""
    with pytest.raises(FrozenInstanceError):
        book.clauses[0].threshold = None
