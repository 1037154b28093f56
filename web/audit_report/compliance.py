"""The compliance report on paper: a company clause by clause, with what it takes to check it and to sign it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

from recyclers.conditions.evaluation import Report
from recyclers.conditions.exporting.head import AVERAGINGS, BOUNDARIES, company_name
from recyclers.conditions.judging import FAIL, IMPLAUSIBLE, NO_EVIDENCE, PASS, Judged, JudgedPart
from recyclers.conditions.telling import digest_of, plain
from recyclers.conditions.wording import CERTAINTIES, VERDICTS, limit_of, name_of_text, text_of, title_of
from traceability.law.vocabulary import PROVISIONAL
from web.audit_report import paper
from web.audit_report.compliance_evidence import summary
from web.audit_report.compliance_words import numbering, words_of
from web.audit_report.words import ENGLISH, Words
from web.views import project_version

MEDIA_TYPE: Final = "application/pdf"
#: Millimetres: clause, limit, figure, verdict, certainty, evidence.
_WIDTHS: Final = (48, 22, 17, 20, 19, 48)
#: Verdicts whose clauses are named in the conclusion.
_TOLD: Final = (FAIL, IMPLAUSIBLE, NO_EVIDENCE)
_SECTION: Final = ParagraphStyle("part", parent=paper.SECTION, keepWithNext=0)
_HEADING: Final = ParagraphStyle("heading", parent=paper.TEXT, spaceBefore=2 * mm, spaceAfter=1 * mm)
#: What is left of a page for a table to begin on it.
_ROOM: Final = 45 * mm
#: How the verdict itself is printed.
_STYLES: Final = {
    verdict: ParagraphStyle(f"verdict-{verdict}", parent=paper.TITLE, textColor=HexColor(f"#{colour}"))
    for verdict, colour in ((PASS, "0A6C4A"), (FAIL, "B3261E"), (NO_EVIDENCE, "8A5A00"))
}
#: The name of the address at which an evaluation is shown.
PAGE: Final = "compliance-page"


def write_compliance(
    report: Report, file: BinaryIO, language: str | None = None, *, address: str | None = None
) -> None:
    """Write a report as PDF; Chinese unless the language is English. The same report gives the same bytes.

    Args:
        address: what the QR symbol leads to, by default the page of this evaluation under `LABEL_HOST`.
    """
    words = words_of(language)
    address = address or f"https://{settings.LABEL_HOST.lower()}{page_of(report)}"
    with translation.override(words.language):
        contents = _Contents(report, words, address)
        footer = f"{words('report')} · {report.recycler} · {words('as_of')} {report.as_of}"
        paper.write(contents.story, file, title=words("report"), footer=footer, page_of=words("page"))


def question_of(report: Report) -> str:
    """Give what asks for this very evaluation again, as the query of an address: nothing is left to defaults."""
    asked = {
        "from": report.first,
        "until": report.last,
        "asOf": report.as_of,
        "edition": report.text,
        "boundary": report.terms.boundary,
        "averaging": report.terms.averaging,
        "provisional": "true" if report.terms.provisional else None,
    }
    return urlencode([(name, str(value)) for name, value in asked.items() if value is not None])


def page_of(report: Report) -> str:
    """Give the path of the page on which this very evaluation is shown."""
    return f"{reverse(PAGE, args=[report.recycler])}?{question_of(report)}"


class _Contents:
    """What stands in a report: read once, laid out twice."""

    def __init__(self, report: Report, words: Words, address: str) -> None:
        self.report, self.words, self.address = report, words, address
        self.company, self.digest = company_name(report.recycler), digest_of(report)
        self._comma, self._semicolon = (", ", "; ") if words.language == ENGLISH else ("，", "；")
        self.not_over = report.as_of >= timezone.localdate()

    def story(self) -> list[Any]:
        """The report from top to bottom."""
        words, numbered = self.words, numbering(self.words)
        head = [paper.text(words("report"), paper.TITLE), paper.facts(self._facts(), paper.WIDTH - paper.SYMBOL)]
        names = [words(name) for name in ("auditor", "reviewer", "seal")]
        sections = [numbered(words("conclusion")), *(numbered(self._part_title(part)) for part in self.report.parts)]
        sign = numbered(words("sign"))
        return [
            paper.beside(head, paper.symbol(self.address)),
            paper.facts(self._digests(), paper.WIDTH),
            Spacer(0, 6),
            *([paper.text(words("not_over"), paper.SMALL)] if self.not_over else []),
            paper.text(words("check"), paper.SMALL),
            paper.text(self.address, paper.SMALL),
            paper.text(sections[0], paper.SECTION),
            *self._conclusion(),
            *(
                piece
                for title, part in zip(sections[1:], self.report.parts, strict=True)
                for piece in self._part(title, part)
            ),
            KeepTogether([paper.text(sign, paper.SECTION), paper.signatures(names, words("date"))]),
        ]

    # The head --------------------------------------------------------------------------------------------------------

    def _facts(self) -> list[tuple[str, Any]]:
        report, words = self.report, self.words
        texts: list[Any] = [
            (name_of_text(one.part.text), words("days", first=one.part.first, last=one.part.last))
            for one in report.parts
        ] or [words("no_text")]
        return [
            (words("company"), (self.company, report.recycler)),
            (words("period"), words("whole_days", first=report.first, last=report.last)),
            (words("as_of"), words("known", day=report.as_of)),
            *((words("text") if not at else "", text) for at, text in enumerate(texts)),
        ]

    def _digests(self) -> list[tuple[str, Any]]:
        report, words = self.report, self.words
        terms = report.terms
        return [
            (words("boundary"), str(BOUNDARIES[terms.boundary])),
            (words("averaging"), str(AVERAGINGS[terms.averaging])),
            (words("tolerance"), f"{plain(terms.tolerance.normalize())} %"),
            (words("provisional"), words("provisional_in" if terms.provisional else "provisional_out")),
            (words("version"), project_version()),
            (words("law"), report.digest),
            (words("json"), self.digest),
        ]

    # In words --------------------------------------------------------------------------------------------------------

    def _conclusion(self) -> Iterator[Any]:
        report, words = self.report, self.words
        verdict = str(VERDICTS[report.verdict])
        yield paper.text(verdict, _STYLES.get(report.verdict, paper.TITLE))
        yield paper.text(
            words(
                "judged",
                company=self.company,
                first=report.first,
                last=report.last,
                day=report.as_of,
                verdict=verdict,
            )
        )
        if not report.parts:
            yield paper.text(words("no_text"))
            return
        deciding = [one for part in report.parts for one in part.clauses if one.decides]
        yield paper.text(self._counted(deciding))
        for verdict in _TOLD:
            if those := [self._named(one) for one in deciding if one.verdict == verdict]:
                yield paper.text(words("those", verdict=VERDICTS[verdict], clauses=self._semicolon.join(those)))
        yield paper.text(words("all_count" if report.terms.provisional else "shown_only"))
        yield paper.text(words("rule"), paper.SMALL)

    def _counted(self, deciding: Sequence[Judged]) -> str:
        counts = Counter(one.verdict for one in deciding)
        told = self._comma.join(f"{said} {counts[verdict]}" for verdict, said in VERDICTS.items() if counts[verdict])
        return self.words("counted", count=len(deciding), verdicts=told)

    def _named(self, one: Judged) -> str:
        limit = limit_of(one.clause) if one.clause else ""
        if one.measured is None:
            return self.words("asked_only", title=title_of(one), limit=limit)
        unit = one.clause.unit if one.clause and one.clause.unit != "count" else ""
        return self.words("asked_for", title=title_of(one), figure=f"{plain(one.measured)} {unit}".strip(), limit=limit)

    # Clauses ---------------------------------------------------------------------------------------------------------

    def _part_title(self, judged: JudgedPart) -> str:
        part = judged.part
        return self.words(
            "part",
            text=name_of_text(part.text),
            first=part.first,
            last=part.last,
            verdict=VERDICTS[judged.verdict],
        )

    def _part(self, title: str, judged: JudgedPart) -> Iterator[Any]:
        words = self.words
        deciding = [one for one in judged.clauses if one.decides]
        others = [one for one in judged.clauses if one.clause is not None and not one.decides]
        absent = [title_of(one) for one in judged.clauses if one.clause is None]
        # A table goes on over pages: kept with its titles, it would leave the rest of a page empty.
        yield CondPageBreak(_ROOM)
        yield paper.text(title, _SECTION)
        yield paper.text(words("deciding"), _HEADING)
        yield self._grid(deciding) if deciding else paper.text(words("no_clauses"))
        if others:
            yield CondPageBreak(_ROOM)
            yield paper.text(words("others"), _HEADING)
            yield self._grid(others)
        if absent:
            yield Spacer(0, 4)
            yield paper.text(words("absent", clauses=self._semicolon.join(absent)), paper.SMALL)

    def _grid(self, clauses: Sequence[Judged]) -> Any:
        heads = [self.words(name) for name in ("clause", "limit", "measured", "verdict", "certainty", "detail")]
        return paper.grid(heads, _WIDTHS, [self._row(one) for one in clauses])

    def _row(self, one: Judged) -> tuple[Any, ...]:
        clause = one.clause
        assert clause is not None
        verdict, certainty = str(VERDICTS[one.verdict]), str(CERTAINTIES[clause.certainty])
        lines = summary(one, self.words)
        return (
            (title_of(one), text_of(one), one.key),
            limit_of(clause),
            one.measured,
            verdict if one.decides else (verdict, self.words("undecided")),
            (certainty, self.words("counts")) if one.decides and clause.certainty == PROVISIONAL else certainty,
            lines,
        )
