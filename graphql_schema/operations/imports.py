"""Files that were sent to be worked off: how far each is, and what is wrong with their rows."""

import datetime as dt
from typing import Annotated, Final

import strawberry

from batteries.rows import Page
from graphql_schema.enums import ImportKind, ImportPhase, ImportStatus
from graphql_schema.operations.batteries import After, First
from graphql_schema.operations.chains import page_info
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import (
    Node,
    PageInfo,
    Problem,
    check_size,
    cursor,
    place,
    problem,
    reader_of,
)
from graphql_schema.operations.organisations import Organisation, organisation
from traceability import jobs, stored_problems
from traceability.models import ImportJob as Row
from traceability.record_lines import BadRow

PAGE: Final = 100


@strawberry.type(description=both("文件中一行的一个错误。", "One thing that is wrong with one row of a file."))
class RowError:
    """A bad row."""

    line: int = described("行号，自 1 起。", "Its line, from 1 on.")
    column: str = described(
        "列名，或记录中的路径；整行有误时为空。",
        "The column as the file calls it, or the path into the record; empty for the whole row.",
    )
    value: str = described("所填的值，至多 200 个字符。", "What stands there, at most 200 characters.")
    code: str = described("稳定的代码，供程序判断。", "A stable code, for programs.")
    message: str = described("以请求者语言写的说明。", "A sentence in the caller's language.")


@strawberry.type(description=both("行错误列表中的一项。", "One place in a list of bad rows."))
class RowErrorEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: RowError = described("行错误。", "The bad row.")


@strawberry.type(description=both("行错误列表，按行号。", "A list of bad rows, by line."))
class RowErrorConnection:
    """A connection."""

    edges: list[RowErrorEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


@strawberry.type(
    description=both(
        "后台处理的文件：以 POST /files/registrations/、/files/records/、/files/listings/ 或 /files/permits/ 上传。",
        "A file worked off in the background, sent by POST to /files/registrations/, …/records/, …/listings/ or"
        " …/permits/.",
    )
)
class ImportJob(Node):
    """A job."""

    row: strawberry.Private[Row]
    kind: ImportKind = described("文件的内容。", "What the file holds.")
    name: str = described("发送者的文件名。", "The file's name, as its sender calls it.")
    status: ImportStatus = described("状态。", "Its state.")
    phase: ImportPhase | None = described("正在进行的阶段。", "What is being done.")
    progress: float = described("本阶段完成的比例，0 至 1。", "How much of the phase is done, 0 to 1.")
    seconds_left: int | None = described(
        "本阶段预计剩余秒数。", "How many seconds the phase may still take, by how long it took so far."
    )
    dry_run: bool = described("是否只检查而不写入。", "Whether it only checks and writes nothing.")
    rows_total: int | None = described("总行数；读完之前为空。", "All rows; null before they have been read.")
    rows_accepted: int = described(
        "正确的行数：已登记（未写入时为可登记）与内容相同的。",
        "Good rows: recorded (or, where nothing was written, fit to be), or there already.",
    )
    rows_rejected: int = described(
        "被拒绝与内容冲突的行数。", "Rows that were refused or contradict what is registered."
    )
    rows_new: int = described(
        "新登记的行数；未写入时为可登记的行数。",
        "Rows that made something new, or would have where nothing was written.",
    )
    rows_same: int = described("此前已登记且内容相同的行数。", "Rows that say what was recorded before.")
    rows_conflicting: int = described("与已登记内容冲突的行数。", "Rows that contradict what is registered.")
    rows_refused: int = described("有错误的行数。", "Rows that are wrong.")
    problem: Problem | None = described("整个文件无法处理的原因。", "Why the file as a whole could not be worked off.")
    created_at: dt.datetime = described("收到文件的时间。", "When the file was received.")
    finished_at: dt.datetime | None = described("处理结束的时间。", "When it ended.")

    @resolved("发送单位。", "Whose file it is.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(self.row.organisation)

    @resolved("各行的错误。", "What is wrong with its rows.")
    def row_errors(self, info: strawberry.Info, first: First = PAGE, after: After = None) -> RowErrorConnection:
        size, begin = check_size(first, PAGE), place(after, 2, "after")
        rows = self.row.row_errors.order_by("line", "id")
        if begin is not None:
            rows = rows.filter(line__gte=begin[0]).exclude(line=begin[0], id__lte=begin[1])
        found = list(rows[: size + 1])
        page = Page.cut(found, size, begun=begin is not None)
        edges = [
            RowErrorEdge(
                cursor=cursor(row.line, row.pk),
                node=_row_error(BadRow(row.line, stored_problems.read(row.code, row.path, row.params))),
            )
            for row in page.rows
        ]
        return RowErrorConnection(edges=edges, page_info=page_info(edges, page))


def _row_error(bad: BadRow) -> RowError:
    return RowError(
        line=bad.line,
        column=bad.column,
        value=bad.problem.value,
        code=bad.problem.code,
        message=bad.problem.message,
    )


def job(row: Row) -> ImportJob:
    """Show a job's row."""
    failed = jobs.problem_of(row)
    return ImportJob(
        row=row,
        id=strawberry.ID(f"ImportJob:{row.public_id}"),
        kind=ImportKind.of(row.kind),
        name=row.name,
        status=ImportStatus.of(row.status),
        phase=ImportPhase.maybe(row.phase),
        progress=jobs.progress_of(row),
        seconds_left=jobs.seconds_left(row),
        dry_run=row.dry_run,
        rows_total=row.rows,
        rows_accepted=row.new + row.same,
        rows_rejected=row.conflicting + row.refused,
        rows_new=row.new,
        rows_same=row.same,
        rows_conflicting=row.conflicting,
        rows_refused=row.refused,
        problem=problem(failed) if failed else None,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def job_by_id(info: strawberry.Info, id_: str) -> ImportJob | None:
    """Give a job of the own organisation (any, for the alliance) by its node id, or by the id that an upload gave."""
    found = jobs.find(reader_of(info).viewer, id_.removeprefix("ImportJob:"))
    return job(found) if found else None


@strawberry.type(description=both("任务列表中的一项。", "One place in a list of jobs."))
class ImportJobEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: ImportJob = described("任务。", "The job.")


@strawberry.type(description=both("任务列表，新的在前。", "A list of jobs, newest first."))
class ImportJobConnection:
    """A connection."""

    edges: list[ImportJobEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


def job_page(info: strawberry.Info, first: int | None, after: str | None) -> ImportJobConnection:
    """Give a page of the jobs that the viewer may see."""
    size, begin = check_size(first, PAGE), place(after, 1, "after")
    rows = jobs.visible(reader_of(info).viewer).order_by("-id")
    found = list((rows.filter(id__lt=begin[0]) if begin else rows)[: size + 1])
    page = Page.cut(found, size, begun=begin is not None)
    reader_of(info).parties.meet(row.organisation for row in page.rows)
    edges = [ImportJobEdge(cursor=cursor(row.pk), node=job(row)) for row in page.rows]
    return ImportJobConnection(edges=edges, page_info=page_info(edges, page))


JobId = Annotated[strawberry.ID, argument("任务的 id，上传时得到。", "Its id, as the upload answered.")]
