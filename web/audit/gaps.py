"""Gaps: the list behind every figure, and each gap with its evidence, its clause, and what people say of it."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from traceability import law
from traceability.access import Viewer
from traceability.audit.answering import answer, answers_of
from traceability.audit.calendar import day_of, number_of
from traceability.audit.reading import open_gaps, visible_gaps
from traceability.audit.telling import evidence_told, key_told, parties_in
from traceability.audit.wording import WORDS, name_of, sentence
from traceability.errors import Refusal
from traceability.law import Clause
from traceability.models import Gap, LifecycleEvent, LifecycleRecord, Step
from web.audit.looking import looked_at
from web.battery.timeline import anchor_of
from web.names import Party, names_of, parties_of
from web.partial import place_in, wants_part
from web.places import address_of
from web.words import EVIDENCE, evidence_in_words

#: Gaps on one page.
SIZE: Final = 50
#: What an address asks for where nobody answers, or where nobody said in which region.
NOBODY: Final = "-"
_ANY: Final = ("", _("any"))
SEVERITIES: Final = {"break": _("breaks the chain"), "flaw": _("flaw")}
STATUSES: Final = {
    "open": pgettext_lazy("status of a gap", "open"),
    "explained": _("explained"),
    "accepted": _("accepted by the alliance"),
    "closed": _("closed by a later record"),
}


class Narrowing(forms.Form):
    """What gaps may be narrowed by; the address holds it."""

    code = forms.ChoiceField(label=_("kind"), required=False)
    severity = forms.ChoiceField(label=_("severity"), choices=[_ANY, *SEVERITIES.items()], required=False)
    status = forms.ChoiceField(label=_("status"), choices=[_ANY, *STATUSES.items()], required=False)
    organisation = forms.CharField(label=_("organisation (code)"), max_length=18, required=False)
    region = forms.CharField(label=_("region"), max_length=6, required=False)
    since = forms.DateField(
        label=_("since, not before"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("since, not after"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    battery = forms.CharField(label=_("battery, batch or lot (code)"), max_length=80, required=False)
    found_in = forms.CharField(label=_("found by run"), max_length=32, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [_ANY, *((code, name_of(code)) for code in WORDS)]

    def narrow(self, viewer: Viewer) -> QuerySet[Gap]:
        """The gaps that are asked for, closed ones only where they are."""
        given = self.cleaned_data
        rows = visible_gaps(viewer).exclude(closed_in=None) if given.get("status") == "closed" else open_gaps(viewer)
        asked: dict[str, Any] = {
            "code": given.get("code"),
            "severity": given.get("severity"),
            "status": given.get("status") if given.get("status") != "closed" else None,
            "opened_in__public_id": given.get("found_in"),
            "since_day__gte": given.get("since") and number_of(given["since"]),
            "since_day__lte": given.get("until") and number_of(given["until"]),
        }
        if code := given.get("battery", "").strip():
            battery = Q(kind=LifecycleRecord.Kind.BATTERY, code=code.upper())
            named = LifecycleRecord.objects.filter(battery | Q(code=code))
            ids = {id_ for pair in named.values_list("id", "chain_id") for id_ in pair if id_ is not None}
            asked["record__in"] = ids
        rows = rows.filter(**{name: value for name, value in asked.items() if value not in (None, "")})
        return rows.filter(_answered_by(given.get("organisation", ""), given.get("region", "")))


def _answered_by(organisation: str, region: str) -> Q:
    """The gaps that an organisation, and a region, answers for."""
    found = Q()
    if organisation:
        found &= Q(organisation=None) if organisation == NOBODY else Q(organisation__code=organisation)
    if region == NOBODY:
        found &= Q(organisation=None) | Q(organisation__region="")
    elif region:
        found &= Q(organisation__region__startswith=region)
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A gap as people read it."""

    gap: Gap
    name: str
    subject: str
    is_battery: bool
    #: The page of what it is of.
    address: str
    since: Any
    said: str
    organisation: Party | None
    severity: Any
    status: Any


