"""Batches and lots as the ledger sees them: it asks the packages above whether a claim holds, and tells what it wrote.

The core knows how a fact names batches and lots (`lots.py`), and not what becomes of the material.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from traceability.corrections import Family
from traceability.facts import Fact
from traceability.lines import Lines, Place
from traceability.used_up import Uses

MATERIAL_KINDS: Final = frozenset({"batch", "lot"})


class Claims(Protocol):
    """Judges what organisations claim of batches and lots, one fact of a run after the other."""

    def accept(self, fact: Fact, organisation: int) -> None:
        """Count a claim in, or raise a Refusal."""

    def check_correction(self, family: Family, replacement: Fact | None) -> None:
        """Raise a Refusal where what a correction leads to could not have been claimed."""


def claims(run: Sequence[Place], lines: Lines, known: Mapping[str, tuple[int, bool]], uses: Uses) -> Claims | None:
    """Load what it takes to judge these facts; None where none is about a batch or a lot.

    Args:
        known: organisations that the facts name: code → (id, whether it is the alliance).
        uses: what the batteries that batches are said to take in went into before.
    """
    concerned = any(fact.kind in MATERIAL_KINDS for _, fact in run)
    concerned = concerned or any(event.record.kind in MATERIAL_KINDS for event in lines.originals.values())
    if not concerned:
        return None
    return cast(Claims, import_string(settings.MATERIAL_CLAIMS)(run, lines, known, uses))


def project(record_ids: Collection[int], *, until_ms: int | None = None) -> None:
    """Let the tables behind batches and lots follow what these records were told, or were by a moment."""
    if record_ids:
        import_string(settings.MATERIAL_PROJECTION)(record_ids, until_ms=until_ms)


def rebuild(progress: Callable[[int], None] | None = None) -> tuple[int, set[str]]:
    """Have those tables derived again: how many records they rest on, and the codes of what differed."""
    return cast("tuple[int, set[str]]", import_string(settings.MATERIAL_REBUILD)(progress))
