"""Finding gaps in the Django database: the rules' statements, executed where the record lives."""

import re
from dataclasses import dataclass, replace
from typing import Final

from django.db import connection

from traceability import law
from traceability.audit import calendar, statute
from traceability.audit.compiling import compiled, in_place, relations, rules, used
from traceability.audit.relations import HEADS_NOW
from traceability.audit.rule import Rule

_DAY: Final = re.compile(r"DAY_OF\((\w+)\)")
_MONTH: Final = re.compile(r"MONTH_OF\((\w+)\)")
#: A date as a day, and as `2024-03`, in each dialect.
_DATES: Final = {
    "postgresql": (r"(\1 - DATE '1970-01-01')", r"to_char(\1, 'YYYY-MM')"),
    "sqlite": (r"CAST(julianday(\1) - 2440587.5 AS INTEGER)", r"strftime('%Y-%m', \1)"),
}
EVERYTHING: Final = "1 = 1"


@dataclass(frozen=True)
class Place:
    """Where and when the rules are asked: the day, how heads are read then, and what is judged.

    `scope` is a condition on `record_id`, of our own words; `steps` a table where the steps within it stand already.
    """

    as_of: int | str
    heads: str
    scope: str = EVERYTHING
    steps: str = ""
    #: The last moment of the day, where that is not yet known either.
    end: str = ""

    def only(self, scope: str) -> "Place":
        """The same for a part of the batteries."""
        return replace(self, scope=scope)

    def statement(self, rule: Rule) -> str:
        """A rule as one SQL statement here; its columns are `rule.COLUMNS`."""
        return self.placed(compiled(rule, connection.vendor), used(rule.name))

    def pending(self) -> str:
        """The chains whose end is no completion yet, as one SQL statement: `record_id`."""
        parts = [
            f"SELECT p.record_id FROM ({self.placed(compiled(rule, connection.vendor, 'pending'), names)}) p"
            for rule in rules().values()
            if rule.pending is not None
            for names in [used(rule.name, "pending")]
        ]
        return " UNION ALL ".join(parts)

    def widening(self, rule: Rule, changed: str) -> str:
        """The statement for what else is judged; `changed` selects the ids and codes of what changed."""
        names = used(rule.name, "widen")
        sql = self.placed(compiled(rule, connection.vendor, "widen"), names)
        # Not written down in between: the planner knows the table that these ids are selected from.
        return f'WITH "changed" AS NOT MATERIALIZED ({changed}), {sql[5:]}'

    def placed(self, statement: str, names: tuple[str, ...]) -> str:
        """A statement over these relations, as it is asked of this database."""
        fill = {
            "as_of": self.as_of,
            "end": self.end or calendar.end_of(int(self.as_of)),
            "scope": self.scope,
            **statute.tables(law.book().digest),
        }
        return in_place(statement, names, sources(self.heads, self.steps, whole=self.scope == EVERYTHING), fill)


def sources(heads: str, steps: str = "", *, whole: bool = False) -> dict[str, str]:
    """How each relation is read from this database; `whole` where everything is judged."""
    found = {
        name: (whole and relation.whole) or (heads == HEADS_NOW and relation.now) or relation.sql
        for name, relation in relations().items()
    }
    # The scope is asked of heads as well, whichever way they are read.
    found["heads"], found["every_head"] = f"SELECT * FROM ({heads}) h WHERE {{scope}}", heads
    if steps:
        found["steps"] = f"SELECT * FROM {steps}"
    return {name: _dated(sql) for name, sql in found.items()}


def _dated(sql: str) -> str:
    day, month = _DATES[connection.vendor]
    return _MONTH.sub(month, _DAY.sub(day, sql))


def one_statement(place: Place) -> str:
    """All rules as one statement, each row with its gap code before the columns of `rule.COLUMNS`."""
    parts = [f"SELECT '{rule.code}' AS code, f.* FROM ({place.statement(rule)}) f" for rule in rules().values()]
    return " UNION ALL ".join(parts)
