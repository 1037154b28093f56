"""Preparing the next piece of work while the database is busy with this one."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()


def ahead(values: Iterable[T]) -> Generator[T, None, None]:
    """Give values that a thread of its own makes, one ahead of whoever takes them; its errors are raised here."""
    made: Queue[Any] = Queue(1)
    stopped = Event()

    def put(value: Any) -> None:
        while not stopped.is_set():
            with suppress(Full):
                made.put(value, timeout=0.1)
                return

    def make() -> None:
        try:
            for value in values:
                put((value, None))
                if stopped.is_set():
                    return
            put((_END, None))
        except BaseException as error:  # whatever it is, it is the taker's
            put((_END, error))

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        yield from _taken(made.get)
    finally:
        stopped.set()
        with suppress(Empty):
            made.get_nowait()
        thread.join()


def _taken(get: Callable[[], Any]) -> Iterator[Any]:
    while True:
        value, error = get()
        if error is not None:
            raise error
        if value is _END:
            return
        yield value
