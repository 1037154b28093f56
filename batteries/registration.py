"""Registering batteries: a list from a mutation, or a whole file. Both end in `produced` facts for the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Final

from django.utils import timezone as clock

from batteries.codes import read
from traceability import ledger
from traceability.access import Viewer
from traceability.checks import roles_for
from traceability.errors import Problem, Refusal
from traceability.facts import Fact, read_fact
from traceability.ledger import OnError
from traceability.receipts import Receipt

LIMIT: Final = 1_000
#: The day that a code says is a day in China.
CHINA: Final = timezone(timedelta(hours=8))
_FIELDS: Final = frozenset({"code", "model", "massKg", "producedAt", "components", "attachments"})


@dataclass(frozen=True, slots=True)
class Registration:
    """What became of a call: the ledger's receipt for what could be read, and everything that is wrong.

    The entries of `receipt` carry in `fact.path` which battery they are: `("batteries", "<i>")`.
    """

    receipt: Receipt
    problems: list[Problem]

    @property
    def replayed(self) -> bool:
        """Whether the whole call had been recorded before."""
        return self.receipt.replayed and not self.problems


def register_batteries(
    batteries: Sequence[Mapping[str, Any]], *, by: Viewer, idempotency_key: str, on_error: OnError = "rollback"
) -> Registration:
    """Register batteries in the organisation's own name, each under the key `<idempotency_key>#<code>`.

    Never raises a `Refusal`: under `rollback` with any problem nothing is written and the receipt is empty, under
    `proceed` the good ones are recorded. A battery that was registered under another key is refused (`stage`).

    Args:
        batteries: at most 1,000 of {code, model, massKg, producedAt, components: [{code, model, massKg, components}]},
            None counts as absent; massKg text, int or Decimal; producedAt ISO 8601 with offset or an aware datetime,
            by default the day that the code says, 00:00 at +08:00.
        by: whose batteries they are; it needs a role that may record `produced`.

    Returns:
        the receipt, and problems whose paths lead into the input: `("batteries", "3", "massKg")`.
    """
    call = _problem_of_call(batteries, by, idempotency_key)
    if call is not None:
        return Registration(Receipt(()), [call])
    facts, problems = _read_batteries(batteries, by, idempotency_key)
    dry_run = bool(problems) and on_error == "rollback"
    try:
        receipt = ledger.record(facts, by=by, on_error=on_error, dry_run=dry_run) if facts else Receipt(())
        problems += map(_in_input, receipt.problems)
    except Refusal as refusal:
        problems += map(_in_input, refusal.problems)
        return Registration(Receipt(()), _in_order(problems))
    return Registration(Receipt(()) if dry_run else receipt, _in_order(problems))


def _problem_of_call(batteries: Sequence[Any], by: Viewer, idempotency_key: str) -> Problem | None:
    if by.organisation_code is None:
        return Problem("no_organisation")
    if not by.roles & roles_for("produced"):
        return Problem("role", (), {"organisation": by.organisation_code, "value": "produced"})
    if len(batteries) > LIMIT:
        return Problem("too_many", ("batteries",), {"value": len(batteries), "limit": LIMIT})
    if not idempotency_key.strip():
        return Problem("missing_field", ("idempotencyKey",), {"value": "idempotencyKey"})
    if len(idempotency_key) > 200:
        return Problem("wrong_value", ("idempotencyKey",), {"value": idempotency_key[:200], "expected": "1–200"})
    return None


def _read_batteries(
    batteries: Sequence[Mapping[str, Any]], by: Viewer, idempotency_key: str
) -> tuple[list[Fact], list[Problem]]:
    facts: list[Fact] = []
    problems: list[Problem] = []
    today = clock.localdate()
    seen: set[str] = set()
    for place, battery in enumerate(batteries):
        path = ("batteries", str(place))
        unknown = [Problem("unknown_field", (*path, name), {"value": name[:200]}) for name in battery.keys() - _FIELDS]
        try:
            fact = read_produced(battery, by.organisation_code, key=idempotency_key, today=today, path=path)
        except Refusal as refusal:
            problems += [*unknown, *map(_in_input, refusal.problems)]
            continue
        if fact.code in seen:
            unknown.append(Problem("duplicate", (*path, "code"), {"value": fact.code}))
        seen.add(fact.code)
        problems += unknown
        if not unknown:
            facts.append(fact)
    return facts, problems


def read_produced(
    battery: Mapping[str, Any], organisation: str | None, *, key: str, today: date, path: tuple[str, ...]
) -> Fact:
    """Read a plain description of a battery as a `produced` fact with the key `<key>#<code>`.

    Raises:
        Refusal: with the problems of `read_fact`, whose paths are those of a record.
    """
    code = battery.get("code")
    reading = read(code, today=today) if isinstance(code, str) else None
    produced_at = battery.get("producedAt")
    if produced_at is None and reading is not None and reading.battery_code is not None:
        produced_at = start_of(reading.battery_code.produced_on)
    return read_fact(
        {
            "key": f"{key}#{reading.code if reading else ''}",
            "type": "produced",
            "battery": code,
            # A code that cannot be read says no day; that it is wrong is problem enough.
            "occurredAt": datetime.now(UTC) if produced_at is None else produced_at,
            "organisation": organisation,
            "attachments": battery.get("attachments"),
            "details": {name: battery.get(name) for name in ("model", "massKg", "components", "parent")},
        },
        today=today,
        path=path,
    )


def start_of(day: date) -> str:
    """Give the moment at which a day begins in China."""
    return datetime.combine(day, time(), CHINA).isoformat()


_NAMES: Final = {"battery": ("code",), "occurredAt": ("producedAt",), "details": (), "type": (), "organisation": ()}


def _in_input(problem: Problem) -> Problem:
    """Say where the problem is in the caller's input instead of in the record made of it."""
    place, rest = problem.path[:2], problem.path[2:]
    if not rest:
        return problem
    if rest[0] == "key":
        return replace(problem, path=("idempotencyKey",))
    return replace(problem, path=(*place, *_NAMES.get(rest[0], (rest[0],)), *rest[1:]))


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Put problems in the order of the input."""

    def place(problem: Problem) -> int:
        return int(problem.path[1]) if len(problem.path) > 1 and problem.path[1].isdigit() else -1

    return sorted(problems, key=place)
