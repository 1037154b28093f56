"""Files of batteries: sent, tried dry, followed, given back with what is wrong, and then recorded."""

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batteries.registration_preview import ROWS, preview
from traceability import jobs, stored_problems
from traceability.checks import roles_for
from traceability.errors import Refusal, refuse
from traceability.models import ImportJob
from web.callers import viewer_of
from web.partial import wants_part

#: Jobs, and rows with errors, on one page.
SIZE: Final = 50
_BLOCK: Final = 1 << 20
_PHASES: Final = {
    "checking": _("its lines are checked"),
    "comparing": _("it is compared with what is registered"),
    "writing": _("its batteries are registered"),
    "recording": _("its records are recorded"),
}
#: What columns are read as.
_COLUMNS: Final = {
    "code": _("code"),
    "model": _("model"),
    "massKg": _("mass, kg"),
    "producedAt": _("produced on"),
    "parent": _("built into"),
}


class Sending(forms.Form):
    """A file to register, at first to be tried: a dry run writes nothing."""

    file = forms.FileField(
        label=_("file (CSV, XLSX or JSON Lines)"),
        widget=forms.FileInput({"accept": ".csv,.xlsx,.jsonl,.json,.txt"}),
    )
    dry_run = forms.BooleanField(label=_("try it first: check everything, write nothing"), required=False, initial=True)
    on_error = forms.ChoiceField(
        label=_("when some rows are bad"),
        choices=[("rollback", _("register none of them")), ("proceed", _("register the good ones"))],
        initial="rollback",
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def file_list(request: HttpRequest) -> HttpResponse:
    """Show what was sent, and take another file."""
    form, problems = Sending(request.POST or None, request.FILES or None), []
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            job = _submitted(request, sent.chunks(_BLOCK), sent.name or "", form.cleaned_data)
        except Refusal as refusal:
            problems = [str(problem.message) for problem in refusal.problems]
        else:
            return redirect("registration-file", id_=job.public_id)
    viewer = viewer_of(request)
    rows = jobs.visible(viewer).filter(kind=ImportJob.Kind.REGISTRATIONS).order_by("-created_at", "-id")
    told = {"form": form, "problems": problems, "jobs": rows[:SIZE], "may": bool(viewer.roles & roles_for("produced"))}
    return render(request, "web/maker/files.html", told, status=400 if problems or form.errors else 200)


@never_cache
@login_required
@require_safe
def file_page(request: HttpRequest, id_: str) -> HttpResponse:
    """Show one file's job; to htmx how far it is alone, which asks again until it has ended."""
    job = _found(request, id_)
    told = _told(job) | {"own": _is_own(request, job)}
    return render(request, "web/maker/progress.html" if wants_part(request) else "web/maker/file.html", told)


@never_cache
@login_required
@require_safe
def file_preview(request: HttpRequest, id_: str) -> HttpResponse:
    """Show the first rows of a file as they are read, as a part of its page."""
    job = _found(request, id_)
    path, told = jobs.folder() / job.file, {"job": job, "most": ROWS}
    if not job.file or not path.exists():
        raise Http404
    try:
        found = preview(path, job.name)
    except Refusal as refusal:
        return render(request, "web/maker/preview.html", told | {"problems": [str(refusal.message)]})
    columns = [(column.heading, _COLUMNS.get(column.name, column.name)) for column in found.columns]
    return render(request, "web/maker/preview.html", told | {"columns": columns, "rows": found.rows})


@login_required
@require_POST
def commit(request: HttpRequest, id_: str) -> HttpResponse:
    """Record a file that was tried: the same bytes, as a job of their own."""
    tried = _found(request, id_)
    if not _is_own(request, tried):
        raise Http404
    path = jobs.folder() / tried.file
    if not tried.dry_run or tried.status != ImportJob.Status.DONE or not tried.file or not path.exists():
        raise Http404
    on_error = request.POST.get("on_error", "")
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(_BLOCK), b"")
        said = {"dry_run": False, "on_error": on_error if on_error == "proceed" else "rollback"}
        try:
            job = _submitted(request, blocks, tried.name, said)
        except Refusal as refusal:
            told = _told(tried) | {"own": True, "problem": refusal.message}
            return render(request, "web/maker/file.html", told, status=400)
    return redirect("registration-file", id_=job.public_id)


@login_required
@require_POST
def cancel(request: HttpRequest, id_: str) -> HttpResponse:
    """Ask a job to stop; what was recorded stays."""
    job = _found(request, id_)
    if not _is_own(request, job):
        raise Http404
    jobs.cancel(job)
    return redirect("registration-file", id_=job.public_id)


def _submitted(request: HttpRequest, blocks: Iterator[bytes], name: str, said: dict[str, Any]) -> ImportJob:
    viewer = viewer_of(request)
    if not viewer.roles & roles_for("produced"):
        raise refuse("role", organisation=viewer.organisation_code, value="produced")
    path, size = jobs.keep(blocks)
    return jobs.submit(
        path,
        kind=ImportJob.Kind.REGISTRATIONS,
        by=viewer,
        name=name,
        size=size,
        on_error=said["on_error"],
        dry_run=said["dry_run"],
        language=get_language() or "zh-hans",
    )


def _found(request: HttpRequest, id_: str) -> ImportJob:
    job = jobs.find(viewer_of(request), id_)
    if job is None or job.kind != ImportJob.Kind.REGISTRATIONS:
        raise Http404
    return job


def _is_own(request: HttpRequest, job: ImportJob) -> bool:
    """Whether the reader's organisation sent it; the alliance sees others' files, and does nothing with them."""
    return viewer_of(request).organisation_id == job.organisation_id


def _told(job: ImportJob) -> dict[str, Any]:
    ended, problem = job.status in jobs.ENDED, jobs.problem_of(job)
    rows = list(job.row_errors.order_by("line", "id")[: SIZE + 1])
    wrong = [
        {
            "line": row.line,
            "column": row.column,
            "value": row.value,
            "message": stored_problems.read(row.code, row.path, row.params).message,
        }
        for row in rows[:SIZE]
    ]
    return {
        "job": job,
        "ended": ended,
        "percent": round(jobs.progress_of(job) * 100),
        "left": _time_left(jobs.seconds_left(job)),
        "phase": _PHASES.get(job.phase, ""),
        "problem": problem and problem.message,
        "wrong": wrong,
        "more": len(rows) > SIZE,
        "kept": bool(job.file),
        "tried": job.dry_run and job.status == ImportJob.Status.DONE and bool(job.file),
    }


def _time_left(seconds: int | None) -> str:
    """How long it may still take, as people say it; empty where that is not known."""
    if seconds is None:
        return ""
    if seconds < 100:
        return ngettext("{count} second left", "{count} seconds left", seconds).format(count=seconds)
    minutes = round(seconds / 60)
    return ngettext("{count} minute left", "{count} minutes left", minutes).format(count=minutes)
