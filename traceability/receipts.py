"""What became of facts that were handed to the ledger."""

from dataclasses import dataclass
from typing import Final

from traceability.errors import Problem
from traceability.facts import Fact
from traceability.stages import Outcome

RECORDED: Final = "recorded"
REPLAYED: Final = "replayed"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one fact. `outcome` is told for what was newly recorded on a battery."""

    fact: Fact
    status: str
    event_id: int | None = None
    record_id: int | None = None
    problems: tuple[Problem, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a list of facts, in its order."""

    entries: tuple[Entry, ...]

    @property
    def problems(self) -> list[Problem]:
        """All that was refused."""
        return [problem for entry in self.entries for problem in entry.problems]

    @property
    def replayed(self) -> bool:
        """Whether everything had been recorded before."""
        return bool(self.entries) and all(entry.status == REPLAYED for entry in self.entries)

    def count(self, status: str) -> int:
        """How many facts ended so."""
        return sum(entry.status == status for entry in self.entries)
