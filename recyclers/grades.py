"""Grades of retired batteries: a scheme read from a file, because they are industry usage and not law."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ROUTES: Final = ("reuse", "second_life", "recovery", "return")


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade: from which state of health on, and what it is good for."""

    name: str
    soh_from: Decimal
    routes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scheme:
    """The grades from the best down, and where they come from."""

    key: str
    title_zh: str
    title_en: str
    source: str
    grades: tuple[Grade, ...]

    def by_health(self, soh_percent: str | None) -> Grade | None:
        """The grade of a state of health; None where that is unknown or below every grade."""
        if soh_percent is None:
            return None
        return next((grade for grade in self.grades if Decimal(soh_percent) >= grade.soh_from), None)

    def by_name(self, name: str | None) -> Grade | None:
        """The grade of that name; None for one that the scheme does not know."""
        return next((grade for grade in self.grades if grade.name == name), None)


def scheme() -> Scheme:
    """The scheme in use, read and checked once. Raises ImproperlyConfigured."""
    return _read(Path(settings.GRADES_FILE))


@cache
def _read(path: Path) -> Scheme:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        grades = tuple(map(_grade, given["grade"]))
        key, title_zh, title_en, source = (str(given[name]) for name in ("key", "title_zh", "title_en", "source"))
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(f"{path}: {error!r}") from None
    bounds = [grade.soh_from for grade in grades]
    if not grades or bounds != sorted(set(bounds), reverse=True) or len({grade.name for grade in grades}) < len(grades):
        raise ImproperlyConfigured(f"{path}: grades go from the best down, each name and bound once.")
    return Scheme(key, title_zh, title_en, source, grades)


def _grade(given: dict[str, Any]) -> Grade:
    routes = frozenset(given["routes"])
    if not routes <= set(ROUTES):
        raise ValueError(sorted(routes - set(ROUTES)))
    return Grade(str(given["name"]), Decimal(given["soh_from"]), routes)
