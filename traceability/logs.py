"""Structured logs: one JSON object a line on stderr, or a readable line while developing.

Payloads, variables and query strings are never logged. Whatever a client can choose (a header, a path, a key) is
escaped and cut, so that lines out equal events in.
"""

import json
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Longer texts are cut; only a traceback may be longer.
LONGEST = 2_000
#: Everything that can end a line, steer a terminal, turn the direction of a text or be no character at all.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

Event = MutableMapping[str, Any]


def logging_config(*, human: bool, level: str) -> dict[str, Any]:
    """Give Django's LOGGING: JSON lines, or coloured ones when `human`. structlog's loggers are sent the same way."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _forget_the_request,
        _keep_calm,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendering: list[Any] = (
        [_tame, structlog.dev.ConsoleRenderer()]
        if human
        else [structlog.processors.format_exc_info, _tame, structlog.processors.JSONRenderer(serializer=_one_line)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": "structlog.stdlib.ProcessorFormatter",
                "foreign_pre_chain": before,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # Its debug lines hold the parameters of every statement.
            "django.db.backends": {"level": "INFO"},
            # What was refused has its line already, from RequestMiddleware; only faults are told here, with traceback.
            "django.request": {"level": "ERROR"},
            # Repeats each request with its query string; RequestMiddleware writes the line that is wanted.
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        },
    }


def _forget_the_request(_logger: Any, _name: str, event: Event) -> Event:
    # Django hands the whole request along; its text holds the query string.
    event.pop("request", None)
    return event


def _keep_calm(_logger: Any, _name: str, event: Event) -> Event:
    # A hostile request (a host that is not ours, too many fields) is one line, not a fault with a traceback.
    if str(event.get("logger", "")).startswith("django.security"):
        event.pop("exc_info", None)
    return event


def _tame(_logger: Any, _name: str, event: Event) -> Event:
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            cut = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
            event[key] = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)
    return event


def _one_line(event: Event, **_options: Any) -> str:
    # ASCII only: no reader of the lines can take any other character for an end of line.
    return json.dumps(event, default=str, ensure_ascii=True)
