"""Staging the good rows of a table: family by family where each battery is followed by its parts, else row by row.

Makers export a pack with what is in it, and most of a large file are parts: those of one battery are kept as one text.
The first row that stands elsewhere ends that, and everything is staged row by row, as if it had been from the start.
"""

from itertools import pairwise
from typing import Final

from batteries.registration_staging import RANKS, Columns, Staging
from traceability.shapes import CODES_LIMIT

#: The levels of a battery and of what it may be built into.
_LEVELS: Final = frozenset({"P", "M", "C", "MP", "CP", "CM"})


class Packer:
    """Stages the rows of one table, in its order."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        #: The last battery that is built into none, with the parts that followed it so far.
        self._open = Columns.none()
        self._grouped = True

    def add(self, rows: Columns) -> None:
        """Take rows."""
        if self._grouped:
            rows = self._open.followed_by(rows)
            starts = [at for at, parent in enumerate(rows.parents) if not parent]
            if not rows.lines or self._stand_together(rows, starts):
                self._open = rows.part(starts[-1]) if starts else rows
                self._stage(rows, starts)
                return
            self._grouped = False
            self._open = Columns.none()
            self._staging.unpack()
        self._staging.add_plain(rows.rows())

    def close(self) -> None:
        """Take the last battery with its parts: all rows are there."""
        self._stage(self._open, [0, len(self._open.lines)] if self._open.lines else [])
        self._open = Columns.none()

    @staticmethod
    def _stand_together(rows: Columns, starts: list[int]) -> bool:
        """Whether each part follows, in its family, what it is built into, which is of a higher level."""
        codes, parents = rows.codes, rows.parents
        levels = {code[3] + parent[3:4] for code, parent in zip(codes, parents, strict=True)}
        if starts[:1] != [0] or not levels <= _LEVELS:
            return False
        for start, stop in pairwise([*starts, len(codes)]):
            if stop - start == 1:
                continue
            if stop - start > CODES_LIMIT:
                return False
            above = {codes[start]}
            for code, parent in zip(codes[start + 1 : stop], parents[start + 1 : stop], strict=True):
                if parent not in above:
                    return False
                above.add(code)
        return True

    def _stage(self, rows: Columns, starts: list[int]) -> None:
        """Stage the families that begin at these rows, but for the last one."""
        bounds = list(pairwise(starts))
        lines, codes, _parents, models, masses, moments = rows
        self._staging.add_plain(
            (lines[at], codes[at], None, RANKS[codes[at][3]], models[at], masses[at], moments[at]) for at, _ in bounds
        )
        self._staging.pack([(lines[at], rows.part(at + 1, stop)) for at, stop in bounds if stop - at > 1])
