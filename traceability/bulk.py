"""Writing many rows at once: one statement a batch, or COPY where there are thousands."""

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import orjson
from django.db import connection, models

M = TypeVar("M", bound=models.Model)
#: PostgreSQL's protocol counts parameters in 16 bits; Django divides up for SQLite itself.
PARAMETERS: Final = 65_000


@contextmanager
def uncollected() -> Iterator[None]:
    """Let nobody look for cycles meanwhile: rows by the thousand are in none, and each look goes through all there is.

    Others in this process wait with theirs as long: to be left between one chunk and the next.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def insert(rows: Iterable[M], **options: Any) -> Sequence[M]:
    """Insert (or upsert, with the options of `bulk_create`) rows of one model; gives them with their keys."""
    found = list(rows)
    if not found:
        return found
    model = type(found[0])
    width = len(model._meta.concrete_fields)
    size = PARAMETERS // width if connection.vendor == "postgresql" else None
    return model._default_manager.bulk_create(found, batch_size=size, **options)


def columns(model: type[models.Model], *, key: bool) -> list[str]:
    """The attributes of a model's columns, in their order; `key`: with the primary key that the database would give."""
    return [field.attname for field in model._meta.concrete_fields if key or not field.primary_key]


def prepared(row: models.Model, names: Sequence[str]) -> list[Any]:
    """The values of these attributes as the database takes them."""
    fields = {field.attname: field for field in row._meta.concrete_fields}
    return [fields[name].get_db_prep_save(getattr(row, name), connection) for name in names]


def load(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows by COPY on PostgreSQL, by one prepared statement on SQLite; constraints and triggers hold as ever.

    Args:
        names: the attributes that the rows give, in their order (`record_id`, not `record`).
        rows: values as the database takes them (see `prepared`).
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    quoted = ", ".join(connection.ops.quote_name(str(fields[name].column)) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django translates the errors of its own calls only.
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {table} ({quoted}) FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types([_type(fields[name]) for name in names])
                write = copy.write_row
                for row in rows:
                    write(row)
            return
        marks = ", ".join(["%s"] * len(names))
        cursor.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({marks})", cast(Any, rows))  # noqa: S608 (names of our own)


def _type(field: "models.Field[Any, Any]") -> str:
    """PostgreSQL's name of a column's type, without its length."""
    return str(field.db_type(connection)).split("(")[0]


def numbers(model: type[models.Model], count: int) -> list[int]:
    """Take so many new primary keys of a model; the transaction has to hold SQLite's write lock already."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s::int)", [table, count]
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return list(range(first, first + count))


def occupied(
    model: type[models.Model], name: str, ranges: Sequence[tuple[str, str]], where: str = "TRUE"
) -> set[tuple[str, str]]:
    """Which of these ranges of texts, ends included, hold anything of a column; `where` as in `present`."""
    column, table = connection.ops.quote_name(name), connection.ops.quote_name(model._meta.db_table)
    within = f"EXISTS (SELECT 1 FROM {table} WHERE {column} BETWEEN low AND high AND {where})"  # noqa: S608
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = "unnest(%s::text[], %s::text[]) AS given(low, high)"
            with connection.wrap_database_errors:
                lows, highs = map(list, zip(*ranges, strict=True))
                cursor.cursor.execute(f"SELECT low, high FROM {given} WHERE {within}", [lows, highs], prepare=False)  # noqa: S608
        else:
            given = "SELECT json_extract(value, '$[0]') AS low, json_extract(value, '$[1]') AS high FROM json_each(%s)"
            text = orjson.dumps(ranges).decode()
            cursor.execute(f"SELECT low, high FROM ({given}) WHERE {within}", [text])  # noqa: S608
        return {(low, high) for low, high in cursor.fetchall()}


def present(model: type[models.Model], name: str, values: Collection[str], where: str = "TRUE") -> set[str]:
    """Which of many texts stand in a column: one statement and one parameter, however many there are.

    `where` is a further condition in SQL, of our own words.
    """
    column, table = connection.ops.quote_name(name), connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = f"unnest(%s::text[]) AS given(value) JOIN {table} ON {column} = given.value"
            # Planned anew each time: a plan made while the table was empty would read all of it for ever.
            with connection.wrap_database_errors:
                cursor.cursor.execute(f"SELECT {column} FROM {given} WHERE {where}", [list(values)], prepare=False)  # noqa: S608
        else:
            among = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608
            text = orjson.dumps(list(values)).decode()
            cursor.execute(f"SELECT {column} FROM {table} WHERE {among} AND {where}", [text])  # noqa: S608
        return {value for (value,) in cursor.fetchall()}
