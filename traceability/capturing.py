"""Capturing records: files of facts into the ledger, in chunks, with every bad line named.

`rollback` writes nothing unless every record is good: one transaction around all chunks. `proceed` commits chunk by
chunk; a capture that was killed is run again and what was recorded before is `replayed`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.utils import timezone

from traceability import ledger
from traceability.access import ALLIANCE, Viewer, viewer_for_organisation
from traceability.errors import Refusal, refuse
from traceability.facts import Fact, read_fact
from traceability.ledger import RECORDED, REFUSED, REPLAYED, OnError
from traceability.models import Organisation
from traceability.record_lines import BadRow, Row, read_rows

CHUNK: Final = 1_000
#: A chunk ends sooner when its lines are long.
CHUNK_BYTES: Final = 16 * 1024 * 1024
#: So many bad rows are told one by one; a file that is wrong from end to end must not fill the memory.
TOLD: Final = 100_000
#: Called with the offset in the file and the number of its lines, after each chunk.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class CaptureResult:
    """What became of a file of records. Counts are of records, `problems` may name one line several times."""

    recorded: int = 0
    replayed: int = 0
    refused: int = 0
    problems: list[BadRow] = field(default_factory=list)
    #: Problems beyond the first 100,000.
    untold: int = 0
    #: Whether anything was written: not in a dry run, nor when a rollback was needed.
    written: bool = True

    def tell(self, line: int, refusal: Iterable[Any]) -> None:
        """Note what is wrong with a line."""
        for problem in refusal:
            if len(self.problems) < TOLD:
                self.problems.append(BadRow(line, problem))
            else:
                self.untold += 1


def alliance(actor: str) -> Viewer | None:
    """Give the viewer that captures by default: the only organisation with the role, None in an empty system.

    Raises:
        Refusal: `several_alliances`.
    """
    found = list(Organisation.objects.filter(roles__contains=f" {ALLIANCE} ").order_by("code")[:10])
    if len(found) > 1:
        raise refuse("several_alliances", value=", ".join(row.code for row in found))
    return viewer_for_organisation(found[0], actor) if found else None


def capturing_viewer(code: str | None, actor: str) -> Viewer:
    """Give the viewer that a capture acts as: the organisation named, or the alliance.

    In an empty system that is a founder to be: an alliance that the file's own record will make (its code, if named).

    Raises:
        Refusal: `unknown_organisation`, `several_alliances`.
    """
    if code is None:
        return alliance(actor) or Viewer(None, None, frozenset({ALLIANCE}), actor)
    organisation = Organisation.objects.filter(code=code).first()
    if organisation is not None:
        return viewer_for_organisation(organisation, actor)
    if Organisation.objects.filter(roles__contains=f" {ALLIANCE} ").exists():
        raise refuse("unknown_organisation", value=code)
    return Viewer(None, code, frozenset({ALLIANCE}), actor)


def capture(
    lines: BinaryIO,
    *,
    by: Viewer,
    on_error: OnError = "rollback",
    dry_run: bool = False,
    progress: Progress | None = None,
    within: Callable[[int], None] | None = None,
) -> CaptureResult:
    """Record every record of a JSON Lines file, in its order.

    Args:
        lines: the file, read once and streamed.
        by: see `capturing_viewer`. The alliance captures history for anyone, others their own facts.
        on_error: `rollback` writes nothing unless every record is good, `proceed` takes all good ones.
        dry_run: check everything, also what depends on earlier records of the file, and write nothing.
        within: called in each transaction with how many records it adds: chunk by chunk under `proceed`, once under
            `rollback`, and not at all where nothing is written.

    Raises:
        Conflict: `concurrent_change`; under `proceed` the chunks before stay recorded.
    """
    result = CaptureResult()
    whole = dry_run or on_error == "rollback"
    outer: AbstractContextManager[Any] = transaction.atomic() if whole else nullcontext()
    with outer:
        for rows in _chunks(lines):
            by = _capture_chunk(rows, by, result, None if whole else within)
            if progress is not None:
                progress(rows[-1].end, rows[-1].line)
        if dry_run or (whole and result.refused):
            transaction.set_rollback(True)
            result.written = False
        elif whole and within is not None:
            within(result.recorded)
    return result


def _chunks(lines: BinaryIO) -> Iterator[list[Row]]:
    """Cut a file into chunks, bounded in rows and in bytes."""
    chunk: list[Row] = []
    start = 0
    for row in read_rows(lines):
        chunk.append(row)
        if len(chunk) == CHUNK or row.end - start > CHUNK_BYTES:
            yield chunk
            chunk, start = [], row.end
    if chunk:
        yield chunk


def _capture_chunk(rows: list[Row], by: Viewer, result: CaptureResult, within: Callable[[int], None] | None) -> Viewer:
    facts = list(_read(rows, result))
    by = _founder(facts, by)
    with transaction.atomic() if within else nullcontext():
        receipt = ledger.record(facts, by=by, on_error="proceed")
        if within is not None:
            within(receipt.count(RECORDED))
    result.recorded += receipt.count(RECORDED)
    result.replayed += receipt.count(REPLAYED)
    result.refused += receipt.count(REFUSED)
    for entry in receipt.entries:
        if entry.problems:
            line, *_ = entry.fact.path
            result.tell(int(line), (replace(problem, path=problem.path[1:]) for problem in entry.problems))
    return _once_founded(by)


def _read(rows: Iterable[Row], result: CaptureResult) -> Iterator[Fact]:
    today = timezone.localdate()
    for row in rows:
        if row.problem is not None:
            result.refused += 1
            result.tell(row.line, (row.problem,))
            continue
        try:
            yield replace(read_fact(row.given, today=today), path=(str(row.line),))
        except Refusal as refusal:
            result.refused += 1
            result.tell(row.line, refusal.problems)


def _founder(facts: Iterable[Fact], by: Viewer) -> Viewer:
    """Where nobody captures yet: the first organisation that states itself to be the alliance."""
    if by.organisation_id is not None or by.organisation_code is not None:
        return by
    for fact in facts:
        own = fact.type == "organisation" and fact.organisation == fact.details["code"]
        if own and ALLIANCE in fact.details.get("roles", ()):
            return replace(by, organisation_code=fact.organisation)
    return by


def _once_founded(by: Viewer) -> Viewer:
    """Go on as the organisation that the chunk founded, if it did."""
    if by.organisation_id is not None or by.organisation_code is None:
        return by
    organisation = Organisation.objects.filter(code=by.organisation_code).first()
    return viewer_for_organisation(organisation, by.actor) if organisation else by
