"""What all types share: nodes with readable natural keys, pages, problems.

A node's id is `<Type>:<natural key>`: `Battery:04Q…`, `Event:<code>/<sequence>`, `Transfer:17`, `Organisation:9151…`.
"""

from collections.abc import Iterable

import strawberry

from graphql_schema.operations.describing import both, described
from graphql_schema.pages import check_size as check_size
from graphql_schema.pages import cursor as cursor
from graphql_schema.pages import place as place
from graphql_schema.pages import place_after as place_after
from graphql_schema.pages import split_id as split_id
from graphql_schema.reader import Reader
from graphql_schema.viewer import viewer_of
from traceability import errors


@strawberry.interface(
    description=both("可以用 id 再次查询的对象。", "An object that can be asked for again by its id.")
)
class Node:
    """Anything with an id."""

    id: strawberry.ID = described("全局唯一的 id：类型与自然键。", "Its id in the whole system: type and natural key.")


@strawberry.type(description=both("分页信息。", "Where a page stands in the whole list."))
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = described("后面是否还有。", "Whether more follow.")
    has_previous_page: bool = described("前面是否还有。", "Whether there are some before.")
    start_cursor: str | None = described("本页第一个游标。", "The cursor of the first object.")
    end_cursor: str | None = described("本页最后一个游标。", "The cursor of the last object.")


@strawberry.type(description=both("业务规则的拒绝或提示。", "A refusal by a rule, or a warning."))
class Problem:
    """One thing that is wrong with an input."""

    code: str = described("稳定的代码，供程序判断。", "A stable code, for programs.")
    message: str = described("以请求者语言写的说明。", "A sentence in the caller's language.")
    path: list[str] = described("问题在输入中的位置。", "Where in the input it is.")


@strawberry.type(description=both("扫码时的提示。", "Something to know about what was scanned or received."))
class Warning:  # noqa: A001
    """One remark."""

    code: str = described("稳定的代码，供程序判断。", "A stable code, for programs.")
    message: str = described("以请求者语言写的说明。", "A sentence in the caller's language.")


def problem(found: errors.Problem) -> Problem:
    """Show a domain problem to the caller."""
    return Problem(code=found.code, message=found.message, path=list(found.path))


def problems(found: Iterable[errors.Problem]) -> list[Problem]:
    """Show domain problems, in their order."""
    return [problem(one) for one in found]


def warning(found: errors.Problem) -> Warning:
    """Show a domain problem that does not stand in the way."""
    return Warning(code=found.code, message=found.message)


def reader_of(info: strawberry.Info) -> Reader:
    """The request's reader: what was loaded for one field serves the others."""
    request = info.context
    if getattr(request, "reader", None) is None:
        request.reader = Reader(viewer_of(info))
    return request.reader  # type: ignore[no-any-return]


def forget(info: strawberry.Info) -> None:
    """Drop what was loaded before a write."""
    info.context.reader = None
