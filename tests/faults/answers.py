"""Reading what `tests.faults.writer` wrote."""

import json
from collections.abc import Iterable

from tests.faults.writer import keys


def acknowledged(writer: int, lines: Iterable[str]) -> list[str]:
    """The keys of all calls that were answered, each once, in order."""
    numbers = dict.fromkeys(told["number"] for told in map(json.loads, lines) if "statuses" in told)
    return [key for number in numbers for key in keys(writer, number)]


def failures(lines: Iterable[str]) -> list[str]:
    """Why calls had no answer."""
    return [told["failed"] for told in map(json.loads, lines) if "failed" in told]
