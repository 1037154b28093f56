"""Reads the log as its reader does: the lines, parsed."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from traceability.logs import logging_config


@contextmanager
def log_lines() -> Iterator[list[dict[str, Any]]]:
    """Collect what is logged inside the block, as it would stand on stderr."""
    options = dict(logging_config(human=False, level="info")["formatters"]["lines"])
    del options["()"]
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**options))
    lines: list[dict[str, Any]] = []
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
        lines.extend(json.loads(line) for line in stream.getvalue().splitlines())
