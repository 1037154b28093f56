"""Progress of long commands: a bar on the terminal's error stream, nothing when that is no terminal."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def phases(names: Mapping[str, Any]) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function to call with the phase that runs, how much of it is done and of how much; shows the time left."""
    if not sys.stderr.isatty():
        yield lambda _phase, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def heard(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(str(names[phase]), total=total)
            bar.update(tasks[phase], completed=done, total=total)

        yield heard


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
