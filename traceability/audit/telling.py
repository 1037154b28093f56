"""Telling gaps: what a run found, as `audit.md` writes it."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from django.db import connection

from traceability.audit import statute
from traceability.audit.calendar import day_of
from traceability.audit.compiling import severities
from traceability.audit.rule import BREAK, read_evidence
from traceability.audit.staging import FOUND
from traceability.models import AuditRun, Organisation
from traceability.stages import RULES

#: Evidence that names an organisation by its id, and that is a day or a number.
_PARTIES: Final = frozenset({"holder", "inTransitTo", "otherOrganisation"})
_DAYS: Final = {"dueDay": "dueOn", "reportedDay": "reportedOn"}
_NUMBERS: Final = frozenset({"sequence", "missing", "aheadMs", "imbalances"})
_PERMITS: Final = {1: "project_filing", 2: "eia", 4: "pollution"}
#: What the ledger appends to a key on the chain of a part (`corrections.derived_key`).
_OWN: Final = re.compile(r"#(?:TMP-[^#]*|[0-9A-Z]{19,24})(?:#[0-9]+)?$")
#: What the ledger writes on the chains of parts and originals is told under the event that caused it.
_DERIVED: Final = frozenset({"released", "reassembled"})


@dataclass(frozen=True, slots=True)
class Told:
    """One gap, as it is printed."""

    #: The code of what it hangs on: of a battery, or `<organisation>/<number>` of what `about` says.
    subject: str
    gap: str
    severity: str
    event: str | None
    organisation: str | None
    since: str
    clause: str | None
    evidence: dict[str, Any]
    about: str = "battery"

    def as_json(self) -> dict[str, Any]:
        """It as one line of JSON Lines."""
        rest = {name: getattr(self, name) for name in self.__slots__ if name not in ("subject", "about")}
        return {self.about: self.subject, **rest}

    @property
    def battery(self) -> str | None:
        """The battery that it hangs on, if it is one."""
        return self.subject if self.about == "battery" else None


def told(run: AuditRun) -> Iterator[Told]:
    """The gaps that the open run found, in order."""
    codes = dict(Organisation.objects.values_list("id", "code"))
    # The same order on every engine and under every locale.
    binary = 'COLLATE "C"' if connection.vendor == "postgresql" else ""
    with connection.chunked_cursor() as cursor:
        # What has no step (a scrapped vehicle) is told under its own key; a correction under that of its original.
        cursor.execute(f"""
          SELECT r.code, r.kind, f.code, COALESCE(s.key, e.key), e.type, f.organisation_id, f.since_day, f.evidence
          FROM {FOUND} f JOIN traceability_lifecyclerecord r ON r.id = f.record_id
          LEFT JOIN traceability_step s ON s.event_id = f.event_id
          LEFT JOIN traceability_lifecycleevent e ON e.id = f.event_id
          ORDER BY r.code {binary}, f.code {binary}, COALESCE(s.key, e.key) {binary}, f.event_id""")
        while rows := cursor.fetchmany(2_000):
            for code, kind, gap, key, type_, organisation, since, evidence in rows:
                yield Told(
                    code,
                    gap,
                    severity_of(gap),
                    key_told(key, type_),
                    codes.get(organisation),
                    day_of(since).isoformat(),
                    statute.clause_of(gap, since) or None,
                    evidence_told(gap, evidence, codes),
                    kind,
                )


def severity_of(gap: str) -> str:
    """The severity of a gap code."""
    return severities().get(gap, BREAK)


def key_told(key: str | None, type_: str | None) -> str | None:
    """The key that a gap's event is told under."""
    if key is None:
        return None
    return _OWN.sub("", key) if type_ in _DERIVED else key


def evidence_told(gap: str, written: str, organisations: Mapping[int, str]) -> dict[str, Any]:
    """Evidence as people and programs read it: organisations by their codes, days as days."""
    found: dict[str, Any] = {}
    for name, value in read_evidence(written).items():
        if name in _PARTIES:
            found[name] = organisations.get(int(value))
        elif name in _DAYS:
            found[_DAYS[name]] = day_of(int(value)).isoformat()
        elif name in _NUMBERS:
            found[name] = int(value)
        elif name == "missingPermits":
            found[name] = [kind for flag, kind in _PERMITS.items() if int(value) & flag]
        else:
            found[name] = value
    if gap == "missing_link":
        found["allowed"] = list(_allowed(found["type"]))
    return found


def parties_in(written: str) -> list[int]:
    """The organisations that evidence names, by their ids."""
    return [int(value) for name, value in read_evidence(written).items() if name in _PARTIES]


@cache
def _allowed(type_: str) -> tuple[str, ...]:
    return tuple(sorted(str(stage) for stage in RULES[type_].allowed if stage))


def line_of(gap: Told) -> bytes:
    """A gap as one line, keys sorted: what is exported, and what is hashed."""
    return orjson.dumps(gap.as_json(), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def digest_of(run: AuditRun) -> tuple[str, int]:
    """SHA-256 over all gaps as they are told, in order, and how many there are."""
    digest, count = hashlib.sha256(), 0
    for gap in told(run):
        digest.update(line_of(gap))
        count += 1
    return digest.hexdigest(), count
