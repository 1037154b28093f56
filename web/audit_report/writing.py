"""Writing a file beside its place first: who looks there finds the whole of it, or what was there before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from django.core.management.base import CommandError


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes its place when all went well.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            beside = Path(file.name)
            try:
                yield file  # type: ignore[misc]
                file.flush()
                beside.chmod(0o644)
                os.replace(beside, path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
