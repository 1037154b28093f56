"""Registering whole files: every row is checked in a staging, then what is new is recorded in chunks.

A row whose parent is new in the same file goes into that parent's `components`; any other row is a `produced` fact of
its own, with its `parent` where that was registered before. Nothing is written twice: a file that is sent again, or
whose import was killed, finds its rows registered and goes on with the rest.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from django.db import connection, transaction
from django.utils import timezone

from batteries import registration_sheets as sheets
from batteries.registration_compare import compare
from batteries.registration_families import Family, families
from batteries.registration_rows import TableReader, read_records
from batteries.registration_staging import CONFLICTING, LEVELS, NEW, REFUSED, SAME, Staging
from traceability import bulk, founding, ledger
from traceability.access import Viewer, visible_records
from traceability.ahead import ahead
from traceability.checks import roles_for
from traceability.errors import Problem, refuse
from traceability.events import batches
from traceability.ledger import OnError
from traceability.models import CodePrefix, Component, LifecycleEvent
from traceability.receipts import RECORDED, REPLAYED
from traceability.record_lines import BadRow
from traceability.shapes import CODES_LIMIT

#: Batteries a chunk, and those of which every column has to be read again by the ledger.
CHUNK: Final = 5_000
JUDGED: Final = 1_000
#: So many bad rows are given one by one; all of them are counted.
TOLD: Final = 100_000
CHECKING, COMPARING, WRITING = "checking", "comparing", "writing"
#: Called with the phase, how much of it is done, and of how much; may raise to stop.
Progress = Callable[[str, int, int], None]
#: Called in the transaction of each chunk with how many rows it makes new.
Within = Callable[[int], None]


@dataclass(slots=True)
class FileRegistration:
    """What became of a file. Every row is counted once: as new, same, conflicting or refused."""

    new: int = 0
    same: int = 0
    conflicting: int = 0
    refused: int = 0
    problems: list[BadRow] = field(default_factory=list)
    #: Problems beyond the first 100,000.
    untold: int = 0
    #: One for each manufacturer code that is another's or nobody's, at the first row that has it.
    warnings: list[BadRow] = field(default_factory=list)
    #: Whether anything was to be written: not in a dry run, nor when a rollback was needed.
    written: bool = True

    @property
    def rows(self) -> int:
        """All rows with anything on them."""
        return self.new + self.same + self.conflicting + self.refused


def register_file(
    path: Path,
    *,
    by: Viewer,
    name: str = "",
    on_error: OnError = "rollback",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileRegistration:
    """Register the batteries of a CSV, XLSX or JSON Lines file in the organisation's own name.

    Args:
        path: the file; see `registration_rows` for its columns.
        name: what its sender calls it; a name that ends in .jsonl, .ndjson or .json says what it is.
        on_error: `rollback` writes nothing unless every row is new or the same, `proceed` takes all new rows.

    Raises:
        Refusal: `role`, `no_organisation`, `encoding`, `workbook`: nothing of the file could be taken.
    """
    with FileImport(path, by=by, name=name, progress=progress) as found:
        found.check()
        return found.finish(on_error=on_error, dry_run=dry_run)


class FileImport:
    """The import of one file: `check` reads and judges all of it and writes nothing, `finish` records what is new."""

    def __init__(self, path: Path, *, by: Viewer, name: str = "", progress: Progress | None = None) -> None:
        if by.organisation_code is None:
            raise refuse("no_organisation")
        if not by.roles & roles_for("produced"):
            raise refuse("role", organisation=by.organisation_code, value="produced")
        self.path = path
        self.by = by
        self.organisation = by.organisation_code
        self.name = name or path.name
        self.today: date = timezone.localdate()
        self.staging = Staging()
        self.heard: Progress = progress or (lambda phase, done, total: None)
        self.warnings: list[BadRow] = []
        self.digest = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.staging.close()

    # Checking --------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Read every row and judge it: by itself, within the file, and by what is registered."""
        self._read()
        staging = self.staging
        if staging.unusable:
            return
        staging.index()
        for line, code in staging.repeated():
            staging.refuse(line, Problem("duplicate", (self._column("code"),), {"value": code}))
        for line, key in staging.repeated_keys():
            staging.refuse(line, Problem("key_reused", self._at("key"), {"value": key}))
        for line, code in staging.contradicted():
            staging.refuse(line, Problem("duplicate", self._at("code"), {"value": code}))
        staging.mark_tangled()
        self._compare()
        self._look_up_keys()
        self._check_parents()
        self._check_sizes()
        self._judge()
        self.warnings = self._warnings()

    def _read(self) -> None:
        found = sheets.survey(self.path, self.name)
        self.digest = found.digest
        total = found.lines

        def heard(line: int) -> None:
            self.heard(CHECKING, line, max(total, line))

        heard(0)
        self.said: Mapping[str, str] = {"code": "battery", "parent": "details.parent"}
        if found.kind == sheets.JSON_LINES:
            read_records(self.path, self.staging, self.organisation, self.digest, self.today, heard)
            return
        rows: Iterator[Any]
        rows = sheets.read_workbook(self.path) if found.kind == sheets.WORKBOOK else sheets.read_csv(self.path, found)
        reader = TableReader(self.staging, self.organisation, self.digest, self.today)
        reader.read(rows, heard, partial(sheets.read_lines, self.path, found) if found.has_row_lines else None)
        self.said = reader.said

    def _column(self, name: str) -> str:
        """What the file calls a column."""
        return self.said.get(name, name)

    def _at(self, name: str) -> tuple[str, ...]:
        return tuple(self._column(name).split("."))

    def _compare(self) -> None:
        """Sort out what is registered already, as the same or with other content."""
        self.heard(COMPARING, 0, self.staging.count)
        if self.staging.is_packed and any(self._known()):
            self.staging.unpack()
        if not self.staging.is_packed:
            for known in self._known():
                self._compare_known(known)
        self.heard(COMPARING, self.staging.count, self.staging.count)

    def _known(self) -> Iterator[set[str]]:
        """Which codes of the file anybody has spoken of before, in sets that may be empty."""
        done = 0
        for ranges in self.staging.ranges():
            # Most of a file is new from the first serial number to the last: nothing else is looked at one by one.
            for low, high in founding.taken(ranges):
                for codes in self.staging.between(low, high):
                    yield founding.known_codes(codes)
                    done += len(codes)
                    self.heard(COMPARING, done, max(self.staging.count, done))

    def _compare_known(self, known: Collection[str]) -> None:
        staging = self.staging
        if not known:
            return
        staging.mark_known(known)
        rows = {row.line: row for row in staging.rows_of(known)}
        for line, same in compare(list(rows.values()), self.by, self.digest):
            staging.mark(SAME if same else CONFLICTING, [line])
            if not same:
                staging.refuse(line, Problem("already_registered", self._at("code"), {"value": rows[line].code}))

    def _look_up_keys(self) -> None:
        """Leave to the ledger what comes under a key that this organisation used before."""
        own = f"organisation_id = {int(self.by.organisation_id or 0)}"
        for keys in self.staging.given_keys():
            if used := bulk.present(LifecycleEvent, "key", keys, own):
                self.staging.mark_used(used)

    def _check_parents(self) -> None:
        """Refuse the rows whose parent is no battery of a higher level that this organisation knows."""
        staging = self.staging
        if not staging.has_parents:
            return
        for codes in staging.outside_parents():
            staging.admit(_visible(codes, self.by))
        # Who is built into a refused one is refused as well: three levels at most.
        while wrong := staging.wrong_parents():
            for line, parent, rank, code in wrong:
                params: dict[str, Any] = {"value": parent}
                if code == "wrong_value":
                    params["expected"] = ", ".join(LEVELS[above] for above in LEVELS if above > rank) or "—"
                staging.refuse(line, Problem(code, self._at("parent"), params))

    def _judge(self) -> None:
        """Ask the ledger about what is not simply new: it would be refused there, whoever sends it."""
        if not self.staging.needs_judging():
            return
        for chunk in families(self.staging, CHUNK):
            judged = [family for family in chunk if not family.is_plain]
            for some in batches(judged, JUDGED):
                facts = [family.fact(self.organisation, self.digest) for family in some]
                receipt = ledger.record(facts, by=self.by, on_error="proceed", dry_run=True)
                for family, entry in zip(some, receipt.entries, strict=True):
                    self._refuse(family, entry.problems)
        # What says more than a part can keeps a record of its own, and may have been part of what was just refused.
        self._check_parents()

    def _refuse(self, family: Family, problems: Collection[Problem]) -> None:
        if not problems:
            return
        for problem in problems:
            rest = problem.path[1:]
            # Parts that stand on rows of their own have no place in this one.
            hidden = {"details": family.top.tree, "key": family.top.key, "battery": None}
            told = rest if rest and hidden.get(rest[0], rest) is not None else self._at("code")
            self.staging.refuse(family.top.line, replace(problem, path=told))
        values = {problem.params.get("value"): problem for problem in problems}
        for line, (code, parent, *_) in sorted(zip(family.lines[1:], family.rows.rows(), strict=True)):
            if own := values.get(code):
                self.staging.refuse(line, replace(own, path=self._at("code")))
            else:
                self.staging.refuse(line, Problem("unknown_battery", self._at("parent"), {"value": parent}))
        self.staging.mark(REFUSED, family.lines)

    def _check_sizes(self) -> None:
        """Refuse what has more parts than one record lists."""
        for code, size in self.staging.crowded(CODES_LIMIT):
            for row in self.staging.rows_of([code]):
                self.staging.refuse(row.line, Problem("too_many", (), {"value": size, "limit": CODES_LIMIT}))
                self.staging.mark(REFUSED, [row.line])
                # Its parts are no parts of anything then.
                self._check_parents()

    def _warnings(self) -> list[BadRow]:
        first = dict(self.staging.prefixes())
        owners = {}
        for batch in batches(first):
            for row in CodePrefix.objects.filter(prefix__in=batch).select_related("organisation"):
                owners[row.prefix] = row.organisation
        warnings = []
        for prefix, line in first.items():
            owner = owners.get(prefix)
            if owner is None:
                problem = Problem("unknown_manufacturer", self._at("code"), {"value": prefix})
            elif owner.id != self.by.organisation_id:
                problem = Problem("foreign_prefix", self._at("code"), {"value": prefix, "owner": owner.name})
            else:
                continue
            warnings.append(BadRow(line, problem))
        return warnings

    # Writing ---------------------------------------------------------------------------------------------------------

    @property
    def has_problems(self) -> bool:
        """Whether any row is bad so far."""
        return self.staging.bad_lines() > 0

    def will_write(self, on_error: OnError, *, dry_run: bool = False) -> bool:
        """Whether anything is to be written, after all that was found."""
        return not dry_run and not (on_error == "rollback" and self.has_problems) and not self.staging.unusable

    def finish(self, *, on_error: OnError, dry_run: bool = False, within: Within | None = None) -> FileRegistration:
        """Record what is new, chunk by chunk, and tell what became of every row.

        Raises:
            Conflict: `concurrent_change`, when others kept writing the same batteries; what was recorded stays.
        """
        writes = self.will_write(on_error, dry_run=dry_run)
        written = self._write(within or (lambda rows: None)) if writes else 0
        return self._told(written, writes)

    def _write(self, within: Within) -> int:
        total = self.staging.states().get(NEW, 0)
        written = 0
        self.heard(WRITING, 0, total)
        made = families(self.staging, CHUNK)
        # The server works in a process of its own; SQLite works in this one, and would wait for the other thread.
        chunks = ahead(made) if connection.vendor == "postgresql" else made
        # Whatever happens, that thread ends before the staging is closed under it.
        with closing(chunks):
            while chunk := self._next(chunks):
                with bulk.uncollected():
                    written += self._write_chunk(chunk, within)
                self.heard(WRITING, written, total)
        return written

    @staticmethod
    def _next(chunks: Iterator[list[Family]]) -> list[Family]:
        with bulk.uncollected():
            return next(chunks, [])

    def _write_chunk(self, chunk: list[Family], within: Within) -> int:
        plain = {family.top.code: family for family in chunk if family.is_plain}
        left = ledger.found(
            [family.new(self.digest) for family in plain.values()],
            by=self.by,
            within=lambda codes: within(sum(len(plain[code].lines) for code in codes)),
        )
        others = [family for family in chunk if not family.is_plain or family.top.code in left]
        rows = sum(len(family.lines) for code, family in plain.items() if code not in left)
        for some in batches(others, JUDGED):
            rows += self._record(some, within)
        return rows

    def _record(self, some: list[Family], within: Within) -> int:
        """Record batteries that somebody has spoken of before, one by one as the ledger judges."""
        facts = [family.fact(self.organisation, self.digest) for family in some]
        with transaction.atomic():
            receipt = ledger.record(facts, by=self.by, on_error="proceed")
            entries = list(zip(some, receipt.entries, strict=True))
            rows = sum(len(family.lines) for family, entry in entries if entry.status == RECORDED)
            within(rows)
        for family, entry in entries:
            self._refuse(family, entry.problems)
            if entry.status == REPLAYED:
                self.staging.mark(SAME, family.lines)
        return rows

    def _told(self, written: int, writes: bool) -> FileRegistration:
        states = self.staging.states()
        result = FileRegistration(warnings=self.warnings, written=writes)
        result.same, result.conflicting = states.get(SAME, 0), states.get(CONFLICTING, 0)
        result.new = written if writes else states.get(NEW, 0) if not self.staging.unusable else 0
        result.refused = self.staging.count - result.new - result.same - result.conflicting
        problems = self.staging.problems()
        result.problems = list(islice(problems, TOLD))
        result.untold = sum(1 for _ in problems)
        return result


def _visible(codes: Collection[str], by: Viewer) -> set[str]:
    """Which batteries are registered, as far as the organisation may see them."""
    found: set[str] = set()
    for batch in batches(codes):
        found |= set(visible_records(by).filter(code__in=batch).values_list("code", flat=True))
        own = Component.objects.filter(code__in=batch, since_event__organisation=by.organisation_id)
        found |= set(own.values_list("code", flat=True))
    return found
