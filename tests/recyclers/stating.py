"""Stating listings and permits, as the alliance does."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.worlds import Party, World

KINDS = ("project_filing", "eia", "pollution")
FIRST = date(2024, 1, 1)


def permit(world: World, kind: str = "eia", *, of: Party | None = None, at: Any = None, **details: Any) -> str:
    """State a permit; gives the key of the statement."""
    top = {"reportedAt": details.pop("reportedAt")} if "reportedAt" in details else None
    company = (of or world.recycler).code
    fact = world.fact("permit", world.alliance, at=at, top=top, organisation=company, kind=kind, **details)
    world.capture([fact])
    return fact.key


def listing(world: World, scope: str = "recovery", *, of: Party | None = None, at: Any = None, **details: Any) -> str:
    """State a listing; gives the key of the statement."""
    top = {"reportedAt": details.pop("reportedAt")} if "reportedAt" in details else None
    company = (of or world.recycler).code
    fact = world.fact("listing", world.alliance, at=at, top=top, organisation=company, scope=scope, **details)
    world.capture([fact])
    return fact.key


def days(least: int = -20, most: int = 20) -> st.SearchStrategy[date]:
    return st.integers(least, most).map(lambda number: FIRST + timedelta(days=number))
