"""The rows of one file on disk while they are checked: sorted, compared and put together there, whatever their number.

A private temporary database of SQLite that vanishes with its connection: what is staged can be read from the file
again, so nothing of it has to outlive a crash.
"""

import itertools
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import add, itemgetter
from typing import Any, Final, NamedTuple, Self

import orjson

from traceability import stored_problems
from traceability.errors import Problem
from traceability.founding import Part
from traceability.record_lines import BadRow

#: What becomes of a row.
NEW, SAME, CONFLICTING, REFUSED = range(4)
RANKS: Final = {"P": 2, "M": 1, "C": 0}
LEVELS: Final = {2: "pack", 1: "module", 0: "cell"}
_COLUMNS: Final = "line, code, parent, rank, model, mass, ms, key, tree, rest, known"
_SCHEMA: Final = """
CREATE TABLE row (
  line INTEGER PRIMARY KEY, code TEXT NOT NULL, parent TEXT, rank INTEGER NOT NULL, model TEXT NOT NULL, mass TEXT,
  ms INTEGER NOT NULL, key TEXT, tree TEXT, rest TEXT,
  state INTEGER NOT NULL DEFAULT 0, known INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE part (code TEXT NOT NULL, parent TEXT NOT NULL, model TEXT NOT NULL, mass TEXT, line INTEGER NOT NULL);
CREATE TABLE family (line INTEGER PRIMARY KEY, size INTEGER NOT NULL, rows TEXT NOT NULL);
CREATE TABLE packed (code TEXT NOT NULL);
CREATE TABLE problem (id INTEGER PRIMARY KEY, line INTEGER NOT NULL, code TEXT NOT NULL, path TEXT, params TEXT);
CREATE TEMP TABLE outside (code TEXT PRIMARY KEY) WITHOUT ROWID;
"""
#: A row `r` whose parent is no new row of the file, nor listed by one.
_ORPHAN: Final = """(
  r.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM row p WHERE p.code = r.parent AND p.state = 0)
  AND NOT EXISTS (SELECT 1 FROM part JOIN row p ON p.line = part.line WHERE part.code = r.parent AND p.state = 0))"""
#: Whether `said` says something else of a part than `first` does; what is left out contradicts nothing.
_OTHER: Final = """(
  said.parent <> first.parent OR said.mass <> first.mass
  OR (said.model <> first.model AND said.model <> '' AND first.model <> ''))"""

#: What a row says as a part of its parent: line, code, rank, model, mass, tree, known.
Child = list[Any]


class Staged(NamedTuple):
    """One good row: a battery as its maker describes it, every value normalised.

    `key` is None for the file's own (`<digest>#<code>`), `tree` the canonical JSON of the parts it lists itself, `rest`
    the JSON of whatever else a record said. `known` is 1 where the ledger has to judge, because somebody has spoken of
    the battery or of a part before, or for what the record lists.
    """

    line: int
    code: str
    parent: str | None
    rank: int
    model: str
    mass: str | None
    ms: int
    key: str | None = None
    tree: str | None = None
    rest: str | None = None
    known: int = 0


class Columns(NamedTuple):
    """Good rows of a table column by column, every value normalised; an empty parent is none."""

    lines: list[int]
    codes: list[str]
    parents: list[str]
    models: list[str]
    masses: list[str | None]
    moments: list[int]

    @classmethod
    def none(cls) -> Self:
        """No rows."""
        return cls([], [], [], [], [], [])

    def followed_by(self, others: "Columns") -> "Columns":
        """These rows and then those."""
        return Columns._make(map(add, self, others)) if self.lines else others

    def part(self, start: int, stop: int | None = None) -> "Columns":
        """Some of the rows."""
        return Columns._make(column[start:stop] for column in self)

    def rows(self) -> Iterator[tuple[int, str, str | None, int, str, str | None, int]]:
        """One by one, as `Staging.add_plain` takes them."""
        for line, code, parent, model, mass, ms in zip(*self, strict=True):
            yield line, code, parent or None, RANKS[code[3]], model, mass, ms


