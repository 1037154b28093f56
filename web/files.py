"""Files in and out: what is too large for one request is sent as a file, answered at once with a job, and followed.

    POST /files/registrations/          CSV, XLSX or JSON Lines of batteries
    POST /files/records/                records (JSON Lines)
    POST /files/listings/, …/permits/   CSV or XLSX of what companies are listed and licensed for; the alliance only
    GET  /files/imports/<id>/           the job
    GET  /files/imports/<id>/errors     the sender's file back, with what is wrong in a column of its own
    GET  /files/registrations/template.xlsx

A machine sends a token; a person's browser sends the session with the CSRF token.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from batteries import registration_copy, registration_template
from traceability import jobs
from traceability.access import Viewer
from traceability.checks import roles_for
from traceability.errors import Problem, Refusal, refuse
from traceability.models import ImportJob
from web.callers import is_forged, viewer_of, wait_of

_BLOCK: Final = 1 << 20
_ON_ERROR: Final = {"rollback": "rollback", "proceed": "proceed"}
_YES: Final = {"1", "true", "yes"}
_NO: Final = {"", "0", "false", "no"}
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@csrf_exempt
@require_POST
def registrations(request: HttpRequest) -> HttpResponse:
    """Take a file of batteries: 202 with its job. `?onError=rollback|proceed&dryRun=true&name=…`, or form fields."""
    return _take(request, ImportJob.Kind.REGISTRATIONS, "produced")


@csrf_exempt
@require_POST
def records(request: HttpRequest) -> HttpResponse:
    """Take a file of records: 202 with its job."""
    return _take(request, ImportJob.Kind.RECORDS, None)


@csrf_exempt
@require_POST
def listings(request: HttpRequest) -> HttpResponse:
    """Take a file of listings: 202 with its job."""
    return _take(request, ImportJob.Kind.LISTINGS, "listing")


@csrf_exempt
@require_POST
def permits(request: HttpRequest) -> HttpResponse:
    """Take a file of permits: 202 with its job."""
    return _take(request, ImportJob.Kind.PERMITS, "permit")


def _take(request: HttpRequest, kind: str, type_: str | None) -> HttpResponse:
    """Take a file; its sender has to have a role that may record this type, where one is named."""
    viewer = viewer_of(request)
    if wait := wait_of(request):
        response = refused(429, refuse("too_many_attempts"))
        response["Retry-After"] = str(wait)
        return response
    if not viewer.is_known:
        return refused(401, refuse("sign_in"))
    if is_forged(request):
        return refused(403, refuse("csrf"))
    try:
        job = _submit(request, viewer, kind, type_)
    except Refusal as refusal:
        status = {"role": 403, "no_organisation": 403, "too_large": 413, "length_required": 411}.get(refusal.code, 400)
        return refused(status, refusal)
    told = told_of(job)
    response = JsonResponse({"job": told, "errors": []}, status=202)
    response["Location"] = told["url"]
    return response


def _submit(request: HttpRequest, viewer: Viewer, kind: str, type_: str | None) -> ImportJob:
    if viewer.organisation_id is None:
        raise refuse("no_organisation")
    if type_ is not None and not viewer.roles & roles_for(type_):
        raise refuse("role", organisation=viewer.organisation_code, value=type_)
    given = {**request.GET.dict(), **(request.POST.dict() if is_form(request) else {})}
    if "CONTENT_LENGTH" not in request.META:
        # A body in chunks: where it breaks off, nobody could tell.
        raise refuse("length_required", ("file",))
    on_error = _word(given, "onError", _ON_ERROR, "rollback")
    dry_run = _word(given, "dryRun", {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}, "")
    name, blocks = sent_file(request, given.get("name", ""))
    path, size = jobs.keep(blocks)
    if not size or not (is_form(request) or is_whole(request, size)):
        path.unlink(missing_ok=True)
        raise refuse("cut_off" if size else "missing_file", ("file",))
    return jobs.submit(
        path,
        kind=kind,
        by=viewer,
        name=name,
        size=size,
        on_error=on_error,
        dry_run=dry_run,
        language=get_language() or "zh-hans",
    )


def _word(given: dict[str, Any], name: str, allowed: dict[str, Any], default: str) -> Any:
    word = str(given.get(name, default)).lower()
    if word not in allowed:
        expected = ", ".join(dict.fromkeys(word for word in allowed if word))
        raise refuse("wrong_value", (name,), value=given[name], expected=expected)
    return allowed[word]


def is_form(request: HttpRequest) -> bool:
    """Whether the file comes as a field of a form."""
    # What a program sends without saying what it is comes as `application/x-www-form-urlencoded`.
    return str(request.content_type) == "multipart/form-data"


def sent_file(request: HttpRequest, name: str) -> tuple[str, Iterator[bytes]]:
    """The file as it was sent: a field of a form, or the body itself."""
    if is_form(request):
        sent = request.FILES.get("file")
        if sent is None:
            raise refuse("missing_file", ("file",))
        return name or sent.name or "", iter(sent.chunks(_BLOCK))
    return name, _body(request)


def is_whole(request: HttpRequest, size: int) -> bool:
    """Whether the body is as long as its sender announced: a connection that breaks ends it early, without an error."""
    announced = str(request.META.get("CONTENT_LENGTH") or "")
    return not announced.isdecimal() or int(announced) == size


def _body(request: HttpRequest) -> Iterator[bytes]:
    try:
        while block := request.read(_BLOCK):
            yield block
    except (OSError, RawPostDataException):
        raise refuse("missing_file", ("file",)) from None


def refused(status: int, refusal: Refusal) -> HttpResponse:
    """Answer with a refusal as programs read it."""
    response = JsonResponse({"job": None, "errors": [_problem(problem) for problem in refusal.problems]}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="files"'
    return response


def _problem(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "message": problem.message, "path": list(problem.path)}


def told_of(job: ImportJob) -> dict[str, Any]:
    """A job as programs read it."""
    problem = jobs.problem_of(job)
    return {
        "id": job.public_id,
        "url": reverse("import-job", args=[job.public_id]),
        "kind": job.kind,
        "name": job.name,
        "status": job.status,
        "phase": job.phase,
        "progress": jobs.progress_of(job),
        "secondsLeft": jobs.seconds_left(job),
        "rowsTotal": job.rows,
        "rowsNew": job.new,
        "rowsSame": job.same,
        "rowsConflicting": job.conflicting,
        "rowsRefused": job.refused,
        "dryRun": job.dry_run,
        "onError": job.on_error,
        "problem": problem and _problem(problem),
    }


@require_safe
def job_page(request: HttpRequest, id_: str) -> HttpResponse:
    """Give a job; another organisation's answers like none."""
    response = JsonResponse(told_of(_found(request, id_)))
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def errors(request: HttpRequest, id_: str) -> FileResponse:
    """Give the sender's file back with what is wrong, row by row, in the reader's language."""
    job = _found(request, id_)
    path = jobs.folder() / job.file
    if not job.file or not path.exists() or job.status not in jobs.ENDED:
        raise Http404
    try:
        copy = registration_copy.with_errors(job, path)
    except Refusal:
        # Nothing in it can be read: the job says why.
        raise Http404 from None
    return FileResponse(copy.file, as_attachment=True, filename=copy.name, content_type=copy.media_type)


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """Give everybody the workbook to fill in."""
    response = HttpResponse(registration_template.workbook(), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="batteries.xlsx"'
    return response


def _found(request: HttpRequest, id_: str) -> ImportJob:
    viewer = viewer_of(request)
    job = jobs.find(viewer, id_) if viewer.is_known else None
    if job is None:
        raise Http404
    return job


def download(write: Callable[[BinaryIO], None], media_type: str, name: str) -> FileResponse:
    """Write to the disk, then send: what breaks off is shorter than announced, and no database is kept waiting."""
    with ExitStack() as unless_sent:
        file = unless_sent.enter_context(TemporaryFile())
        write(file)
        file.seek(0)
        unless_sent.pop_all()
    return FileResponse(file, as_attachment=True, filename=name, content_type=media_type)
