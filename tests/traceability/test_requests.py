"""Every request has an id and one line in the log; neither can be abused by the caller."""

import json
import logging
import re
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from tests.log_lines import log_lines
from traceability.logs import LONGEST, logging_config
from traceability.requests import RequestMiddleware, request_id


def answered(headers: dict[str, str], path: str = "/", status: int = 200) -> tuple[HttpRequest, HttpResponse]:
    request = RequestFactory().get(path, headers=headers)
    response = RequestMiddleware(lambda _: HttpResponse(status=status))(request)
    assert isinstance(response, HttpResponse)
    return request, response


@pytest.mark.parametrize("offered", ["dock-4711", "3f2a.0_b-Z", "x" * 64])
def test_a_well_formed_id_is_taken_over(offered: str) -> None:
    request, response = answered({"X-Request-ID": offered})
    assert request_id(request) == response["X-Request-ID"] == offered


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "dock 4711", "dock-4711\n", "dock-47１1", "<script>", "a;b=c;d=e"]
)
def test_any_other_id_is_replaced(offered: str) -> None:
    _, response = answered({"X-Request-ID": offered})
    assert re.fullmatch("[0-9a-f]{32}", response["X-Request-ID"])


def test_two_requests_have_two_ids() -> None:
    assert answered({})[1]["X-Request-ID"] != answered({})[1]["X-Request-ID"]


def test_without_the_middleware_there_is_no_id() -> None:
    assert request_id(RequestFactory().get("/")) == ""


def test_a_request_is_one_line_without_its_query_string() -> None:
    with log_lines() as lines:
        answered({"X-Request-ID": "dock-4711", "Authorization": "Bearer hush"}, "/public/?vin=LSVAA49J132047371", 404)
    (line,) = lines
    assert line.pop("ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "method": "GET",
        "path": "/public/",
        "status": 404,
        "organisation": None,
        "actor": None,
        "request_id": "dock-4711",
        "level": "info",
        "logger": "traceability.requests",
    }


@pytest.mark.urls("tests.graphql_schema.urls")
def test_a_page_that_is_not_found_is_one_line_too(client: Client) -> None:
    with log_lines() as lines:
        client.get("/nothing/here?vin=LSVAA49J132047371")
    assert [(line["logger"], line["status"]) for line in lines] == [("traceability.requests", 404)]


@pytest.mark.parametrize("human", [True, False])
def test_the_request_that_django_hands_along_is_not_written(human: bool) -> None:
    """Its text holds the query string."""
    request = RequestFactory().get("/public/?vin=LSVAA49J132047371")
    assert "LSVAA49J132047371" in repr(request)
    line = formatted("x", human=human, request=request, status_code=500)
    assert "LSVAA49J132047371" not in line
    assert "500" in line


def test_the_organisation_and_the_actor_are_named() -> None:
    class Viewer:
        organisation_code = "91510112MA62QC001U"
        actor = "token:0a1b2c"

    def door(request: HttpRequest) -> HttpResponse:
        request.viewer = Viewer()  # type: ignore[attr-defined]
        return HttpResponse()

    with log_lines() as lines:
        RequestMiddleware(door)(RequestFactory().get("/"))
    (line,) = lines
    assert (line["organisation"], line["actor"]) == ("91510112MA62QC001U", "token:0a1b2c")


def formatted(text: str, *, human: bool, **extra: Any) -> str:
    """One line of the log as it would be written."""
    options = dict(logging_config(human=human, level="info")["formatters"]["lines"])
    del options["()"]
    record = logging.LogRecord("hostile", logging.INFO, __file__, 1, "said %s", (text,), None)
    record.__dict__.update(extra)
    return structlog.stdlib.ProcessorFormatter(**options).format(record)


HOSTILE = [
    "a\r\nb",
    "\x1b[2J",
    "a\u2028b",
    "a\u2029b",
    "a\x85b",
    "\x9b31m",
    "\x00",
    "${jndi:ldap://x}",
    "\ud800",
    "\u202egnp",
]


@pytest.mark.parametrize("human", [True, False])
@pytest.mark.parametrize("text", [*HOSTILE, "x" * 10_000])
def test_no_text_makes_a_second_line_or_steers_a_terminal(text: str, human: bool) -> None:
    line = formatted(text, human=human, key=text)
    assert len(line.splitlines()) == 1
    assert len(line) < 2 * LONGEST + 500
    colours = re.sub("\x1b\\[[0-9;]*m", "", line) if human else line
    assert colours.isprintable()


@given(st.text())
def test_every_line_is_one_json_object(text: str) -> None:
    line = formatted(text, human=False, key=text)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["logger"] == "hostile"
