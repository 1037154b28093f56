"""The relations that the rules are written over: plain tables of whole numbers and words, alike on every engine.

Times are milliseconds since 1970, days are days since 1970-01-01 at +08:00, flags are 0 or 1. In the database they are
read by these statements; elsewhere they are files with the same columns. Placeholders: `{end}` the last moment of the
day that is audited, `{scope}` a condition on `record_id` for what is judged, tables of the law by their names; `DAY_OF`
makes a date a day.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: At +08:00.
OFFSET_MS: Final = 8 * 3_600_000
DAY_MS: Final = 86_400_000


#: Days before and after any other: in force since ever, and for ever.
ALWAYS: Final = -1_000_000
NEVER: Final = 1_000_000


def _day(column: str) -> str:
    return f"(({column} + {OFFSET_MS}) / {DAY_MS})"


@dataclass(frozen=True, slots=True)
class Relation:
    """A table as the rules see it."""

    #: Column → type: `i` whole number, `t` text.
    columns: dict[str, str]
    #: How it is read from the Django database.
    sql: str
    #: Cut to what is judged.
    scoped: bool = False
    #: Likewise, while every report is seen, and where everything is judged; empty for the same.
    now: str = ""
    whole: str = ""

    def table(self, name: str) -> "ir.Table":
        """It as a table of an expression; nothing is said of what may be missing."""
        import ibis  # a second to load, and most processes never judge a chain

        types = {"i": "int64", "t": "string"}
        return ibis.table({column: types[kind] for column, kind in self.columns.items()}, name=name)


_STEP: Final = {
    "event_id": "i",
    "record_id": "i",
    "arrival": "i",
    "type": "t",
    "organisation_id": "i",
    "other_id": "i",
    "occurred_ms": "i",
    "reported_ms": "i",
    "day": "i",
    "reported_day": "i",
    "stage_before": "t",
    "stage_after": "t",
    "holder_before": "i",
    "transit_before": "i",
    "fault": "t",
    "unannounced": "i",
}
_STEPS: Final = f"""
  SELECT event_id, record_id, arrival, type, organisation_id, other_id, occurred_ms, reported_ms,
    {_day("occurred_ms")} AS day, {_day("reported_ms")} AS reported_day, stage_before, stage_after,
    holder_before, transit_before, fault, CASE WHEN unannounced THEN 1 ELSE 0 END AS unannounced
  FROM traceability_step WHERE effective AND reported_ms <= {{end}}"""
#: Where each chain stands. While every report is seen, the records know; else its last seen step does.
HEADS_NOW: Final = f"""
  SELECT id AS record_id, code, level, stage, holder_id, transit_event, last_ms, {_day("last_ms")} AS last_day,
    CASE WHEN part_of = '' THEN 0 ELSE 1 END AS inside
  FROM traceability_lifecyclerecord WHERE kind = 'battery' AND chain_id IS NULL AND started"""
HEADS_THEN: Final = f"""
  SELECT s.record_id, r.code, r.level, s.stage_after AS stage, s.holder_after AS holder_id,
    s.transit_event_after AS transit_event, s.occurred_ms AS last_ms, {_day("s.occurred_ms")} AS last_day,
    CASE WHEN r.part_of = '' THEN 0 ELSE 1 END AS inside
  FROM traceability_lifecyclerecord r JOIN (
    SELECT record_id, stage_after, holder_after, transit_event_after, occurred_ms,
      row_number() OVER (PARTITION BY record_id ORDER BY occurred_ms DESC, arrival DESC) AS place
    FROM traceability_step WHERE effective AND reported_ms <= {{end}}) s ON s.record_id = r.id AND s.place = 1
  WHERE r.kind = 'battery' AND r.chain_id IS NULL"""

_HEAD: Final = {
    "record_id": "i",
    "code": "t",
    "level": "t",
    "stage": "t",
    "holder_id": "i",
    "transit_event": "i",
    "last_ms": "i",
    "last_day": "i",
    "inside": "i",
}

_NAME: Final = {"code": "t", "record_id": "i"}
_NAMES: Final = """
  SELECT code, CAST(COALESCE(chain_id, id) AS BIGINT) AS record_id
  FROM traceability_lifecyclerecord WHERE kind = 'battery'"""

RELATIONS: dict[str, Relation] = {
    # What is judged.
    "steps": Relation(_STEP, _STEPS + " AND {scope}", scoped=True),
    "heads": Relation(_HEAD, HEADS_NOW, scoped=True),
    # What is looked up.
    "every_step": Relation(_STEP, _STEPS),
    "every_head": Relation(_HEAD, HEADS_NOW),
    # A provisional identity's record, once it is identified, is that of the true code.
    "names": Relation(_NAME, _NAMES),
    "joined_names": Relation(
        _NAME,
        """
  SELECT code, chain_id AS record_id FROM traceability_lifecyclerecord
  WHERE kind = 'battery' AND chain_id IS NOT NULL""",
    ),
    "judged_names": Relation(_NAME, f"SELECT * FROM ({_NAMES}) n WHERE {{scope}}", scoped=True),
    "components": Relation(
        {"code": "t", "parent_code": "t", "since_event": "i", "since_ms": "i", "until_ms": "i"},
        """
  SELECT c.code, c.parent_code, c.since_event_id AS since_event, c.since_ms, c.until_ms
  FROM traceability_component c JOIN traceability_step s ON s.event_id = c.since_event_id
  WHERE s.reported_ms <= {end}""",
        now="""
  SELECT code, parent_code, since_event_id AS since_event, since_ms, until_ms FROM traceability_component""",
    ),
    "details": Relation(
        {"event_id": "i", "name": "t", "value": "t"},
        """
  SELECT event_id, name, value FROM traceability_stepdetail""",
    ),
    # What stands since the last run: for a run over what changed, no engine is asked of it.
    "open_gaps": Relation(
        {"code": "t", "record_id": "i"},
        """
  SELECT code, record_id FROM traceability_gap WHERE closed_in_id IS NULL""",
    ),
    "organisations": Relation(
        {"organisation_id": "i", "code": "t", "roles": "t", "region": "t"},
        """
  SELECT id AS organisation_id, code, roles, region FROM traceability_organisation""",
    ),
    "organisation_records": Relation(
        {"organisation_id": "i", "record_id": "i"},
        """
  SELECT o.id AS organisation_id, r.id AS record_id FROM traceability_organisation o
  JOIN traceability_lifecyclerecord r ON r.kind = 'organisation' AND r.code = o.code""",
    ),
    "deadlines": Relation(
        {
            "role": "t",
            "type": "t",
            "retired_only": "i",
            "from_day": "i",
            "until_day": "i",
            "days": "i",
            "working": "i",
            "enforced": "i",
        },
        "{deadlines}",
    ),
    "working_days": Relation(
        {"day": "i", "days": "i", "due_day": "i"},
        """
  SELECT day, days, due_day FROM traceability_workingday""",
    ),
    "forbidden_uses": Relation({"application": "t", "from_day": "i", "until_day": "i"}, "{forbidden_uses}"),
}
