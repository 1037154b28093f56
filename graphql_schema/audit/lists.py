"""Lists: Relay connections with keyset cursors, each narrowed by a FilterSet of django-filter.

A cursor is the place of its object in the order of the list, not a number of rows: it stays where it is while rows come
and go, and the hundredth page costs what the first does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import django_filters
import graphene
from django.db.models import QuerySet
from graphene.utils.str_converters import to_camel_case

from batteries.rows import Page
from graphql_schema.audit.fields import Boolean, Date, Int, Required, String, argument, describe, enum, field, listed
from graphql_schema.enums import Words
from graphql_schema.pages import DEFAULT_PAGE, check_size, cursor, place
from traceability.errors import refuse


class PageInfo(graphene.ObjectType):
    """Relay's page information."""

    Meta = describe("分页信息。", "Where a page stands in the whole list.")
    has_next_page = field(Required(Boolean), "后面是否还有。", "Whether more follow.")
    has_previous_page = field(Required(Boolean), "前面是否还有。", "Whether there are some before.")
    start_cursor = field(String, "本页第一个游标。", "The cursor of the first object.")
    end_cursor = field(String, "本页最后一个游标。", "The cursor of the last object.")


# Filters -------------------------------------------------------------------------------------------------------------


class Text(django_filters.CharFilter):
    """A text; an empty one is refused, for django-filter would take it for no condition at all."""

    def __init__(self, column: str, chinese: str, english: str, limit: int = 80, **more: Any) -> None:
        super().__init__(field_name=column, max_length=limit, strip=False, **more)
        self.argument = argument(String, chinese, english)
        self.expected = f"1 … {limit}"


class Day(django_filters.DateFilter):
    """A calendar day."""

    def __init__(self, column: str, chinese: str, english: str, **more: Any) -> None:
        required, name = more.pop("required", False), more.pop("name", None)
        super().__init__(field_name=column, required=required, **more)
        self.argument = argument(Required(Date) if required else Date, chinese, english, name=name)
        self.expected = "2026-03-01"


class Word(django_filters.ChoiceFilter):
    """One of an enum's words."""

    def __init__(self, column: str, words: type[Words], chinese: str, english: str, **more: Any) -> None:
        super().__init__(field_name=column, choices=[(one.value, one.name) for one in words], **more)
        self.argument = argument(enum(words), chinese, english)
        self.expected = ", ".join(one.name for one in words)


class YesNo(django_filters.BooleanFilter):
    """Yes or no."""

    def __init__(self, column: str, chinese: str, english: str, **more: Any) -> None:
        super().__init__(field_name=column, **more)
        self.argument = argument(Boolean, chinese, english)
        self.expected = "true, false"


class Filters(django_filters.FilterSet):
    """What a list may be narrowed by; its declared filters are the list's arguments."""

    @classmethod
    def arguments(cls) -> dict[str, Any]:
        """Give the arguments of a list."""
        return {name: one.argument for name, one in cls.base_filters.items()}

    @classmethod
    def read(cls, given: Mapping[str, Any], rows: Any = None, **about: Any) -> "Filters":
        """Check what was given; raises Refusal `wrong_value` with the name of the argument."""
        words = {name: value.value if isinstance(value, Words) else value for name, value in given.items()}
        asked = {name: value for name, value in words.items() if name in cls.base_filters and value is not None}
        found: Filters = cls(asked, queryset=rows)
        found.about = about
        empty = [name for name, value in asked.items() if isinstance(value, str) and not value.strip()]
        for name in (*empty, *found.form.errors):
            expected = found.filters[name].expected
            raise refuse(
                "wrong_value", (to_camel_case(name.rstrip("_")),), value=asked.get(name, ""), expected=expected
            )
        return found

    @classmethod
    def narrow(cls, rows: Any, given: Mapping[str, Any], **about: Any) -> Any:
        """Narrow rows by what was given; `about` is for filters with methods of their own (`self.about`)."""
        return cls.read(given, rows, **about).qs

    @property
    def values(self) -> dict[str, Any]:
        """What was given, checked; without what was not."""
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")}


# Pages ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and how to count all of it."""

    page: Page[Any]
    key: Callable[[Any], tuple[int, ...]]
    count: Callable[[], int] | None = None

    @property
    def edges(self) -> list[tuple[str, Any]]:
        """Each object with its cursor."""
        return [(cursor(*self.key(row)), row) for row in self.page.rows]


def size_and_place(given: Mapping[str, Any], length: int = 1) -> tuple[int, Any]:
    """Read `first` and `after`."""
    return check_size(given.get("first"), DEFAULT_PAGE), place(given.get("after"), length, "after")


def keyset(rows: QuerySet[Any], given: Mapping[str, Any], *, column: str = "pk", newest_first: bool = False) -> Listing:
    """Take a page of rows in the order of a column that is unique among them."""
    size, begin = size_and_place(given)
    ordered = rows.order_by(f"-{column}" if newest_first else column)
    if begin is not None:
        ordered = ordered.filter(**{f"{column}__{'lt' if newest_first else 'gt'}": begin[0]})
    found = list(ordered[: size + 1])
    page = Page.cut(found, size, begun=begin is not None)

    def key(row: Any) -> tuple[int, ...]:
        return (row[column] if isinstance(row, dict) else getattr(row, column),)

    return Listing(page, key, rows.count)


def nothing() -> Listing:
    """A list that is empty for this viewer."""
    return Listing(Page(()), lambda _row: (), lambda: 0)


def connection(node: Any, chinese: str, english: str, *, counted: bool = True) -> Any:
    """Make the connection and the edge of a node's type."""
    name = node._meta.name
    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {
            "Meta": describe(f"{chinese}中的一项。", f"One place in: {english}"),
            "cursor": field(Required(String), "此项的游标。", "Its cursor.", lambda edge, _info: edge[0]),
            "node": field(Required(node), "对象。", "The object.", lambda edge, _info: edge[1]),
        },
    )
    parts = {
        "Meta": describe(f"{chinese}。", english),
        "edges": field(listed(edge), "本页各项。", "The objects of this page."),
        "page_info": field(
            Required(PageInfo), "分页信息。", "Where this page stands.", lambda found, _info: _info_of(found)
        ),
    }
    if counted:
        parts["total_count"] = field(
            Required(Int),
            "总数；仅在需要时查询。",
            "How many there are in all; counted only when asked for.",
            lambda found, _info: found.count(),
        )
    return type(f"{name}Connection", (graphene.ObjectType,), parts)


def _info_of(found: Listing) -> PageInfo:
    edges = found.edges
    return PageInfo(
        has_next_page=found.page.has_next,
        has_previous_page=found.page.has_previous,
        start_cursor=edges[0][0] if edges else None,
        end_cursor=edges[-1][0] if edges else None,
    )


def pages() -> dict[str, Any]:
    """Make the arguments of every list."""
    return {
        "first": argument(
            Int, "本页最多几项，不超过 100。", "How many at most, up to 100.", default_value=DEFAULT_PAGE
        ),
        "after": argument(String, "从此游标之后开始。", "Begin after this cursor."),
    }


def list_field(
    type_: Any, filters: type[Filters] | None, chinese: str, english: str, find: Callable[..., Listing], **more: Any
) -> Any:
    """Declare a list: its pages, its filters, and how one page is found."""
    narrowing = filters.arguments() if filters else {}

    def resolve(row: Any, info: Any, **given: Any) -> Listing:
        return find(row, info, given)

    return field(Required(type_), chinese, english, resolve, **more, **narrowing, **pages())
