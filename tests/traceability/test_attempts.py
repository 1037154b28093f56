"""Counting failures: exactly, also when many happen at once."""

import threading

import pytest
from django.db import connections

from tests.traceability.test_concurrency import url  # noqa: F401 (a fixture: a database that threads share)
from traceability.door import attempts
from traceability.door.attempts import ACCOUNT, ADDRESS, Count, Rule
from traceability.door.models import Attempt

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("url")
def test_failures_at_the_same_moment_are_all_counted() -> None:
    """Three counts each, one of them everybody's, named in another order by every second thread."""
    wide = Rule(failures=1_000)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        counts = [Count("t", "name", f"a{number}", wide), Count("t", "", "shared", wide), Count("t", "name", "", wide)]
        try:
            for _ in range(15):
                attempts.fail(counts if number % 2 else counts[::-1])
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(Attempt.objects.values_list("failures", flat=True)) == [15] * 6 + [90, 90]


def test_a_lock_begins_once_and_counts_anew_after_it() -> None:
    count = [Count("t", "name", "a")]
    assert [attempts.fail(count) for _ in range(10)] == [0] * 9 + [60]
    assert 59 <= attempts.locked(count) <= 60
    assert attempts.locked([Count("t", "name", "b")]) == 0
    row = Attempt.objects.get()
    assert (row.failures, row.locks) == (0, 1)


def test_each_count_has_its_own_rule() -> None:
    counts = [Count("t", "n", "a"), Count("t", "", "a", ADDRESS), Count("t", "n", "", ACCOUNT)]
    locks = [attempts.fail(counts) for _ in range(50)]
    assert locks[9] == 60
    assert locks[49] > 60
    assert Attempt.objects.get(subject=attempts.hashed("n"), origin="").failures == 50


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Li Wei", " li wei ", True),
        ("ｌｉ", "li", True),
        ("STRASSE", "straße", True),
        ("li", "wei", False),
        ("\ud800", "\ud801", False),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str, same: bool) -> None:
    assert (attempts.hashed(one) == attempts.hashed(other)) is same


def test_the_same_happens_once_only() -> None:
    assert [attempts.once("used", "7", "123456", seconds=120) for _ in range(3)] == [True, False, False]
    assert attempts.once("used", "8", "123456", seconds=120)
