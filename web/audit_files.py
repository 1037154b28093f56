"""The audit's files: gaps, figures, samples and reports of a run, and evidence that others can check.

    GET /files/audit/<run>/                          the run, as far as its reader may see
    GET /files/audit/<run>/gaps.<csv|xlsx|jsonl|parquet>
    GET /files/audit/<run>/figures.<…>?groupBy=organisation|region|manufacturer|model|month
    GET /files/audit/<run>/report.pdf?language=en
    GET /files/audit/<run>/sample.<…>?seed=&risk=low|medium|high
    GET /files/audit/batteries/<code>/evidence.zip
    GET /files/audit/gaps/<id>/evidence.zip

<run> is the id of a run that was kept, or `latest`. The alliance gets all of it, another organisation its own gaps and
the batteries that it sees whole; to everybody else there is nothing there.
"""

from typing import Any, BinaryIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse

from batteries.audit_samples import draw_sample
from batteries.codes import normalise
from traceability.access import Viewer
from traceability.audit import kept
from traceability.audit.calendar import day_of
from traceability.audit.exporting import MEDIA_TYPES, write_figures, write_gaps, write_table
from traceability.audit.reading import completeness, last_run, visible_gaps
from traceability.models import AuditRun
from web.audit_doors import audit_door, language_of
from web.audit_report.bundles import write_bundle
from web.audit_report.report import write_report
from web.files import download
from web.following import counted


@audit_door
def run_page(request: HttpRequest, viewer: Viewer, run: str) -> HttpResponse:
    """Give what a run has on record: what a printed report is compared with."""
    found = kept.find_run(run)
    told: dict[str, Any] = {
        "id": found.public_id,
        "asOf": day_of(found.as_of).isoformat(),
        "scope": found.scope,
        "engine": found.engine,
        "parameters": found.parameters,
        "seenEvent": found.seen_event,
        "startedAt": found.started_at.isoformat(),
        "finishedAt": found.finished_at and found.finished_at.isoformat(),
    }
    digest, count = kept.digest_of(kept.standing_gaps(found, viewer))
    return JsonResponse(told | {"gaps": count, "gapsDigest": digest})


@audit_door
def gaps(request: HttpRequest, viewer: Viewer, run: str, form: str) -> FileResponse:
    """Give the gaps that stood when the run ended."""
    found = kept.find_run(run)
    rows = kept.standing_gaps(found, viewer)
    told = counted(request, viewer, kept.told_gaps(rows), rows.count)
    return download(lambda file: write_gaps(told, file, form), MEDIA_TYPES[form], f"gaps-{found.public_id}.{form}")


@audit_door
def figures(request: HttpRequest, viewer: Viewer, run: str, form: str) -> FileResponse:
    """Give a run's figures; an organisation's own are counted as of the last run only."""
    found = _run_with_figures(run, viewer)
    group = request.GET.get("groupBy", "organisation")
    rows = completeness(viewer, group, run=found)
    name = f"figures-{group}-{found.public_id}.{form}"
    return download(lambda file: write_figures(rows, file, form), MEDIA_TYPES[form], name)


@audit_door
def report(request: HttpRequest, viewer: Viewer, run: str) -> FileResponse:
    """Give a run's report as PDF, in the language that was asked for or is the reader's."""
    found = _run_with_figures(run, viewer)
    language, address = language_of(request), request.build_absolute_uri(f"/files/audit/{found.public_id}/")

    def write(file: BinaryIO) -> None:
        write_report(found, file, language, viewer=viewer, address=address)

    return download(write, "application/pdf", f"audit-{found.public_id}.pdf")


@audit_door
def sample(request: HttpRequest, viewer: Viewer, run: str, form: str) -> FileResponse:
    """Give a random sample of the batteries that the run judged; without a seed, a new one."""
    found = kept.find_run(run)
    drawn = draw_sample(found, request.GET.get("seed") or None, request.GET.get("risk") or None, viewer)
    return download(
        lambda file: write_table(drawn.table, file, form), MEDIA_TYPES[form], f"sample-{found.public_id}.{form}"
    )


@audit_door
def battery_evidence(request: HttpRequest, viewer: Viewer, code: str) -> FileResponse:
    """Give the evidence of a battery."""
    code, language = normalise(code), language_of(request)
    return download(lambda file: write_bundle(code, file, viewer, language), "application/zip", f"evidence-{code}.zip")


@audit_door
def gap_evidence(request: HttpRequest, viewer: Viewer, id_: str) -> FileResponse:
    """Give the evidence of a finding."""
    gap = visible_gaps(viewer).filter(pk=int(id_)).select_related("record").first()
    if gap is None:
        raise Http404
    language = language_of(request)
    return download(
        lambda file: write_bundle(gap, file, viewer, language), "application/zip", f"evidence-gap-{id_}.zip"
    )


def _run_with_figures(run: str, viewer: Viewer) -> AuditRun:
    found = kept.find_run(run)
    if not viewer.is_alliance and found != last_run():
        raise Http404
    return found
