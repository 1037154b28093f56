"""Asking the audit API through the HTTP door, as a party of the world."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone
from graphql import parse, print_ast, separate_operations

from graphql_schema.audit.schema import SCHEMA
from tests.worlds import Party
from traceability.audit.running import audit
from traceability.models import AuditRun

__all__ = ["SCHEMA"]
URL = "/audit/graphql/"
CONTRACT = Path(__file__).with_name("contract_audit.graphql")


def contract() -> dict[str, str]:
    """The documents of the contract as their clients send them."""
    return {name: print_ast(document) for name, document in separate_operations(parse(CONTRACT.read_text())).items()}


def client(who: Party) -> Client:
    """A machine of this party."""
    return Client(headers={"Authorization": f"Bearer {who.token}", "Accept-Language": "en"})


def post(who: Party, query: str, **variables: Any) -> Any:
    """Ask over HTTP with a token; the response."""
    body = json.dumps({"query": query, "variables": variables}, default=str)
    return client(who).post(URL, body, content_type="application/json")


def good(who: Party, query: str, **variables: Any) -> Any:
    """The data of an answer without errors."""
    response = post(who, query, **variables)
    answer = response.json()
    assert response.status_code == 200, answer
    assert "errors" not in answer, answer
    return answer["data"]


def refused(who: Party, query: str, **variables: Any) -> tuple[str, list[str]]:
    """The code and the path of the first error of an answer."""
    (error, *_) = post(who, query, **variables).json()["errors"]
    return error["extensions"]["code"], error["extensions"].get("path", [])


def in_days(days: int) -> dt.date:
    """A day so long after today: tests report today, so that earlier days see nothing."""
    return timezone.localdate() + dt.timedelta(days=days)


def run(days: int = 0, **options: Any) -> AuditRun:
    """Run the audit as of so many days after today, and keep what it finds."""
    with audit(as_of=in_days(days), **options) as found:
        pass
    return found.run


def nodes(connection: Any) -> list[Any]:
    """The objects of a page."""
    return [edge["node"] for edge in connection["edges"]]
