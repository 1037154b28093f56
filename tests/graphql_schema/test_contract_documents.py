"""The documents that clients of the operations API send run as they stand."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, parse, validate

from graphql_schema.management.commands import export_schema
from tests.graphql_schema.asking import CONTRACT, SCHEMA, contract, post
from tests.worlds import World

pytestmark = pytest.mark.urls("graphql_schema.urls")

#: Of a later issue.
NOT_YET: set[str] = set()
DOCUMENTS = contract()


def test_only_what_belongs_to_later_issues_is_left_out() -> None:
    invalid = {name for name, text in DOCUMENTS.items() if validate(SCHEMA, parse(text))}
    assert invalid == NOT_YET


def test_the_contract_is_not_empty() -> None:
    assert set(DOCUMENTS) >= {"ResolveScan", "Battery", "MyBatteries", "Me", "RegisterBatteries", "ReceiveBatteries"}
    assert "...Intake" in CONTRACT.read_text()


def run(world: World, who: str, name: str, **variables: Any) -> Any:
    response = post(getattr(world, who), DOCUMENTS[name], **variables)
    answer = response.json()
    assert response.status_code == 200
    assert "errors" not in answer, answer
    return answer["data"]


def test_the_scan_of_an_announced_battery_runs_as_written(world: World) -> None:
    pack = world.pack().produced().installed().sold().removed().dispatched(to=world.recycler, waybill="W-1")
    found = run(world, "recycler", "ResolveScan", payload=pack.code.lower())["resolveScan"]
    assert found["kind"] == "BATTERY_CODE"
    assert found["battery"]["stage"] == "RETIRED"
    assert found["battery"]["holder"]["name"] == "锦江维修"
    assert [edge["node"]["type"] for edge in found["battery"]["events"]["edges"]] == [
        "PRODUCED", "INSTALLED", "SOLD", "REMOVED", "DISPATCHED",
    ]  # fmt: skip
    # Told years after the fact, and never received.
    assert found["battery"]["chain"]["status"] == "BROKEN"
    assert {gap["code"] for gap in found["battery"]["chain"]["gaps"]} == {"LATE_REPORT", "UNRECEIVED"}
    assert found["expectedTransfer"]["waybill"] == "W-1"
    assert found["label"] is None
    assert found["warnings"] == []


def test_the_question_for_a_battery_runs_as_written(world: World) -> None:
    pack = world.pack(modules=2).produced()
    found = run(world, "maker", "Battery", code=pack.code)["battery"]
    assert [part["code"] for part in found["components"]] == sorted(pack.module_codes)
    assert {part["stage"] for part in found["components"]} == {"PRODUCED"}
    assert (found["sources"], found["products"], found["lots"]) == ([], [], [])


def test_the_list_runs_as_written(world: World) -> None:
    codes = [world.pack().produced().code for _ in range(3)]
    first = run(world, "maker", "MyBatteries", first=2, filters={"stage": "PRODUCED"})["batteries"]
    assert [edge["node"]["code"] for edge in first["edges"]] == codes[:2]
    assert first["totalCount"] == 3
    after = first["pageInfo"]["endCursor"]
    second = run(world, "maker", "MyBatteries", first=2, after=after)["batteries"]
    assert [edge["node"]["code"] for edge in second["edges"]] == codes[2:]
    assert second["pageInfo"]["hasNextPage"] is False


def test_me_runs_as_written(world: World) -> None:
    me = run(world, "recycler", "Me")["me"]
    assert me["organisation"] == {"code": world.recycler.code, "name": "遂宁再生", "roles": ["RECYCLER"]}
    assert {"RECEIVED", "PROCESSED", "DISMANTLED"} <= set(me["permissions"])
    assert "PRODUCED" not in me["permissions"]


# The schema ----------------------------------------------------------------------------------------------------------


def described() -> list[tuple[str, str | None]]:
    """Everything of our own that a client can see, with its description."""
    found = []
    for name, type_ in SCHEMA.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        found.append((name, type_.description))
        if isinstance(type_, GraphQLEnumType):
            found += [(f"{name}.{value}", shown.description) for value, shown in type_.values.items()]
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in type_.fields.items():
                found.append((f"{name}.{field}", definition.description))
                found += [(f"{name}.{field}({arg})", given.description) for arg, given in definition.args.items()]
        elif isinstance(type_, GraphQLInputObjectType):
            found += [(f"{name}.{field}", definition.description) for field, definition in type_.fields.items()]
    return found


def test_everything_is_described_in_chinese_and_in_english() -> None:
    lacking = [
        name
        for name, description in described()
        if not re.fullmatch(
            r"[^\n]*[\u4e00-\u9fff][^\n]*\n+[^\n\u4e00-\u9fff]*[A-Za-z][^\n\u4e00-\u9fff]*", description or ""
        )
    ]
    assert len(described()) > 200
    assert lacking == []


def test_the_committed_schema_is_current() -> None:
    call_command("export_schema", "--check")
    printed = StringIO()
    call_command("export_schema", stdout=printed)
    assert printed.getvalue() == export_schema.COMMITTED.read_text(encoding="utf-8")


def test_an_outdated_schema_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(export_schema, "COMMITTED", tmp_path / "schema.graphql")
    with pytest.raises(CommandError):
        call_command("export_schema", "--check")
    call_command("export_schema", "--write")
    call_command("export_schema", "--check")
