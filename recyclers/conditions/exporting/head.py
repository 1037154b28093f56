"""What a report is about and says as a whole: name and value, in the reader's words."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from recyclers.conditions.evaluation import Report
from recyclers.conditions.telling import digest_of
from recyclers.conditions.wording import VERDICTS, name_of_text
from traceability.models import Organisation

BOUNDARIES: Final[dict[str, Promise]] = {
    "company": _("the company as a whole"),
    "site": _("each site by itself; the worst decides"),
}
AVERAGINGS: Final[dict[str, Promise]] = {
    "period": _("over the whole period"),
    "month": _("over each month; the worst decides"),
    "batch": _("for each batch; the worst decides"),
}


def head_of(report: Report) -> Iterator[tuple[str, str | date | Decimal]]:
    """Give the head of a report, from the company to the digests."""
    terms = report.terms
    yield gettext("company"), company_name(report.recycler)
    yield gettext("code"), report.recycler
    yield gettext("period from"), report.first
    yield gettext("period until"), report.last
    yield gettext("as of"), report.as_of
    yield gettext("verdict"), f"{VERDICTS[report.verdict]} ({report.verdict})"
    for judged in report.parts:
        part = judged.part
        days = f"{part.first} – {part.last}"
        yield f"{gettext('edition')} {part.text}", f"{name_of_text(part.text)}, {days}: {VERDICTS[judged.verdict]}"
    yield gettext("boundary"), str(BOUNDARIES[terms.boundary])
    yield gettext("averaging"), str(AVERAGINGS[terms.averaging])
    yield gettext("tolerance of the balance, %"), terms.tolerance.normalize() + 0
    yield gettext("provisional clauses decide"), gettext("yes") if terms.provisional else gettext("no")
    yield gettext("digest of the law (SHA-256)"), report.digest
    yield gettext("SHA-256 of the JSON form"), digest_of(report)


def company_name(code: str) -> str:
    """Give a company's name in the reader's language, as far as it has one."""
    row = Organisation.objects.filter(code=code).first()
    if row is None:
        return code
    return row.name_en if row.name_en and (get_language() or "").startswith("en") else row.name
