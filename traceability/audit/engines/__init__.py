"""Engines of the audit beside the database: each is one module that asks (`ask`) the rules of a snapshot.

What an engine finds is taken into the same table as what the database finds, and compared, told and kept from there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from os import environ
from typing import Any, Final

from traceability.audit.finding import Place
from traceability.errors import refuse

DATABASE: Final = "database"
DUCKDB: Final = "duckdb"
SPARK: Final = "spark"
#: The engines by their names, as the command and the record of a run have them; modules are read when they are used.
ENGINES: Final = (DATABASE, DUCKDB, SPARK)


def check(engine: str, master: str | None = None) -> None:
    """Refuse an engine that cannot run here, before anything is begun.

    Raises:
        Refusal: `wrong_value`, `missing_field`, `engine_missing`, `java_missing`.
    """
    if engine not in ENGINES:
        raise refuse("wrong_value", ("engine",), value=engine, expected=", ".join(ENGINES))
    if engine == DATABASE:
        return
    try:
        _module("snapshot")
        _module(f"engines.{engine}")
    except ModuleNotFoundError as error:
        raise refuse("engine_missing", ("engine",), value=engine) from error
    if engine == SPARK:
        if not master:
            raise refuse("missing_field", ("master",), value="master")
        if shutil.which("java", path=_java()) is None:
            raise refuse("java_missing", ("engine",), value=engine)


@contextmanager
def asked(place: Place, engine: str, master: str | None = None) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Ask every rule of an engine: (code, record, event, organisation, since day, evidence)."""
    with _module("snapshot").taken(place) as taken:
        _module(f"engines.{engine}").ask(taken, master)
        yield taken.found()


def _module(name: str) -> Any:
    return import_module(f"traceability.audit.{name}")


def _java() -> str | None:
    home = environ.get("JAVA_HOME")
    return f"{home}/bin" if home else None
