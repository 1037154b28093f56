"""Progress of long commands: a bar on the terminal's error stream, nothing when that is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def shown(description: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Give a function to call with how much is done (of `total`, where that is known)."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # Imported here: most runs are started by programs and show nothing.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.update(task, completed=done)
