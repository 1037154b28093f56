"""Files that are worked off: stop one."""

import strawberry

from graphql_schema.operations.describing import both, described
from graphql_schema.operations.imports import ImportJob, job
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.viewer import viewer_of
from traceability import jobs
from traceability.errors import refuse


@strawberry.input(description=both("要停止的任务。", "A job to stop."))
class CancelImportInput:
    """A job."""

    idempotency_key: str = described("本次调用的键。", "The key of this call.")
    job: strawberry.ID = described("任务的 id。", "Its id.")


@strawberry.type(description=both("停止任务的答复。", "What the stop of a job answers."))
class CancelImportAnswer(Answer):
    """The job."""

    job: ImportJob | None = described("任务现状。", "The job as it is now.", default=None)


@refusals_are_data(CancelImportAnswer)
def _cancel(info: strawberry.Info, input: CancelImportInput) -> CancelImportAnswer:  # noqa: A002
    viewer = viewer_of(info)
    if viewer.organisation_id is None:
        raise refuse("no_organisation")
    row = jobs.find(viewer, str(input.job).removeprefix("ImportJob:"))
    # The alliance sees every job, and stops its own.
    if row is None or row.organisation_id != viewer.organisation_id:
        raise refuse("not_found", ("job",), value=input.job)
    again = row.cancel_requested
    if not again:
        if row.status in jobs.ENDED:
            raise refuse("import_ended", ("job",), value=input.job)
        jobs.cancel(row)
    return CancelImportAnswer(job=job(row), replayed=again)


@strawberry.type
class ImportMutations:
    """What is worked off in the background."""

    cancel_import = mutation(
        _cancel,
        CancelImportInput,
        "停止处理文件；已登记的保持不变。",
        "Stop working off a file; what was recorded stays.",
    )
