"""Running the audit: what is judged, what was found, what that opens and closes.

A kept run moves the gaps of the record forward: over all batteries, or over those that changed since the run before,
which comes to the same. A run as of a past day, or over one battery, is told and changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from traceability import law
from traceability.audit import calendar, cohorts, engines, figures, keeping, staging
from traceability.audit.altered import altered
from traceability.audit.compiling import checks, parameters, rules, severities
from traceability.audit.engines import DATABASE
from traceability.audit.finding import Place
from traceability.audit.relations import HEADS_NOW
from traceability.audit.rule import Judged
from traceability.audit.seeing import seen_by
from traceability.audit.telling import Told, digest_of, told
from traceability.errors import refuse
from traceability.models import AuditRun, LifecycleEvent, LifecycleRecord


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a run while it is open: gaps are read where they were found, as they are told."""

    run: AuditRun

    def gaps(self) -> Iterator[Told]:
        """Every gap, in the order of battery, code and event."""
        return told(self.run)


@contextmanager
def audit(
    *,
    as_of: date | None = None,
    battery: str | None = None,
    touched: bool = False,
    keep: bool = True,
    verify: bool = True,
    engine: str = DATABASE,
    master: str | None = None,
) -> Iterator[Found]:
    """Ask every rule, and give what they found.

    Args:
        as_of: the day, today in China by default.
        battery: the code of the only battery to judge.
        touched: judge only what changed since the last kept run; all, when there was none.
        keep: open and close gaps by the result; never done for one battery, for a day before the last kept run's, nor
            for a day after which anything was reported.
        verify: recompute hashes and links, too (`altered`); without it what stood altered stays so.
        engine: who is asked, one of `engines.ENGINES`; all but the database read a snapshot of everything.
        master: the address of Spark's master.

    Raises:
        Refusal: `unknown_battery`, `engine_judges_all`, and those of `engines.check`.
    """
    if engine != DATABASE and (touched or battery is not None):
        raise refuse("engine_judges_all", ("engine",), value=engine)
    engines.check(engine, master)
    day = calendar.number_of(as_of or timezone.localdate())
    record = _record_of(battery) if battery is not None else None
    last = AuditRun.objects.filter(kept=True, finished_at__isnull=False).first()
    calendar.fill()
    with seen_by(day, battery=record) as heads, staging.tables():
        kept = keep and record is None and heads == HEADS_NOW and (last is None or last.as_of <= day)
        partly = last if touched and kept and last is not None and _goes_on(last) else None
        run = _begun(day, record, engine=engine, kept=kept, partly=partly is not None)
        if kept:
            keeping.take(last)
        place = Place(day, heads)
        if engine == DATABASE:
            place = _find(place, record, partly)
        else:
            with engines.asked(place, engine, master) as found:
                staging.add_rows(found)
        if record is None:
            _check(day, partly=partly is not None)
        if verify:
            staging.add_rows(altered(record=record, scoped=partly is not None))
        staging.analyse()
        run.digest, run.gaps = digest_of(run)
        run.finished_at = timezone.now()
        if kept:
            with transaction.atomic():
                run.save()
                keeping.keep(run, place, verified=verify)
                figures.keep(run)
                run.save()
        yield Found(run)
    if record is None and not kept and keep:
        run.save()


def terms() -> dict[str, Any]:
    """What a run judges by, besides the day: printed with its result, and enough to repeat it."""
    return {**parameters(), "law": law.book().digest, "rules": sorted({*severities()})}


def _goes_on(last: AuditRun) -> bool:
    """Whether a run over what changed since this one finds what a run over everything does."""
    return last.parameters == terms() and (not last.batteries or cohorts.are_counted())


def _begun(day: int, record: int | None, *, engine: str, kept: bool, partly: bool) -> AuditRun:
    scope = AuditRun.Scope.TOUCHED if partly else AuditRun.Scope.ALL
    return AuditRun(
        as_of=day,
        scope=scope if record is None else AuditRun.Scope.BATTERY,
        engine=engine,
        parameters=terms(),
        seen_event=LifecycleEvent.objects.aggregate(last=Max("id"))["last"] or 0,
        started_at=timezone.now(),
        kept=kept,
    )


def _record_of(battery: str) -> int:
    found = LifecycleRecord.objects.filter(kind="battery", code=battery).values_list("id", "chain_id").first()
    if found is None:
        raise refuse("unknown_battery", ("battery",), value=battery)
    return int(found[1] or found[0])


def _check(day: int, *, partly: bool) -> None:
    """Ask every check, which no engine does: they are about batches, never about one battery."""
    for check in checks().values():
        records = keeping.judged_beside(check.code) if partly else None
        staging.add_rows(check.find(Judged(calendar.end_of(day), parameters(), records)))


def _find(everything: Place, record: int | None, last: AuditRun | None) -> Place:
    """Ask every rule; gives what was judged."""
    place = everything
    if record is not None:
        place = everything.only(f"record_id = {record}")
    elif last is not None:
        place = keeping.widen(everything)
    for rule in rules().values():
        staging.add(place, rule)
        if last is None:
            continue
        beside = f"record_id IN (SELECT record_id FROM {staging.BESIDE} WHERE code = '{rule.code}')"
        if rule.widen is not None:
            staging.add(everything.only(beside), rule)
        if rule.timed is not None and last.as_of < int(everything.as_of):
            # What came due since then, wherever it is.
            since = last.as_of - int(parameters().get(rule.timed, 0))
            judged = f"record_id IN (SELECT record_id FROM {staging.SCOPE}) OR {beside}"
            staging.add(everything, rule, condition=f"since_day > {since} AND NOT ({judged})")
    return place
