"""How far a file is that somebody waits for: noted by who writes it, read by the page that asked for it.

The page makes up a key and sends it along (`?following=<key>`); who sends none is not followed. Notes lie where sent
files lie (`IMPORTS_DIR`), so that any process of any server can read them.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from django.conf import settings
from django.http import HttpRequest

from traceability.access import Viewer

T = TypeVar("T")
WORKING, DONE, FAILED = "working", "done", "failed"
KEY: Final = re.compile(r"[0-9a-f]{32}")
#: Seconds between two notes of one file, and after which a note is of no use to anybody.
_EVERY: Final = 0.5
_OLD: Final = 86_400


def find(viewer: Viewer, key: str) -> dict[str, Any]:
    """Say how far a file is: `state`, and `count` of `total` rows where these are counted."""
    with suppress(FileNotFoundError, ValueError):
        return dict(json.loads(_path(viewer, key).read_text()))
    return {"state": WORKING}


@contextmanager
def followed(request: HttpRequest, viewer: Viewer) -> Iterator[None]:
    """Note that a file is being made while the block runs, and how that ended."""
    key = _key_of(request)
    if key is None:
        yield
        return
    _sweep()
    _note(viewer, key, state=WORKING)
    try:
        yield
    except BaseException:
        _note(viewer, key, state=FAILED)
        raise
    _note(viewer, key, state=DONE)


def counted(request: HttpRequest, viewer: Viewer, rows: Iterable[T], total: Callable[[], int]) -> Iterable[T]:
    """Note how many of the rows were taken, for who follows."""
    key = _key_of(request)
    return rows if key is None else _counted(viewer, key, rows, total())


def _counted(viewer: Viewer, key: str, rows: Iterable[T], total: int) -> Iterator[T]:
    noted = time.monotonic() - _EVERY
    for count, row in enumerate(rows):
        if (now := time.monotonic()) >= noted + _EVERY:
            _note(viewer, key, state=WORKING, count=count, total=total)
            noted = now
        yield row


def _key_of(request: HttpRequest) -> str | None:
    key = request.GET.get("following", "")
    return key if KEY.fullmatch(key) else None


def _path(viewer: Viewer, key: str) -> Path:
    return Path(settings.IMPORTS_DIR) / "following" / f"{viewer.organisation_id}-{key}"


def _note(viewer: Viewer, key: str, **told: Any) -> None:
    path = _path(viewer, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".new")
    written.write_text(json.dumps(told))
    # Whoever reads meanwhile reads the old one, whole.
    os.replace(written, path)


def _sweep() -> None:
    folder = Path(settings.IMPORTS_DIR) / "following"
    for left in folder.glob("*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - _OLD:
                left.unlink()