@require_safe
@looked_at
def gap_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show a page of gaps; to htmx the rows alone."""
    form = Narrowing(request.GET)
    form.is_valid()
    after = place_in(request)
    rows = form.narrow(viewer).select_related("record")
    page = rows if after is None else rows.filter(pk__gt=after)
    found = list(page.order_by("id")[: SIZE + 1])
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    told: dict[str, Any] = {
        "form": form,
        "lines": _lines(found[:SIZE]),
        "next": urlencode({**asked, "after": found[SIZE - 1].pk}) if len(found) > SIZE else "",
        "first": after is None,
    }
    if wants_part(request):
        return render(request, "web/audit/gap_rows.html", told)
    return render(request, "web/audit/gaps.html", told | {"total": rows.count()})


def _lines(gaps: list[Gap]) -> list[Line]:
    # Who answers for a gap, and whom its evidence names.
    ids = {id_ for gap in gaps for id_ in (gap.organisation_id, *parties_in(gap.evidence))}
    parties = parties_of(ids)
    return [_line(gap, parties) for gap in gaps]


def _line(gap: Gap, parties: dict[int, Party]) -> Line:
    return Line(
        gap,
        name_of(gap.code),
        gap.record.code,
        gap.record.kind == LifecycleRecord.Kind.BATTERY,
        address_of(gap.record.kind, gap.record.code),
        day_of(gap.since_day),
        _said(gap, parties),
        parties.get(gap.organisation_id or 0),
        SEVERITIES.get(gap.severity, gap.severity),
        STATUSES["closed" if gap.closed_in_id else gap.status],
    )


def _said(gap: Gap, parties: dict[int, Party]) -> str:
    told = evidence_told(gap.code, gap.evidence, {id_: party.name for id_, party in parties.items()})
    # The cause chooses the sentence: it stays a code.
    return sentence(gap.code, evidence_in_words(told) | {name: told[name] for name in ("cause",) if name in told})


class Answering(forms.Form):
    """What is said of a gap; the key makes sending it twice say it once."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("explained", "accepted", "reopened")])
    text = forms.CharField(label=_("what you have to say"), max_length=4_000, widget=forms.Textarea({"rows": 4}))
    key = forms.CharField(max_length=60, widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
@looked_at
def gap_page(request: HttpRequest, viewer: Viewer, id_: str) -> HttpResponse:
    """Show one gap, and take what its reader has to say of it."""
    gap = visible_gaps(viewer).select_related("record", "opened_in", "closed_in").filter(pk=int(id_)).first()
    if gap is None:
        raise Http404
    form, problems = Answering(request.POST or None, initial={"key": get_random_string(32)}), []
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            answer(gap.pk, kind=said["kind"], text=said["text"], by=viewer, idempotency_key=said["key"])
        except Refusal as refusal:
            problems = [str(problem.message) for problem in refusal.problems]
        else:
            return redirect("gap-page", id_=id_)
    told = _told(gap, viewer) | {"form": form, "problems": problems}
    return render(request, "web/audit/gap.html", told, status=400 if problems or form.errors else 200)


def _told(gap: Gap, viewer: Viewer) -> dict[str, Any]:
    [line], clause = _lines([gap]), law.book().clause_in_force(gap.clause, day_of(gap.since_day))
    said = answers_of(gap)
    names = names_of([*(one.organisation_id for one in said), *parties_in(gap.evidence)])
    shown = evidence_told(gap.code, gap.evidence, names)
    return {
        "line": line,
        "gap": gap,
        "evidence": [(EVIDENCE.get(name, name), told) for name, told in evidence_in_words(shown).items()],
        "clause": clause and _clause(clause),
        "event": _event(gap),
        "answers": [(one, names[one.organisation_id], STATUSES.get(one.kind, _("opened again"))) for one in said],
        "may_explain": gap.closed_in_id is None and gap.organisation_id == viewer.organisation_id,
        "may_decide": gap.closed_in_id is None and viewer.is_alliance,
        "runs": viewer.is_alliance,
    }


def _clause(clause: Clause) -> dict[str, Any]:
    english = (get_language() or "").startswith("en")
    return {
        "key": clause.key,
        "title": clause.title_en if english else clause.title_zh,
        "text": clause.text_en if english else clause.text_zh,
        "chapter": clause.chapter,
        "source": clause.source if english else clause.source_zh,
        "certainty": clause.certainty,
    }


def _event(gap: Gap) -> dict[str, Any] | None:
    """The record that a gap hangs on, by its key, and where it stands on the page of a battery."""
    asked = ("key", "type", "occurred_at", "recorded_at", "sequence", "record__code")
    event = LifecycleEvent.objects.filter(pk=gap.event_id).values(*asked).first()
    if event is None:
        return None
    step = Step.objects.filter(pk=gap.event_id).values_list("key", flat=True).first()
    anchor = anchor_of(event["record__code"], event["sequence"])
    return event | {"key": key_told(step or event["key"], event["type"]), "anchor": anchor}
