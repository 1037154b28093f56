"""The documents that the alliance sends run as they stand."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, parse, validate

from graphql_schema.management.commands import export_schema
from tests.graphql_schema.audit.asking import SCHEMA, contract, good, nodes, run
from tests.recyclers.materials import batch, lot_fact, powder, record
from tests.worlds import Life, Party, World
from traceability.models import Gap

DOCUMENTS = contract()


def broken_life(world: World) -> Life:
    """A battery on its way for too long, after a receipt that nobody announced."""
    pack = world.pack(modules=2).produced().installed().sold().removed()
    pack.received(by=world.recycler)
    return pack.dispatched(to=world.stranger, waybill="W-7")


def test_every_document_is_valid() -> None:
    assert set(DOCUMENTS) == {"Completeness", "Gaps", "Chain", "Recyclers", "MassBalance"}
    assert [name for name, text in DOCUMENTS.items() if validate(SCHEMA, parse(text))] == []


@pytest.mark.parametrize("group", ["ORGANISATION", "REGION", "MANUFACTURER", "MODEL", "MONTH"])
def test_completeness_runs_as_written(world: World, group: str) -> None:
    broken_life(world)
    world.pack().produced()
    run()
    found = good(world.alliance, DOCUMENTS["Completeness"], groupBy=group)["completeness"]
    assert sum(row["batteries"] for row in found) == 2
    assert sum(row["broken"] for row in found) == 1
    if group == "REGION":
        (row,) = found
        share = f"{(row['complete'] + row['open']) * 50}.00"
        assert (row["key"], row["completenessPercent"]) == ("510100", share)
        kept = {each.code for each in Gap.objects.filter(closed_in=None)}
        assert {count["code"] for count in row["gaps"]} == {code.upper() for code in kept}


def test_gaps_run_as_written(world: World) -> None:
    pack = broken_life(world)
    run()
    found = good(world.alliance, DOCUMENTS["Gaps"], first=50, code="UNRECEIVED")["gaps"]
    assert found["totalCount"] == 1
    (gap,) = nodes(found)
    assert gap["battery"] == {"code": pack.code, "stage": "RETIRED"}
    assert (gap["code"], gap["severity"], gap["status"]) == ("UNRECEIVED", "BREAK", "OPEN")
    assert gap["organisation"] == {"code": world.stranger.code, "name": "达州再生"}
    assert (gap["batch"], gap["lot"]) == (None, None)
    assert gap["event"]["key"] == pack.key
    assert gap["event"]["type"] == "DISPATCHED"
    assert found["pageInfo"]["hasNextPage"] is False


def test_the_clause_of_a_gap_is_told_with_its_title(world: World) -> None:
    broken_life(world)
    run()
    found = nodes(good(world.alliance, DOCUMENTS["Gaps"])["gaps"])
    kept = {str(gap.pk): gap.clause for gap in Gap.objects.all()}
    assert any(kept.values())
    for gap in found:
        key = kept[gap["id"].removeprefix("Gap:")]
        assert (gap["clause"] and gap["clause"]["key"]) == (key or None)
        assert gap["clause"] is None or re.search("[a-z]", gap["clause"]["title"])


def test_a_chain_runs_as_written(world: World) -> None:
    pack = broken_life(world)
    found = good(world.alliance, DOCUMENTS["Chain"], code=pack.code.lower())["battery"]
    assert (found["code"], found["stage"]) == (pack.code, "RETIRED")
    assert found["chain"]["status"] in ("FLAWED", "BROKEN")
    assert "UNANNOUNCED_RECEIPT" in {gap["code"] for gap in found["chain"]["gaps"]}
    told = nodes(found["events"])
    assert [event["sequence"] for event in told] == [1, 2, 3, 4, 5, 6]
    assert [event["previousHash"] for event in told] == [None, *(event["hash"] for event in told[:-1])]
    assert told[0]["organisation"] == {"name": "蓉城汽车"}
    assert found["lineage"] == {
        "nodes": [{"id": f"Battery:{pack.code}", "kind": "BATTERY", "label": pack.code}],
        "edges": [],
    }


def test_a_lineage_follows_parts_and_batches(world: World) -> None:
    pack = world.pack(modules=2).produced().installed().sold().removed().dispatched(to=world.recycler)
    pack.received(by=world.recycler).dismantled()
    module = world.battery(pack.module_codes[0]).processed(by=world.recycler, batch="B-9", massKg="20.5")
    found = good(world.alliance, DOCUMENTS["Chain"], code=module.code)["battery"]["lineage"]
    kinds = {node["label"]: node["kind"] for node in found["nodes"]}
    assert kinds == {
        pack.code: "BATTERY",
        **dict.fromkeys(pack.module_codes, "COMPONENT"),
        f"{world.recycler.code}/B-9": "BATCH",
    }
    ids = {node["id"] for node in found["nodes"]}
    assert {edge[end] for edge in found["edges"] for end in ("source", "target")} <= ids
    (processed,) = (edge for edge in found["edges"] if edge["kind"] == "PROCESSED")
    assert processed["massKg"] == "20.5"


def test_a_lineage_goes_on_into_lots_as_far_as_each_may_know(world: World) -> None:
    pack = world.pack().produced().installed().sold().removed(by=world.recycler).processed(batch="B-1", massKg="440")
    record(world, batch(world, inputs=[{"battery": pack.code, "massKg": "440"}], outputs=[powder("B-1", "300")]))
    record(world, lot_fact(world, "lot_split", "B-1", into=[{"lot": "L-2", "massKg": "100"}]))
    record(world, batch(world, "B-2", inputs=[{"lot": "L-2", "massKg": "100"}], outputs=[powder("L-3", "60")]))

    def lineage(who: Party) -> tuple[dict[str, str], set[tuple[str, str, str, str]]]:
        found = good(who, DOCUMENTS["Chain"], code=pack.code)["battery"]["lineage"]
        nodes_ = {node["id"]: (node["kind"], node["label"]) for node in found["nodes"]}
        assert {edge[end] for edge in found["edges"] for end in ("source", "target")} <= nodes_.keys()
        ties = {(nodes_[e["source"]][1], nodes_[e["target"]][1], e["kind"], e["massKg"]) for e in found["edges"]}
        own = f"{world.recycler.code}/"
        told = {(one.removeprefix(own), other.removeprefix(own), kind, mass) for one, other, kind, mass in ties}
        return {label.removeprefix(own): kind for kind, label in nodes_.values()}, told

    kinds, ties = lineage(world.alliance)
    # A lot may bear the number of its batch: they are two things.
    assert sorted(kinds) == sorted({pack.code, "B-1", "B-2", "L-2", "L-3"})
    assert ties == {
        (pack.code, "B-1", "PROCESSED", "440"),
        ("B-1", "B-1", "MADE", "300"),
        ("B-1", "L-2", "MOVED", "100"),
        ("L-2", "B-2", "DRAWN", "100"),
        ("B-2", "L-3", "MADE", "60"),
    }
    assert lineage(world.recycler)[1] == ties
    assert not [tie for tie in lineage(world.maker)[1] if tie[2] != "PROCESSED"]


def test_recyclers_run_as_written(world: World) -> None:
    found = nodes(good(world.alliance, DOCUMENTS["Recyclers"], first=10)["recyclers"])
    assert [one["code"] for one in found] == [world.recycler.code, world.stranger.code]
    assert {one["compliance"]["verdict"] for one in found} == {"NO_EVIDENCE"}
    [part] = found[0]["compliance"]["parts"]
    assert part["edition"] == "2024"
    assert {"clause": "water.reuse", "measured": None, "threshold": "90", "verdict": "NO_EVIDENCE"} in part["clauses"]
    assert good(world.alliance, DOCUMENTS["Recyclers"], listed=True)["recyclers"]["edges"] == []
    assert len(good(world.alliance, DOCUMENTS["Recyclers"], listed=False, region="510100")["recyclers"]["edges"]) == 2
    assert good(world.alliance, DOCUMENTS["Recyclers"], verdict="PASS")["recyclers"]["edges"] == []
    assert len(good(world.alliance, DOCUMENTS["Recyclers"], verdict="NO_EVIDENCE")["recyclers"]["edges"]) == 2


def test_a_listed_recycler_is_found_as_such(world: World) -> None:
    details = {"organisation": world.recycler.code, "scope": "recovery", "announcedOn": "2021-01-01", "batch": "3"}
    world.record(world.fact("listing", world.alliance, at=1, **details), by=world.alliance)
    (one,) = nodes(good(world.alliance, DOCUMENTS["Recyclers"], listed=True)["recyclers"])
    assert one["listings"] == [
        {"scope": "RECOVERY", "batchNumber": "3", "announcedOn": "2021-01-01", "revokedOn": None}
    ]
    assert one["permits"] == []


def test_a_mass_balance_runs_as_written_and_is_empty_without_batches(world: World) -> None:
    variables = {"organisation": world.recycler.code, "from": "2025-01-01", "until": "2025-12-31"}
    assert good(world.alliance, DOCUMENTS["MassBalance"], **variables) == {"massBalance": []}


def described() -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
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
    return found


def test_everything_is_described_in_chinese_and_in_english() -> None:
    both = r"[^\n]*[\u4e00-\u9fff][^\n]*\n+[^\n\u4e00-\u9fff]*[A-Za-z][^\n\u4e00-\u9fff]*"
    assert len(described()) > 200
    assert [name for name, description in described() if not re.fullmatch(both, description or "")] == []


def test_the_committed_schema_is_current() -> None:
    call_command("export_schema", "--check")
    printed = StringIO()
    call_command("export_schema", "audit", stdout=printed)
    assert printed.getvalue() == export_schema.COMMITTED_AUDIT.read_text(encoding="utf-8")


def test_an_outdated_schema_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(export_schema, "COMMITTED_AUDIT", tmp_path / "schema.graphql")
    with pytest.raises(CommandError, match="audit"):
        call_command("export_schema", "--check")
