"""The audit report: what one run found, on paper, so that others can check it and somebody can sign it."""

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any, BinaryIO, Final

from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from reportlab.platypus import KeepTogether, Spacer

from traceability import law
from traceability.access import ALLIANCE, Viewer
from traceability.audit import kept
from traceability.audit.calendar import day_of
from traceability.audit.reading import Figures, completeness, last_run
from traceability.errors import refuse
from traceability.models import AuditRun, Organisation
from web.audit_report import paper
from web.audit_report.words import ENGLISH, Words
from web.views import project_version

EVERYTHING: Final = Viewer(roles=frozenset({ALLIANCE}), actor="command")
_ZONE: Final = timezone(timedelta(hours=8))
_COUNTS: Final = ("batteries", "complete", "open", "flawed", "broken")
_WIDTHS: Final = (30, 36.5, 15.5, 16, *(13.5,) * 3, 17, 18.5)


def write_report(
    run: AuditRun,
    file: BinaryIO,
    language: str | None = None,
    *,
    viewer: Viewer = EVERYTHING,
    address: str | None = None,
) -> None:
    """Write the report of a run as PDF, as far as the viewer sees it; Chinese unless the language is English.

    Args:
        address: what the QR symbol leads to, by default the run under `LABEL_HOST`.

    Raises:
        Refusal: `not_found` for an organisation's report of a run that is not the last: its figures are not kept.
    """
    if not viewer.is_alliance and run != last_run():
        raise refuse("not_found", ("run",), value=run.public_id)
    words = Words(language)
    contents = _Contents(run, viewer, words, address or address_of("audit-run", run.public_id))
    day = words("as_of") + " " + day_of(run.as_of).isoformat()
    footer = f"{words('report')} · {words('run')} {run.public_id} · {day}"
    paper.write(contents.story, file, title=words("report"), footer=footer, page_of=words("page"))


def address_of(name: str, *args: str) -> str:
    """An address on this host, as it can be typed from paper."""
    return f"https://{settings.LABEL_HOST.lower()}{reverse(name, args=args)}"


class _Contents:
    """What stands in a report: read once, laid out twice."""

    def __init__(self, run: AuditRun, viewer: Viewer, words: Words, address: str) -> None:
        self.run, self.viewer, self.words, self.address = run, viewer, words, address
        self.regions = completeness(viewer, "region", run=run)
        self.holders = completeness(viewer, "organisation", run=run)
        gaps = kept.standing_gaps(run, viewer)
        self.digest, self.count = kept.digest_of(gaps)
        counted = gaps.order_by().values("code", "severity", "clause")
        self.gaps = list(
            counted.annotate(count=Count("id"), batteries=Count("record", distinct=True)).order_by("code", "clause")
        )

    def story(self) -> list[Any]:
        """The report from top to bottom."""
        words = self.words
        head = [paper.text(words("report"), paper.TITLE), paper.facts(self._facts(), paper.WIDTH - paper.SYMBOL)]
        names = [words(name) for name in ("auditor", "reviewer", "seal")]
        return [
            paper.beside(head, paper.symbol(self.address)),
            paper.facts(self._digests(), paper.WIDTH),
            Spacer(0, 6),
            paper.text(words("check"), paper.SMALL),
            paper.text(self.address, paper.SMALL),
            *self._figures("summary", [self._total()] if self.regions else [], "nowhere"),
            paper.text(words("rates"), paper.SMALL),
            *self._figures("regions", self.regions, "nowhere"),
            *self._figures("organisations", self.holders, "nobody"),
            *self._codes(),
            KeepTogether([paper.text(words("sign"), paper.SECTION), paper.signatures(names, words("date"))]),
        ]

    def _facts(self) -> list[tuple[str, Any]]:
        run, words = self.run, self.words
        finished = (run.finished_at or run.started_at).astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S +08:00")
        return [
            (words("run"), run.public_id),
            (words("scope"), self._scope()),
            (words("as_of"), words("day", day=day_of(run.as_of).isoformat())),
            (words("data"), words("data_at", time=finished, event=run.seen_event)),
            (words("version"), f"{project_version()} · {words('engine')} {run.engine}"),
        ]

    def _scope(self) -> str:
        if not self.viewer.is_alliance:
            own = Organisation.objects.filter(code=self.viewer.organisation_code or "").first()
            return self.words("own", name=str(own or ""))
        return self.words("touched" if self.run.scope == AuditRun.Scope.TOUCHED else "all")

    def _digests(self) -> list[tuple[str, Any]]:
        terms = {name: value for name, value in self.run.parameters.items() if name not in ("law", "rules")}
        return [
            (self.words("parameters"), " · ".join(f"{name} = {value}" for name, value in sorted(terms.items()))),
            (self.words("law"), self.run.parameters.get("law", "")),
            (self.words("digest"), self.digest),
            (self.words("count"), f"{self.count:,}"),
        ]

    def _total(self) -> Figures:
        sums = (sum(getattr(row, name) for row in self.regions) for name in (*_COUNTS, "facts", "on_time"))
        return Figures("*", self._scope(), *sums)

    def _figures(self, section: str, rows: Sequence[Figures], empty: str) -> list[Any]:
        words = self.words
        heads = [words("name"), words("code"), *map(words, _COUNTS)]
        heads += [words("completeness"), words("on_time")]
        cells = [
            (
                row.label if row.key else words(empty),
                "" if row.key in ("*", row.label) else row.key,
                *(getattr(row, name) for name in _COUNTS),
                row.completeness,
                row.on_time_share,
            )
            for row in rows
        ]
        shown = paper.grid(heads, _WIDTHS, cells) if cells else paper.text(words("no_figures"))
        return [paper.text(words(section), paper.SECTION), shown]

    def _codes(self) -> list[Any]:
        words = self.words
        heads = [words(name) for name in ("gap", "code", "severity", "clause", "count", "batteries")]
        rows = [
            (
                words.gap(row["code"]),
                row["code"],
                words(row["severity"]),
                self._clause(row["clause"]),
                row["count"],
                row["batteries"],
            )
            for row in self.gaps
        ]
        shown = paper.grid(heads, (28, 40, 18, 56, 16, 16), rows) if rows else paper.text(words("none"))
        return [paper.text(words("codes"), paper.SECTION), shown]

    def _clause(self, key: str) -> str | tuple[str, str]:
        if not key:
            return ""
        clause = law.clause_in_force(key, day_of(self.run.as_of))
        clause = clause or next((each for each in law.book().clauses if each.key == key), None)
        title = clause and (clause.title_en if self.words.language == ENGLISH else clause.title_zh)
        return (title, key) if title else key