class Staging:
    """The rows and problems of one file."""

    def __init__(self) -> None:
        # No name: a file that SQLite unlinks at once and uses when its cache is full.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE; PRAGMA cache_size=-32000;"
        )
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        #: Whether any row names what it is built into, and whether any such parent is not in the file.
        self.has_parents = self.has_orphans = False
        #: Rows with anything on them, good or bad.
        self.count = 0
        #: The header is wrong, or it is no table: nothing can be taken.
        self.unusable = False
        #: Whether the rows of parts are packed, those of one battery as one text: none of them has a row of its own
        #: here, each is of a lower level than what it is built into, and that is in the same text or its battery.
        self.is_packed = False
        #: The first line with each manufacturer code among packed rows.
        self._prefixes: dict[str, int] = {}

    def close(self) -> None:
        """Give back the disk."""
        self._db.close()

    # Filling ---------------------------------------------------------------------------------------------------------

    def add(self, rows: Sequence[Staged | tuple[Any, ...]]) -> None:
        """Take good rows."""
        self._db.executemany(f"INSERT INTO row ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)  # noqa: S608 (names of our own)

    def add_plain(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take good rows that say nothing beyond `ms`."""
        self._db.executemany("INSERT INTO row (line, code, parent, rank, model, mass, ms) VALUES (?,?,?,?,?,?,?)", rows)

    def pack(self, families: Sequence[tuple[int, Columns]]) -> None:
        """Take the parts that follow a battery, each list with the line of the battery's own row."""
        if not families:
            return
        self.is_packed = True
        self._db.executemany(
            "INSERT INTO family VALUES (?,?,?)",
            ((line, len(rows.lines), orjson.dumps([*rows]).decode()) for line, rows in families),
        )
        codes = [code for _line, rows in families for code in rows.codes]
        self._db.execute("INSERT INTO packed SELECT value FROM json_each(?)", [orjson.dumps(codes).decode()])
        for prefix in {code[:3] for code in codes} - self._prefixes.keys():
            self._prefixes[prefix] = next(
                line for _, rows in families for line, code, *_ in zip(*rows, strict=True) if code[:3] == prefix
            )

    def unpack(self) -> None:
        """Give packed rows each a row of its own: something has to be looked at one by one."""
        if not self.is_packed:
            return
        self.is_packed, self.has_parents = False, True
        for (rows,) in self._db.cursor().execute("SELECT rows FROM family ORDER BY line"):
            self.add_plain(Columns(*orjson.loads(rows)).rows())
        self._db.executescript("DELETE FROM family; DELETE FROM packed;")

    def add_parts(self, line: int, parts: Iterable[Part]) -> None:
        """Take the parts that a row lists itself."""
        self._db.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?)", [(*part, line) for part in parts])

    def refuse(self, line: int, *problems: Problem) -> None:
        """Note what is wrong with a line."""
        self._db.executemany(
            "INSERT INTO problem (line, code, path, params) VALUES (?,?,?,?)",
            [(line, *stored_problems.write(problem)) for problem in problems],
        )

    # Within the file -------------------------------------------------------------------------------------------------

    def index(self) -> None:
        """All rows are there: make what follows quick."""
        if self.is_packed and self._packs_twice():
            self.unpack()
        self._db.executescript(
            "CREATE INDEX row_code ON row (code); CREATE INDEX part_code ON part (code);"
            "CREATE INDEX row_key ON row (key) WHERE key IS NOT NULL;"
        )
        self.has_parents = bool(self._one("SELECT EXISTS (SELECT 1 FROM row WHERE parent IS NOT NULL)"))

    def _packs_twice(self) -> bool:
        """Whether any code stands twice in a file with packed rows."""
        try:
            self._db.execute("CREATE UNIQUE INDEX packed_code ON packed (code)")
        except sqlite3.IntegrityError:
            return True
        return bool(
            self._one("SELECT EXISTS (SELECT 1 FROM row GROUP BY code HAVING count(*) > 1)")
            or self._one("SELECT EXISTS (SELECT 1 FROM row WHERE code IN (SELECT code FROM packed))")
        )

    def index_parents(self) -> None:
        """Make looking up the rows below a battery quick."""
        self._db.execute("CREATE INDEX IF NOT EXISTS row_parent ON row (parent) WHERE parent IS NOT NULL")

    def repeated(self) -> Iterator[tuple[int, str]]:
        """The good rows whose battery has one before: line and code; they are refused."""
        twice = "SELECT code, min(line) AS line FROM row GROUP BY code HAVING count(*) > 1"
        found = self._db.execute(
            f"SELECT row.line, row.code FROM row JOIN ({twice}) first USING (code) WHERE row.line > first.line"  # noqa: S608
        ).fetchall()
        self.mark(REFUSED, (line for line, _ in found))
        yield from found

    def repeated_keys(self) -> Iterator[tuple[int, str]]:
        """The good rows whose key an earlier one has: line and key; they are refused."""
        first = "SELECT key, min(line) AS line FROM row WHERE key IS NOT NULL AND state = 0 GROUP BY key"
        found = self._db.execute(
            f"SELECT row.line, key FROM row JOIN ({first}) first USING (key) WHERE row.line > first.line AND state = 0"  # noqa: S608
        ).fetchall()
        self.mark(REFUSED, (line for line, _ in found))
        yield from found

    def contradicted(self) -> Iterator[tuple[int, str]]:
        """The good rows that say of a part what an earlier list, or any list, says otherwise; they are refused.

        What is told in two places then says the same, and rows say of a part what was left to the list.
        """
        if not self._one("SELECT EXISTS (SELECT 1 FROM part)"):
            return
        first = "SELECT code, parent, model, mass, min(line) AS line FROM part GROUP BY code HAVING count(*) > 1"
        for query in (
            "SELECT line, code FROM part GROUP BY line, code HAVING count(*) > 1",
            f"SELECT said.line, code FROM part said JOIN ({first}) first USING (code) WHERE {_OTHER}",  # noqa: S608
            f"""SELECT said.line, code FROM row said JOIN part first USING (code)
                WHERE said.state = 0 AND said.parent IS NOT NULL AND {_OTHER} GROUP BY said.line""",  # noqa: S608
        ):
            self._db.execute("DELETE FROM part WHERE line NOT IN (SELECT line FROM row WHERE state = 0)")
            found = self._db.execute(query).fetchall()
            self.mark(REFUSED, (line for line, _ in found))
            yield from found
        self._db.execute("DELETE FROM part WHERE line NOT IN (SELECT line FROM row WHERE state = 0)")
        self._db.execute("""
            UPDATE row SET
              model = CASE WHEN model <> '' THEN model ELSE (SELECT max(model) FROM part WHERE code = row.code) END,
              mass = coalesce(mass, (SELECT max(mass) FROM part WHERE code = row.code))
            WHERE parent IS NOT NULL AND rest IS NULL AND code IN (SELECT code FROM part)
        """)

    def mark(self, state: int, lines: Iterable[int]) -> None:
        """Say what becomes of rows."""
        self._db.executemany("UPDATE row SET state = ? WHERE line = ?", ((state, line) for line in lines))

    def mark_known(self, codes: Collection[str]) -> None:
        """Note rows that anybody has spoken of before, and those that list such a part."""
        self._db.executemany("UPDATE row SET known = 1 WHERE code = ?", ((code,) for code in codes))
        self._db.executemany(
            "UPDATE row SET known = 1 WHERE line IN (SELECT line FROM part WHERE code = ?)",
            ((code,) for code in codes),
        )

    def mark_used(self, keys: Collection[str]) -> None:
        """Note rows whose key was used before."""
        self._db.executemany("UPDATE row SET known = 1 WHERE key = ?", ((key,) for key in keys))

    def mark_tangled(self) -> None:
        """Note rows that list a part which another row lists or is: what that leads to is for the ledger to judge."""
        if not self._one("SELECT EXISTS (SELECT 1 FROM part)"):
            return
        self._db.executescript("""
            UPDATE row SET known = 1 WHERE line IN (
              SELECT line FROM part WHERE code IN (SELECT code FROM part GROUP BY code HAVING count(*) > 1)
              UNION SELECT part.line FROM part JOIN row r ON r.code = part.code);
            UPDATE row SET known = 1 WHERE code IN (SELECT code FROM part);
        """)

    # Parents ---------------------------------------------------------------------------------------------------------

    def outside_parents(self) -> Iterator[list[str]]:
        """The parents of new rows that are no new rows themselves, in lists."""
        parents = "SELECT DISTINCT parent FROM row WHERE state = 0"
        query = f"SELECT parent FROM ({parents}) r WHERE {_ORPHAN}"  # noqa: S608
        self.has_orphans = bool(self._db.execute(f"{query} LIMIT 1").fetchall())
        if self.has_orphans:
            yield from self._codes(query)

    def admit(self, codes: Collection[str]) -> None:
        """Note batteries outside the file that may be parents."""
        self._db.executemany("INSERT OR IGNORE INTO outside VALUES (?)", ((code,) for code in codes))

    def wrong_parents(self) -> list[tuple[int, str, int, str]]:
        """New rows whose parent is of no higher level, or nowhere: line, parent, rank, code of the problem."""
        above = "CASE substr(r.parent, 4, 1) WHEN 'P' THEN 2 WHEN 'M' THEN 1 WHEN 'C' THEN 0 ELSE -1 END"
        columns = "SELECT r.line, r.parent, r.rank"
        low = f"{columns}, 'wrong_value' FROM row r WHERE r.state = 0 AND r.parent IS NOT NULL AND {above} <= r.rank"
        found = self._db.execute(low).fetchall()
        self.mark(REFUSED, (line for line, *_ in found))
        if found or self.has_orphans:
            # What was just refused may have been somebody's parent.
            self.has_orphans = True
            nowhere = f"{_ORPHAN} AND NOT EXISTS (SELECT 1 FROM outside o WHERE o.code = r.parent)"  # noqa: S608
            lost = self._db.execute(
                f"{columns}, 'unknown_battery' FROM row r WHERE r.state = 0 AND {nowhere}"
            ).fetchall()
            self.mark(REFUSED, (line for line, *_ in lost))
            found += lost
        return found

    # Reading ---------------------------------------------------------------------------------------------------------

    def ranges(self) -> Iterator[list[tuple[str, str]]]:
        """The runs of serial numbers of new rows and of the parts they list: lowest and highest code."""
        for source in ("row WHERE state = 0", "part WHERE true", "packed WHERE true"):
            run = "substr(code, 1, 17)"
            cursor = self._db.cursor().execute(f"SELECT min(code), max(code) FROM {source} GROUP BY {run}")  # noqa: S608
            while rows := cursor.fetchmany(20_000):
                yield rows

    def between(self, low: str, high: str) -> Iterator[list[str]]:
        """The codes of new rows and of listed parts in a range, in lists."""
        for source in ("row WHERE state = 0 AND", "part WHERE", "packed WHERE"):
            yield from self._codes(f"SELECT code FROM {source} code BETWEEN ? AND ?", low, high)  # noqa: S608

    def given_keys(self) -> Iterator[list[str]]:
        """The keys that new rows bring along, in lists."""
        yield from self._codes("SELECT key FROM row WHERE key IS NOT NULL AND state = 0")

    def only_listed(self, codes: Collection[str]) -> list[str]:
        """Which of these batteries have no new row of their own."""
        query = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT code FROM row WHERE state = 0)"
        return [code for (code,) in self._db.execute(query, [orjson.dumps(list(codes)).decode()])]

    def rows_of(self, codes: Collection[str]) -> list[Staged]:
        """The new rows of these batteries."""
        return self._rows("code IN (SELECT value FROM json_each(?))", codes)

    def children_of(self, codes: Collection[str]) -> dict[str, list[Child]]:
        """The new rows that fold into these parents."""
        columns = "parent, line, code, rank, model, mass, tree, known"
        query = f"SELECT {columns} FROM row WHERE parent IN (SELECT value FROM json_each(?))"  # noqa: S608
        found: dict[str, list[Child]] = {}
        given = [orjson.dumps(list(codes)).decode()]
        for parent, *child in self._db.execute(f"{query} AND rest IS NULL AND state = 0", given):
            found.setdefault(parent, []).append(child)
        return found

    def crowded(self, limit: int) -> list[tuple[str, int]]:
        """The batteries with more than so many rows folded into them, and how many there are."""
        query = "SELECT parent, count(*) FROM row WHERE state = 0 AND parent IS NOT NULL GROUP BY parent"
        if not self.has_parents:
            return []
        return self._db.execute(f"{query} HAVING count(*) > ?", [limit]).fetchall()

    def needs_judging(self) -> bool:
        """Whether the ledger has to judge any new row: it was spoken of, says more, or is a part of what is outside."""
        odd = "state = 0 AND (known OR rest IS NOT NULL OR length(code) <> 24)"
        return self.has_orphans or bool(self._one(f"SELECT EXISTS (SELECT 1 FROM row WHERE {odd})"))  # noqa: S608

    def tops(self) -> Iterator[Staged]:
        """The new rows that fold into no other, packs first."""
        alone = ""
        if self.has_parents:
            orphan = f" OR {_ORPHAN}" if self.has_orphans else ""
            alone = f"AND (parent IS NULL OR rest IS NOT NULL{orphan})"
        order = "rank DESC, line" if self._one("SELECT min(rank) < max(rank) FROM row") else "line"
        query = f"SELECT {_COLUMNS} FROM row r WHERE state = 0 {alone} ORDER BY {order}"  # noqa: S608
        yield from itertools.starmap(Staged, self._db.cursor().execute(query))

    def packed(self) -> Iterator[tuple[Staged, Columns]]:
        """The batteries of a file with packed rows, each with the rows below it, in the order of the file."""
        query = f"SELECT {_COLUMNS}, rows FROM row LEFT JOIN family USING (line) WHERE state = 0 ORDER BY line"  # noqa: S608
        for *top, rows in self._db.cursor().execute(query):
            yield Staged(*top), Columns(*orjson.loads(rows)) if rows else Columns.none()

    def states(self) -> dict[int, int]:
        """How many rows became what."""
        query = "SELECT state, count(*) + total(size) FROM row LEFT JOIN family USING (line) GROUP BY state"
        return {state: int(count) for state, count in self._db.execute(query)}

    def prefixes(self) -> list[tuple[str, int]]:
        """Each manufacturer code with the first line that has it."""
        first = dict(self._db.execute("SELECT substr(code, 1, 3), min(line) FROM row GROUP BY 1"))
        for prefix, line in self._prefixes.items():
            first[prefix] = min(line, first.get(prefix, line))
        return sorted(first.items(), key=itemgetter(1))

    def bad_lines(self) -> int:
        """How many lines have a problem."""
        return int(self._one("SELECT count(DISTINCT line) FROM problem"))

    def problems(self) -> Iterator[BadRow]:
        """What is wrong, in the order of lines."""
        query = "SELECT line, code, path, params FROM problem ORDER BY line, id"
        for line, *stored in self._db.cursor().execute(query):
            yield BadRow(line, stored_problems.read(*stored))

    def _rows(self, where: str, codes: Collection[str]) -> list[Staged]:
        query = f"SELECT {_COLUMNS} FROM row WHERE {where} AND state = 0 ORDER BY line"  # noqa: S608
        return [Staged(*row) for row in self._db.execute(query, [orjson.dumps(list(codes)).decode()])]

    def _codes(self, query: str, *given: str) -> Iterator[list[str]]:
        cursor = self._db.cursor().execute(query, given)
        while rows := cursor.fetchmany(20_000):
            yield [code for (code,) in rows]

    def _one(self, query: str) -> Any:
        return self._db.execute(query).fetchone()[0]
