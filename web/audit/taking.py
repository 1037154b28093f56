"""Taking the audit away: forms for its files, and how far a file is that takes its time."""

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from traceability.audit.reading import last_run
from traceability.audit.sampling import SEED_LENGTH
from web import following
from web.callers import viewer_of

_FORMS: Final = [("xlsx", "XLSX"), ("csv", "CSV"), ("jsonl", "JSON Lines")]
_GROUPS: Final = [
    ("organisation", _("holder")),
    ("region", _("region")),
    ("manufacturer", _("maker")),
    ("model", _("model")),
    ("month", _("month")),
]
_RISKS: Final = [
    ("", _("by the share of broken chains")),
    ("low", _("low")),
    ("medium", _("medium")),
    ("high", _("high")),
]


class Taking(forms.Form):
    """What every file asks for: the page's key, by which it is followed."""

    following = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)
    #: The name of the file's address.
    page = ""
    title: Any = ""

    def query(self) -> dict[str, str]:
        """What the file's address asks for."""
        names = ("following", "groupBy", "seed", "risk", "language")
        return {name: value for name in names if (value := self.cleaned_data.get(name))}


class Report(Taking):
    """The printed report."""

    page, title = "audit-report", _("Report (PDF)")
    language = forms.ChoiceField(label=_("language"), choices=[("zh-hans", "中文"), ("en", "English")])


class Gaps(Taking):
    """All gaps of the run."""

    page, title = "audit-gaps", _("Gaps")
    form = forms.ChoiceField(label=_("format"), choices=_FORMS)


class Figures(Taking):
    """Its figures."""

    page, title = "audit-figures", _("Figures")
    groupBy = forms.ChoiceField(label=_("by"), choices=_GROUPS)  # noqa: N815
    form = forms.ChoiceField(label=_("format"), choices=_FORMS)


class Sample(Taking):
    """A random sample, which its seed draws again."""

    page, title = "audit-sample", _("Random sample")
    risk = forms.ChoiceField(label=_("risk"), choices=_RISKS, required=False)
    seed = forms.CharField(label=_("seed (empty: a new one)"), max_length=SEED_LENGTH, required=False)
    form = forms.ChoiceField(label=_("format"), choices=_FORMS)


_FILES: Final = {"report": Report, "gaps": Gaps, "figures": Figures, "sample": Sample}


def forms_to_take() -> list[tuple[str, Taking]]:
    """The forms, by what they ask for."""
    initial = {"language": "en" if (get_language() or "").startswith("en") else "zh-hans"}
    return [(what, form(initial=initial, auto_id=f"{what}-%s")) for what, form in _FILES.items()]


@require_safe
@login_required
def take(request: HttpRequest, what: str) -> HttpResponse:
    """Lead to the file that a form asks for; who takes it is written down there."""
    run = last_run()
    form = _FILES[what](request.GET)
    if run is None or not form.is_valid():
        raise Http404
    kind = form.cleaned_data.get("form")
    address = reverse(form.page, args=[run.public_id, kind] if kind else [run.public_id])
    return redirect(f"{address}?{urlencode(form.query())}")


@require_safe
@login_required
@never_cache
def progress(request: HttpRequest, key: str) -> HttpResponse:
    """Show how far a file is; it asks again until there is nothing more to say."""
    return render(request, "web/audit/progress.html", {"key": key} | following.find(viewer_of(request), key))
