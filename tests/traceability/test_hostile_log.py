"""What callers send cannot write lines of the log: as many lines as requests, each one JSON object."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
import structlog
from django.test import Client

from tests.worlds import World
from traceability.logs import LONGEST, logging_config

pytestmark = pytest.mark.django_db

HOSTILE = [
    "a\r\nb",
    'x\n{"event": "signed_in", "user": 1}',
    "\x1b[2J\x1b[31mred",
    "a\u2028b\u2029c\x85d",
    "\x00\x08\x7f",
    "${jndi:ldap://x/a}",
    "\u202egnp.exe",
    "%0d%0aSet-Cookie: a=b",
    "x" * 10_000,
    '"}\n{"level": "critical"',
]


@contextmanager
def raw_log() -> Iterator[io.StringIO]:
    """What is written, to the byte."""
    options = dict(logging_config(human=False, level="info")["formatters"]["lines"])
    del options["()"]
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**options))
    logging.getLogger().addHandler(handler)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(handler)


def lines_of(stream: io.StringIO, requests: int) -> list[dict[str, object]]:
    text = stream.getvalue()
    assert text.isascii()
    assert text.count("\n") == len(text.splitlines())
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    assert all(len(json.dumps(line)) < 3 * LONGEST for line in lines)
    assert sum(line["event"] == "request" for line in lines) == requests
    return lines


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_in_a_path_a_header_a_name_or_a_key_it_makes_no_line_of_its_own(world: World, text: str) -> None:
    client = Client(raise_request_exception=False)
    machine = {"Authorization": f"Bearer {world.recycler.token}"}
    key = {
        "query": "mutation($k: String!) { loseBattery(input: {idempotencyKey: $k, battery: $k}) { errors { code } } }"
    }
    with raw_log() as stream:
        client.get(f"/{quote(text.encode('utf-8', 'surrogatepass'))}")
        client.get("/", {"q": text})
        for header in ("X-Request-ID", "User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "Origin"):
            client.get("/version", headers={header: text})
        client.post("/sign-in/", {"username": text, "password": text})
        client.post("/graphql/", "{}", content_type="application/json", headers={"Authorization": f"Bearer {text}"})
        body = json.dumps(key | {"variables": {"k": text}, "operationName": None})
        client.post("/graphql/", body, content_type="application/json", headers=machine)
    lines = lines_of(stream, 11)
    assert not any(line["event"] in {"signed_in", "internal_error"} for line in lines)


def test_nothing_that_is_secret_or_asked_for_is_written(world: World) -> None:
    client, token = Client(), world.recycler.token
    with raw_log() as stream:
        body = json.dumps(
            {"query": '{ battery(code: "LSVAA49J132047371") { code } }', "variables": {"vin": "SECRET-1"}}
        )
        headers = {"Authorization": f"Bearer {token}"}
        client.post("/graphql/?vin=SECRET-2", body, content_type="application/json", headers=headers)
        client.post("/sign-in/", {"username": "SECRET-3", "password": "SECRET-4"})
    text = stream.getvalue()
    assert "SECRET" not in text
    assert "LSVAA49J132047371" not in text
    # The secret itself may have underscores.
    assert token.split("_", 2)[2] not in text
