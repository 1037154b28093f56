"""What a query costs: the number of objects it asks for.

A page of 50 batteries with their holders is 100. What takes much more than a row to make counts as many (`PRICES`). A
page whose size is a variable stays open in the figure
(`Cost.terms`) and is filled in for each request, so that a document is measured once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import Node

from graphql_schema.errors import refusal

#: Figures stop here: nothing above is ever allowed, and the numbers stay small.
CAP = 1_000_000_000


def check_page(size: int, limit: int, node: Node | None = None) -> None:
    """Refuse a page outside 0 … limit."""
    if size > limit:
        raise refusal("page_too_large", node, limit=limit)
    if size < 0:
        raise refusal("page_negative", node)


class Page(NamedTuple):
    """How many objects a connection is asked for: numbers from the text, variables, or else `missing`."""

    number: int | None
    variables: tuple[str, ...]
    missing: int

    def size(self, variables: Mapping[str, Any], limit: int) -> int:
        """Give the size under these variables; refuses `page_too_large` and `page_negative`."""
        sizes = [value for name in self.variables if type(value := variables.get(name)) is int]
        for size in sizes:
            check_page(size, limit)
        if self.number is not None:
            sizes.append(self.number)
        return max(sizes, default=self.missing)


@dataclass(frozen=True, slots=True)
class Cost:
    """Objects asked for: a constant, and for each open page its size times what one of its objects costs."""

    constant: int = 0
    terms: tuple[tuple[Page, "Cost"], ...] = ()

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(min(self.constant + other.constant, CAP), self.terms + other.terms)

    def times(self, page: "Page | int") -> "Cost":
        """Multiply by a number, or keep the product open where the number is a variable."""
        if isinstance(page, Page):
            if page.variables:
                return Cost(0, ((page, self),))
            page = page.missing if page.number is None else page.number
        terms = tuple((Page(page, (), 0), Cost(0, (term,))) for term in self.terms)
        return Cost(min(self.constant * page, CAP), terms)

    def objects(self, variables: Mapping[str, Any], limit: int) -> int:
        """Count the objects under these variables, capped; refuses pages over `limit`."""
        total = self.constant
        for page, each in self.terms:
            total = min(total + page.size(variables, limit) * each.objects(variables, limit), CAP)
        return total


FREE = Cost()
ONE = Cost(1)
#: Types of which an object is made by reading a year or more of a company: what one of them is counted as.
PRICES: Mapping[str, int] = {"Compliance": 50, "ComplianceReport": 1_000, "ConditionsStanding": 50}
#: Arguments that have many companies judged before the first is shown: (field, argument) → what they add.
ARGUMENTS: Mapping[tuple[str, str], int] = {("recyclers", "verdict"): 500}


def price_of(type_: str) -> Cost:
    """Price one object of a type."""
    return Cost(PRICES[type_]) if type_ in PRICES else ONE
