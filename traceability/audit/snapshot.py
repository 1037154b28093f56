"""A snapshot of the relations as Parquet files, for engines that read files: all of one moment, seen as of one day.

Rows stream from the Django connection a block at a time, so that memory does not grow with the record. The files hold
what the relations hold, vehicle identification numbers included: only their owner may read them, and they go with the
block that took them.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from django.conf import settings
from django.db import connection
from pyarrow import csv, parquet

from traceability.audit.compiling import compiled, relations, rules, used
from traceability.audit.finding import Place
from traceability.audit.relations import Relation
from traceability.audit.rule import COLUMNS
from traceability.audit.staging import execute

#: Rows at a time where rows are made into columns here, and bytes at a time where that is done for us.
_ROWS: Final = 50_000
_BYTES: Final = 16 << 20
#: Large enough for an engine to read by, small enough to hold.
_GROUP: Final = 200_000
_TYPES: Final = {"i": pa.int64(), "t": pa.string()}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A folder of relations, with room for what an engine finds in them and for what it cannot hold."""

    place: Place
    folder: Path
    #: The file of each relation that the rules speak of.
    files: Mapping[str, Path]

    @property
    def spill(self) -> Path:
        """Where an engine may put what does not fit into memory."""
        return self.folder / "spill"

    def statements(self, dialect: str) -> Iterator[tuple[str, Path]]:
        """Each rule's statement in a dialect, and where its result is to be written as Parquet: a file or a folder."""
        for name, rule in rules().items():
            statement = compiled(rule, dialect).format(as_of=self.place.as_of)
            yield statement, self.folder / "found" / f"{name}.parquet"

    def found(self) -> Iterator[tuple[Any, ...]]:
        """What the rules have found, by their codes."""
        for name, rule in rules().items():
            place = self.folder / "found" / f"{name}.parquet"
            for path in sorted(place.glob("*.parquet")) if place.is_dir() else [place]:
                yield from ((rule.code, *row) for row in _read(path))


@contextmanager
def taken(place: Place) -> Iterator[Snapshot]:
    """Take a snapshot for the rules; the folder is there as long as the block runs."""
    parent = Path(settings.AUDIT_SNAPSHOTS_DIR)
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="audit-", dir=parent))
    try:
        for name in ("relations", "found", "spill"):
            (folder / name).mkdir()
        yield Snapshot(place, folder, write(place, folder / "relations"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(place: Place, folder: Path) -> dict[str, Path]:
    """Write the relations that the rules speak of; gives the file of each. Relations that are alike share one."""
    wanted = {relation for name in rules() for relation in used(name)}
    files: dict[str, Path] = {}
    written: dict[str, Path] = {}
    with _one_moment():
        for name, relation in relations().items():
            if name not in wanted:
                continue
            # Where everything is judged, what is judged is what is looked up.
            alike = relation.whole or relation.sql.replace(" AND {scope}", "")
            if alike not in written:
                written[alike] = folder / f"{name}.parquet"
                _write(written[alike], relation, _statement(place, name, relation))
            files[name] = written[alike]
    return files


def _statement(place: Place, name: str, relation: Relation) -> str:
    columns = ", ".join(relation.columns)
    return place.placed(f'SELECT {columns} FROM "{name}"', (name,))


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let every relation be read as of the same moment, and keep no writer waiting."""
    if connection.in_atomic_block:
        yield
        return
    execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" if connection.vendor == "postgresql" else "BEGIN")
    try:
        yield
    finally:
        execute("ROLLBACK")


def _write(path: Path, relation: Relation, statement: str) -> None:
    schema = pa.schema([(name, _TYPES[type_]) for name, type_ in relation.columns.items()])
    batches = _copied if connection.vendor == "postgresql" else _fetched
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting: list[Any] = []
        for batch in batches(statement, schema):
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= _GROUP:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting.clear()
        writer.write_table(pa.Table.from_batches(waiting, schema))


def _fetched(statement: str, schema: Any) -> Iterator[Any]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_ROWS):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            yield pa.record_batch(arrays, schema=schema)


def _copied(statement: str, schema: Any) -> Iterator[Any]:
    """As the server writes them and Arrow reads them: a third of the time that rows as objects of Python take."""
    read = csv.ReadOptions(column_names=schema.names, block_size=_BYTES, use_threads=False)
    # Nothing between two commas is null, two quotation marks are an empty text.
    convert = csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    asked = f"COPY ({statement}) TO STDOUT (FORMAT CSV)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(asked) as copy:
        # Told apart here, since a reader of nothing does not know its columns.
        first = bytes(copy.read())
        if first:
            source = pa.PythonFile(_Stream(first, copy), mode="r")
            with csv.open_csv(source, read_options=read, parse_options=parse, convert_options=convert) as reader:
                yield from reader


class _Stream:
    """The answer to COPY as a file."""

    closed = False

    def __init__(self, first: bytes, copy: Iterable[Any]) -> None:
        self._left = first
        self._blocks = iter(copy)

    def read(self, size: int = -1) -> bytes:
        """The next bytes, so many unless it ends."""
        pieces, length = [self._left], len(self._left)
        while length < size or size < 0:
            block = next(self._blocks, None)
            if block is None:
                break
            pieces.append(bytes(block))
            length += len(block)
        whole = b"".join(pieces)
        cut = len(whole) if size < 0 else size
        self._left = whole[cut:]
        return whole[:cut]

    def close(self) -> None:
        """Nothing: the cursor is closed by its owner."""


def _read(path: Path) -> Iterator[tuple[Any, ...]]:
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS, columns=list(COLUMNS)):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
