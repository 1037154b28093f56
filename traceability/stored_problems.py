"""Problems kept in a table until somebody reads them, each in the own language."""

from typing import Any

import orjson
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, override

from traceability.errors import Problem


def write(problem: Problem) -> tuple[str, str, str]:
    """Give a problem as three texts: its code, its path, and what its sentence needs."""
    params = {name: _written(value) for name, value in problem.params.items()}
    path = [writable(step) for step in problem.path]
    return problem.code, orjson.dumps(path).decode(), orjson.dumps(params).decode()


def read(code: str, path: str, params: str) -> Problem:
    """Read a problem again; its sentence is in the language of whoever reads it then."""
    told = {name: _Told(value) if isinstance(value, dict) else value for name, value in orjson.loads(params).items()}
    return Problem(code, tuple(orjson.loads(path)), told)


def _written(value: Any) -> Any:
    """What is translated when it is read is kept in every language there is."""
    if not isinstance(value, Promise):
        return value if isinstance(value, int) else writable(str(value))
    found = {}
    for language, _ in settings.LANGUAGES:
        with override(language):
            found[language] = writable(str(value))
    return found


def writable(text: str) -> str:
    """A sender's text as every database takes it: no lone surrogate, no NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


class _Told:
    """A text in several languages that is read as the one of the moment."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def __str__(self) -> str:
        return self._texts.get(get_language() or "") or next(iter(self._texts.values()))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)
