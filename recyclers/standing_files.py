"""Importing files of listings and permits: every row becomes a statement of the alliance, made when the file came.

The files are small. One is read whole, compared with what is registered, and recorded in one transaction: all of it or
nothing, also when its worker dies. What its rows say is judged by the ledger, as any other fact.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from batteries import registration_sheets as sheets
from recyclers.models import Listing, Permit
from recyclers.standing_rows import TABLES, Read, Statements
from recyclers.statements import listing_columns, permit_columns
from traceability import bulk, ledger
from traceability.access import Viewer
from traceability.checks import roles_for
from traceability.errors import refuse
from traceability.events import batches
from traceability.facts import Fact
from traceability.ledger import OnError
from traceability.models import LifecycleEvent
from traceability.receipts import RECORDED
from traceability.record_lines import BadRow

CHECKING, RECORDING = "checking", "recording"
#: Called with the phase, how much of it is done, and of how much; may raise to stop.
Progress = Callable[[str, int, int], None]
#: Called in the transaction with how many rows it makes new.
Within = Callable[[int], None]
_ROWS: Final[dict[str, tuple[Any, Callable[[Any], dict[str, Any]]]]] = {
    "listing": (Listing, listing_columns),
    "permit": (Permit, permit_columns),
}


@dataclass(slots=True)
class FileStanding:
    """What became of a file. Every row is counted once: as new, same or refused."""

    new: int = 0
    same: int = 0
    refused: int = 0
    problems: list[BadRow] = field(default_factory=list)
    #: Whether anything was to be written: not in a dry run, nor when a rollback was needed.
    written: bool = True

    @property
    def rows(self) -> int:
        """All rows with anything on them."""
        return self.new + self.same + self.refused


class StandingImport:
    """The import of one file: `check` reads all of it and writes nothing, `finish` records what is new."""

    def __init__(
        self,
        path: Path,
        *,
        kind: str,
        by: Viewer,
        at: datetime | None = None,
        name: str = "",
        progress: Progress | None = None,
    ) -> None:
        """Take the file.

        Args:
            kind: `listings` or `permits`.
            at: when the alliance made these statements: when the file came.

        Raises:
            Refusal: `no_organisation`, `role`.
        """
        self.table = TABLES[kind]
        if by.organisation_code is None or by.organisation_id is None:
            raise refuse("no_organisation")
        if not by.roles & roles_for(self.table.type):
            raise refuse("role", organisation=by.organisation_code, value=self.table.type)
        self.path = path
        self.by = by
        self.organisation: str = by.organisation_code
        self.at = at or timezone.now()
        self.name = name or path.name
        self.heard: Progress = progress or (lambda phase, done, total: None)
        self.read = Read()
        self.new: dict[int, Fact] = {}

    def check(self) -> None:
        """Read every row, and tell what is new from what is registered.

        Raises:
            Refusal: `encoding`, `workbook`, `wrong_value`, `too_many`: nothing of the file could be taken.
        """
        found = sheets.survey(self.path, self.name)
        if found.kind == sheets.JSON_LINES:
            raise refuse("wrong_value", ("file",), value=self.name, expected="CSV, XLSX")
        rows = sheets.read_workbook(self.path) if found.kind == sheets.WORKBOOK else sheets.read_csv(self.path, found)
        reader = Statements(self.table, self.organisation, found.digest, self.at, timezone.localdate())
        self.heard(CHECKING, 0, found.lines)
        self.read = reader.read(rows, lambda line: self.heard(CHECKING, line, max(line, found.lines)))
        self.heard(CHECKING, found.lines, found.lines)
        self.new = self._unknown(self.read.facts)

    def _unknown(self, facts: dict[int, Fact]) -> dict[int, Fact]:
        """Leave out what this file has said before, and what is registered in the same words."""
        model, columns = _ROWS[self.table.type]
        own = f"organisation_id = {int(self.by.organisation_id or 0)}"
        keys = bulk.present(LifecycleEvent, "key", [fact.key for fact in facts.values()], own) if facts else set()
        names = columns({self.table.word: ""}).keys()
        stated = set()
        for codes in batches({fact.code for fact in facts.values()}):
            rows = model.objects.filter(superseded_by_ms=None, organisation__code__in=codes)
            stated |= set(rows.values_list("organisation__code", *names))
        return {
            line: fact
            for line, fact in facts.items()
            if fact.key not in keys and (fact.code, *columns(fact.details).values()) not in stated
        }

    def will_write(self, on_error: OnError, *, dry_run: bool = False) -> bool:
        """Whether anything is to be written, as far as it was checked."""
        return not dry_run and not (on_error == "rollback" and self.read.problems) and not self.read.unusable

    def finish(self, *, on_error: OnError, dry_run: bool = False, within: Within | None = None) -> FileStanding:
        """Record what is new in one transaction, and tell what became of every row.

        Raises:
            Conflict: `concurrent_change`, when others kept writing about the same companies; nothing was recorded.
        """
        self.heard(RECORDING, 0, len(self.new))
        written = self.will_write(on_error, dry_run=dry_run)
        result = FileStanding(same=len(self.read.facts) - len(self.new))
        with transaction.atomic():
            # Also where nothing is to be written the ledger says what it would refuse.
            receipt = ledger.record(list(self.new.values()), by=self.by, on_error="proceed", dry_run=not written)
            for entry in receipt.entries:
                told = [replace(problem, path=problem.path[1:]) for problem in entry.problems]
                self.read.refuse(int(entry.fact.path[0]), *told)
            result.new = receipt.count(RECORDED)
            if written and not self.will_write(on_error):
                transaction.set_rollback(True)
                written = False
            if written and within is not None:
                within(result.new)
        result.refused = self.read.rows - result.new - result.same
        result.problems = sorted(self.read.problems, key=lambda bad: bad.line)
        result.written = written
        return result


def import_standing(
    path: Path,
    *,
    kind: str,
    by: Viewer,
    on_error: OnError = "rollback",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileStanding:
    """Record the listings or permits of a CSV or XLSX file, stated by the alliance now.

    Raises:
        Refusal: see `StandingImport`.
    """
    found = StandingImport(path, kind=kind, by=by, progress=progress)
    found.check()
    return found.finish(on_error=on_error, dry_run=dry_run)
