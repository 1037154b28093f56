"""Feeding the demo's files through the doors that an automaker, a recycler and the alliance use, and opening doors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from traceability import tokens
from traceability.access import viewer_for_user
from traceability.audit.running import audit
from traceability.capturing import capture
from traceability.door import second_factor
from traceability.models import Organisation, User
from web.demo.companies import ALLIANCE, COMPANIES, DISMANTLER, RECYCLERS, SECOND_LIFE, VEHICLE_MAKERS, WORKSHOPS
from web.demo.files import HISTORY, SENDERS, end_of_history


@dataclass(frozen=True, slots=True)
class Access:
    """How to come in: people with their passwords, and tokens for machines; all made anew in each run."""

    people: list[tuple[str, str, str]]
    tokens: dict[str, str]
    #: Second factors: who, the key for an app, and some recovery codes.
    factors: list[tuple[str, str, list[str]]]


def feed(folder: Path, say: Console) -> None:
    """Feed every file as its sender would."""
    _run(say, folder / "01-alliance-master-data.jsonl", "capture", "--as", ALLIANCE.code)
    for maker in (*VEHICLE_MAKERS, SECOND_LIFE):
        _run(say, folder / f"02-{maker.slug}-models.jsonl", "capture", "--as", maker.code)
    for history in sorted(folder.glob(f"{HISTORY}*.jsonl")):
        _run(say, history, "capture", "--as", ALLIANCE.code)
        if day := end_of_history(history):
            _audit(say, day)
    for maker in VEHICLE_MAKERS:
        _run(say, folder / f"04-{maker.slug}-packs.csv", "register", "--organisation", maker.code)
    for company in SENDERS:
        _run(say, folder / f"05-{company.slug}-records.jsonl", "capture", "--as", company.code)
    for file in sorted(folder.glob("06-*.jsonl")):
        _second_person(say, file)
    say.print("  " + _("What was refused because others had not reported yet is sent again; the rest is a no-op:"))
    for company in (*WORKSHOPS, DISMANTLER, *RECYCLERS):
        _run(say, folder / f"05-{company.slug}-records.jsonl", "capture", "--as", company.code)


def _run(say: Console, file: Path, command: str, *options: str) -> None:
    """Call the command as anyone would, and show what it answered."""
    answer = StringIO()
    try:
        call_command(command, str(file), *options, "--on-error", "proceed", stdout=answer, stderr=answer)
    except CommandError as error:
        answer.write(str(error))
    except SystemExit as ended:
        # Some records were refused, and the answer says which.
        if ended.code not in (0, 1):
            raise
    say.print(f"  [cyan]manage.py {command} {file.name} {' '.join(options)}[/cyan]", soft_wrap=True)
    for line in answer.getvalue().strip().splitlines():
        say.print("    " + line, markup=False, soft_wrap=True)


def _audit(say: Console, day: date) -> None:
    """Audit what had been reported by the end of a day, for the curve of completeness."""
    with audit(as_of=day) as found:
        run = found.run
    say.print(f"  [cyan]manage.py audit --as-of {day}[/cyan]", soft_wrap=True)
    say.print("    " + _("{batteries} batteries, {gaps} gaps").format(batteries=run.batteries, gaps=run.gaps))


def _second_person(say: Console, file: Path) -> None:
    """Hand in, as a person of the organisation, what whoever received may not say alone.

    The command that took everything else in is one and the same actor; a person who signs in is another.
    """
    slug = file.name.split("-")[1]
    company = next(company for company in COMPANIES if company.slug == slug)
    person = User.objects.create_user(
        f"{slug}-safety", organisation=Organisation.objects.get(code=company.code), password=None
    )
    with file.open("rb") as lines:
        result = capture(lines, by=viewer_for_user(person), on_error="proceed")
    say.print("  " + _("Another person, {user}, hands in {file}:").format(user=person.username, file=file.name))
    for problem in result.problems:
        say.print(f"    {problem}", markup=False, soft_wrap=True)
    counts = {"recorded": result.recorded, "replayed": result.replayed, "refused": result.refused}
    told = _("{recorded} recorded, {replayed} replayed, {refused} refused").format(**counts)
    say.print("    " + told, markup=False)


def open_doors(secret: Callable[[int], str]) -> Access:
    """Make people who sign in, and tokens for machines, for one organisation of each kind."""
    people, factors = [], []
    names = ((ALLIANCE, True), (VEHICLE_MAKERS[0], False), (WORKSHOPS[0], False), (RECYCLERS[0], False))
    organisations = {row.code: row for row in Organisation.objects.all()}
    for company, staff in names:
        password = secret(9)
        user = User.objects.create_user(
            company.slug,
            password=password,
            organisation=organisations[company.code],
            is_staff=staff,
            is_superuser=staff,
        )
        people.append((company.slug, password, f"{company.name} {company.name_en}"))
        if second_factor.is_required(user):
            key, codes = second_factor.enrol(user)
            factors.append((company.slug, key, codes[:3]))
    issued = {company.slug: tokens.issue(organisations[company.code], name=_("demo"))[1] for company, _staff in names}
    return Access(people, issued, factors)
