"""Registering batteries: by a list from a program, and by files as makers deliver them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from batteries.models import Battery
from batteries.registration import LIMIT, register_batteries
from batteries.registration_files import FileRegistration, register_file
from batteries.registration_rows import in_china
from tests import factories
from tests.worlds import World, rolled_back
from traceability import errors, events, record_lines
from traceability.errors import Refusal
from traceability.models import Component, LifecycleEvent, LifecycleRecord

PACK, MODULE, CELL = factories.pack_code(1), factories.module_code(2), factories.cell_code(3)
HEADER = "code,model,mass_kg,produced_at,parent_code\n"


def produced() -> list[events.Stored]:
    return events.stored(LifecycleEvent.objects.filter(type="produced").order_by("id"))


def codes_at(result: FileRegistration) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.column, bad.problem.code) for bad in result.problems]


def counts(result: FileRegistration) -> tuple[int, int, int, int]:
    return result.new, result.same, result.conflicting, result.refused


@pytest.fixture
def register(world: World, tmp_path: Path) -> Callable[..., FileRegistration]:
    def run(data: str | bytes, by: Any = None, **more: Any) -> FileRegistration:
        path = tmp_path / "file"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return register_file(path, by=by or world.maker.viewer, **more)

    return run


# A list --------------------------------------------------------------------------------------------------------------


def test_a_list_is_registered_under_the_key_of_the_call(world: World) -> None:
    components = [{"code": MODULE, "components": [{"code": CELL}]}]
    battery = {"code": PACK.lower(), "model": "NCM-75", "massKg": "440.10", "components": components}
    result = register_batteries([battery], by=world.maker.viewer, idempotency_key="call-1")
    assert result.problems == []
    assert not result.replayed
    assert result.receipt.entries[0].fact.key == f"call-1#{PACK}"
    row = Battery.objects.get(record__code=PACK)
    assert (row.model_number, row.mass_mg) == ("NCM-75", 440_100_000)
    parts = Component.objects.values_list("code", "parent_code")
    assert set(parts) == {(MODULE, PACK), (CELL, MODULE)}


def test_without_a_time_it_was_produced_on_the_day_its_code_says(world: World) -> None:
    register_batteries([{"code": PACK}], by=world.maker.viewer, idempotency_key="k")
    assert produced()[0].fact.occurred_ms == 1_638_547_200_000  # 2021-12-04T00:00:00+08:00


def test_the_same_call_again_is_replayed(world: World) -> None:
    call: Any = {"batteries": [{"code": PACK, "massKg": Decimal(440)}], "idempotency_key": "k"}
    register_batteries(**call, by=world.maker.viewer)
    again = register_batteries(
        [{"code": PACK, "massKg": "440.000", "producedAt": "2021-12-03T16:00:00Z"}],
        idempotency_key="k",
        by=world.maker.viewer,
    )
    assert again.replayed
    assert again.problems == []
    assert len(produced()) == 1


@pytest.mark.parametrize(
    ("battery", "path", "code"),
    [
        ({"code": "04QPE"}, "code", "length"),
        ({}, "code", "missing_field"),
        ({"code": PACK, "massKg": "-1"}, "massKg", "wrong_value"),
        ({"code": PACK, "massKg": "0.0000001"}, "massKg", "wrong_value"),
        ({"code": PACK, "producedAt": "2022-01-01"}, "producedAt", "wrong_value"),
        ({"code": PACK, "components": [{"code": "x"}]}, "components.0.code", "length"),
        ({"code": PACK, "colour": "red"}, "colour", "unknown_field"),
        ({"code": factories.pack_code(9)}, "code", "duplicate"),
    ],
)
def test_a_bad_battery_is_named_by_its_place_and_nothing_is_written(
    world: World, battery: dict[str, Any], path: str, code: str
) -> None:
    good = {"code": factories.pack_code(9)}
    call: Any = {"batteries": [good, battery], "by": world.maker.viewer, "idempotency_key": "k"}
    result = register_batteries(**call)
    assert [(".".join(problem.path), problem.code) for problem in result.problems] == [(f"batteries.1.{path}", code)]
    assert result.receipt.entries == ()
    assert produced() == []
    result = register_batteries(**call, on_error="proceed")
    assert len(result.problems) == 1
    assert [event.fact.code for event in produced()] == [good["code"]]


def test_a_battery_registered_under_another_key_is_refused_at_its_place(world: World) -> None:
    register_batteries([{"code": PACK}], by=world.maker.viewer, idempotency_key="k1")
    result = register_batteries([{"code": PACK}], by=world.maker.viewer, idempotency_key="k2")
    assert [(problem.path, problem.code) for problem in result.problems] == [(("batteries", "0", "code"), "stage")]


def test_a_key_used_with_other_content_is_refused(world: World) -> None:
    register_batteries([{"code": PACK}], by=world.maker.viewer, idempotency_key="k")
    result = register_batteries([{"code": PACK, "model": "X"}], by=world.maker.viewer, idempotency_key="k")
    assert [(problem.path, problem.code) for problem in result.problems] == [(("idempotencyKey",), "key_reused")]


@pytest.mark.parametrize("party", ["recycler", "alliance", "workshop"])
def test_only_makers_register(world: World, register: Callable[..., FileRegistration], party: str) -> None:
    viewer = getattr(world, party).viewer
    assert register_batteries([{"code": PACK}], by=viewer, idempotency_key="k").problems[0].code == "role"
    with pytest.raises(Refusal) as refused:
        register(f"{HEADER}{PACK},,,,\n", by=viewer)
    assert refused.value.code == "role"
    assert produced() == []


def test_more_than_a_thousand_are_too_many(world: World) -> None:
    many = [{"code": PACK}] * (LIMIT + 1)
    result = register_batteries(many, by=world.maker.viewer, idempotency_key="k")
    assert [(problem.path, problem.code) for problem in result.problems] == [(("batteries",), "too_many")]


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_file_becomes_families_whatever_the_order_of_its_rows(register: Callable[..., FileRegistration]) -> None:
    text = (
        f"{HEADER}{CELL},C-1,0.9,,{MODULE}\n{MODULE},M-1,20.5,,{PACK}\n{PACK},NCM-75,440,2022-01-05T10:00:00+08:00,\n"
    )
    result = register(text)
    assert counts(result) == (3, 0, 0, 0)
    (event,) = produced()
    assert event.fact.key == f"{sha256(text.encode()).hexdigest()}#{PACK}"
    assert event.fact.details["components"] == [
        {
            "code": MODULE,
            "model": "M-1",
            "massKg": "20.5",
            "components": [{"code": CELL, "model": "C-1", "massKg": "0.9"}],
        }
    ]
    assert LifecycleRecord.objects.filter(kind="battery").count() == 1


@given(st.permutations([PACK, MODULE, CELL, factories.pack_code(4), factories.cell_code(5)]))
def test_the_order_of_rows_changes_nothing(register: Callable[..., FileRegistration], order: list[str]) -> None:
    parents = {MODULE: PACK, CELL: MODULE, factories.cell_code(5): factories.pack_code(4)}
    with rolled_back():
        text = HEADER + "".join(f"{code},,,,{parents.get(code, '')}\n" for code in order)
        assert register(text).new == 5
        built = set(Component.objects.values_list("code", "parent_code"))
        assert built == set(parents.items())
        assert {event.fact.code for event in produced()} == {PACK, factories.pack_code(4)}


@pytest.mark.parametrize(
    ("header", "delimiter", "encoding"),
    [
        ("code,model,mass_kg,produced_at,parent_code", ",", "utf-8"),
        ("Code;Model;Mass_kg;Produced_at;Parent_code", ";", "utf-8-sig"),
        ("编码\t型号\t质量(kg)\t生产时间\t上级编码", "\t", "gb18030"),
        ("编码,型号,质量（KG）,生产日期,上级编码", ",", "utf-8"),
        ("编码;型号;质量;生产日期;上级编码", ";", "gb18030"),
    ],
)
def test_files_are_read_as_people_write_them(
    register: Callable[..., FileRegistration], header: str, delimiter: str, encoding: str
) -> None:
    cells = (f"  {PACK.lower()} ", '"三元 75"', " 440.50", "2022/1/5 8:30", "")
    text = f"{header}\r\n\r\n{delimiter.join(cells)}\r\n{delimiter * 4}\r\n"
    assert counts(register(text.encode(encoding))) == (1, 0, 0, 0)
    (event,) = produced()
    assert event.fact.details == {"model": "三元 75", "massKg": "440.5"}
    assert event.fact.occurred_ms == 1_641_342_600_000  # 2022-01-05T08:30:00+08:00


def test_columns_come_in_any_order_and_may_be_missing(register: Callable[..., FileRegistration]) -> None:
    assert counts(register(f"parent_code,code\n,{PACK}\n{PACK},{MODULE}\n")) == (2, 0, 0, 0)
    assert counts(register(f"code\n{factories.pack_code(7)}\n")) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-01-05", "2022-01-05T00:00:00+08:00"),
        ("2022-01-05T08:00:00Z", "2022-01-05T08:00:00+00:00"),
        ("2022-01-05T08:00:00", "2022-01-05T08:00:00+08:00"),
        ("2022年1月5日", "2022-01-05T00:00:00+08:00"),
        ("2022/1/5 8:03:09", "2022-01-05T08:03:09+08:00"),
        ("2022.01.05 18:03", "2022-01-05T18:03:00+08:00"),
        ("2022-13-05", "2022-13-05"),
        ("05.01.2022", "05.01.2022"),
    ],
)
def test_a_day_without_an_offset_is_a_day_in_china(text: str, moment: str) -> None:
    assert in_china(text) == moment or in_china(text).startswith(moment)


def test_every_bad_row_is_told_with_line_column_value_code_and_message(
    register: Callable[..., FileRegistration],
) -> None:
    unknown = factories.pack_code(8)
    rows = [
        f"{PACK},,,,",  # 2: good
        "04QPX76836300JBC40000903,,,,",  # 3
        f"{factories.pack_code(5)},,heavy,,",  # 4
        f"{factories.pack_code(6)},,,yesterday,",  # 5
        f"{MODULE},,,,{unknown}",  # 6
        f"{CELL},,,,{MODULE}",  # 7: its parent is refused
        f"{PACK},X,,,",  # 8
        f"{factories.pack_code(7)},,,,{PACK}",  # 9: a pack in a pack
        f"{factories.cell_code(9)},,,,{factories.cell_code(9)}",  # 10: in itself
        f"{factories.cell_code(10)},,,,,more",  # 11
        f"{factories.module_code(11)},,,,04Q",  # 12
        "TMP-1,,,,",  # 13
    ]
    result = register(HEADER + "\n".join(rows), dry_run=True)
    assert codes_at(result) == [
        (3, "code", "battery_type"),
        (4, "mass_kg", "wrong_value"),
        (5, "produced_at", "wrong_value"),
        (6, "parent_code", "unknown_battery"),
        (7, "parent_code", "unknown_battery"),
        (8, "code", "duplicate"),
        (9, "parent_code", "wrong_value"),
        (10, "parent_code", "wrong_value"),
        (11, "", "unknown_field"),
        (12, "parent_code", "length"),
        (13, "code", "wrong_value"),
    ]
    assert counts(result) == (1, 0, 0, 11)
    told = result.problems[1].as_json()
    assert (told["line"], told["column"], told["value"], told["code"]) == (4, "mass_kg", "heavy", "wrong_value")
    with translation.override("en"):
        assert "heavy" in result.problems[1].as_json()["message"]
    assert produced() == []


def test_rollback_takes_none_and_proceed_the_good_ones(register: Callable[..., FileRegistration]) -> None:
    text = f"{HEADER}{PACK},,,,\nnonsense,,,,\n"
    result = register(text)
    assert counts(result) == (1, 0, 0, 1)
    assert not result.written
    assert produced() == []
    result = register(text, on_error="proceed")
    assert counts(result) == (1, 0, 0, 1)
    assert result.written
    assert len(produced()) == 1


def test_the_same_file_again_changes_nothing(register: Callable[..., FileRegistration]) -> None:
    text = f"{HEADER}{MODULE},M-1,20,,{PACK}\n{PACK},NCM-75,440,,\n{CELL},,,,{MODULE}\n"
    register(text)
    before = LifecycleEvent.objects.count()
    again = register(text)
    assert counts(again) == (0, 3, 0, 0)
    assert again.problems == []
    assert LifecycleEvent.objects.count() == before


def test_the_same_batteries_in_another_file_change_nothing(register: Callable[..., FileRegistration]) -> None:
    register(f"{HEADER}{MODULE},M-1,20,,{PACK}\n{PACK},NCM-75,440,,\n")
    before = LifecycleEvent.objects.count()
    assert counts(register(f"parent_code,code,mass_kg,model\n,{PACK},440.00,NCM-75\n{PACK},{MODULE},20,M-1\n")) == (
        0,
        2,
        0,
        0,
    )
    assert LifecycleEvent.objects.count() == before


def test_other_content_under_a_registered_code_is_a_conflict(register: Callable[..., FileRegistration]) -> None:
    register(f"{HEADER}{MODULE},M-1,20,,{PACK}\n{PACK},NCM-75,440,,\n")
    before = LifecycleEvent.objects.count()
    more = factories.pack_code(9)
    text = f"{HEADER}{PACK},NCM-80,440,,\n{MODULE},M-2,20,,{PACK}\n{more},,,,\n"
    result = register(text, on_error="proceed")
    assert counts(result) == (1, 0, 2, 0)
    assert codes_at(result) == [(2, "code", "already_registered"), (3, "code", "already_registered")]
    assert LifecycleEvent.objects.count() == before + 1


def test_what_another_maker_registered_is_a_conflict(world: World, register: Callable[..., FileRegistration]) -> None:
    world.pack(code=PACK).produced(world.cell_maker)
    result = register(f"{HEADER}{PACK},NCM-75,440,,\n")
    assert counts(result) == (0, 0, 1, 0)
    assert codes_at(result) == [(2, "code", "already_registered")]


def test_a_part_of_a_registered_battery_is_a_fact_of_its_own(register: Callable[..., FileRegistration]) -> None:
    register(f"{HEADER}{PACK},,,,\n")
    text = f"{HEADER}{MODULE},M-1,20,,{PACK}\n{CELL},,,,{MODULE}\n"
    assert counts(register(text)) == (2, 0, 0, 0)
    event = produced()[-1]
    assert (event.fact.code, event.fact.details["parent"]) == (MODULE, PACK)
    assert set(Component.objects.values_list("code", "parent_code")) == {(MODULE, PACK), (CELL, MODULE)}
    assert counts(register(text)) == (0, 2, 0, 0)
    # Beside its parent's own row, too.
    assert counts(register(f"{HEADER}{PACK},,,,\n{factories.module_code(12)},,,,{PACK}\n")) == (1, 1, 0, 0)
    assert (factories.module_code(12), PACK) in Component.objects.values_list("code", "parent_code")


def test_a_strangers_battery_is_no_parent_and_answers_like_none(
    world: World, register: Callable[..., FileRegistration]
) -> None:
    world.pack(code=PACK).produced(world.cell_maker)
    seen = register(f"{HEADER}{MODULE},,,,{PACK}\n")
    absent = register(f"{HEADER}{MODULE},,,,{factories.pack_code(77)}\n")
    assert codes_at(seen) == codes_at(absent) == [(2, "parent_code", "unknown_battery")]


def test_a_part_that_a_workshop_built_in_can_still_be_registered(
    world: World, register: Callable[..., FileRegistration]
) -> None:
    pack = world.pack().produced()
    pack.repaired(added=[MODULE])
    assert counts(register(f"{HEADER}{MODULE},M-1,20,,\n")) == (1, 0, 0, 0)


def test_manufacturer_codes_of_others_are_warned_of_once(register: Callable[..., FileRegistration]) -> None:
    foreign = [factories.pack_code(n, prefix=factories.FOREIGN_PREFIX) for n in (1, 2)]
    text = f"{HEADER}{PACK},,,,\n" + "".join(f"{code},,,,\n" for code in foreign)
    text += f"{factories.pack_code(3, prefix='0ZZ')},,,,\n"
    result = register(text)
    assert counts(result) == (4, 0, 0, 0)
    warned = [(bad.line, bad.column, bad.problem.code, bad.problem.value) for bad in result.warnings]
    assert warned == [(3, "code", "foreign_prefix", "001"), (5, "code", "unknown_manufacturer", "0ZZ")]


@pytest.mark.parametrize(
    ("header", "column", "code"),
    [
        ("code,colour", "colour", "unknown_field"),
        ("code,model,Model", "Model", "duplicate"),
        ("model,mass_kg", "code", "missing_field"),
        ("编码,颜色", "颜色", "unknown_field"),
    ],
)
def test_a_wrong_header_is_named_and_nothing_is_taken(
    register: Callable[..., FileRegistration], header: str, column: str, code: str
) -> None:
    result = register(f"{header}\n{PACK},a,b\n", on_error="proceed")
    assert (1, column, code) in codes_at(result)
    assert counts(result) == (0, 0, 0, 1)
    assert produced() == []


def test_a_file_that_is_no_text_is_refused(register: Callable[..., FileRegistration]) -> None:
    with pytest.raises(Refusal) as refused:
        register(b"code\n\xff\xff\xff\n")
    assert refused.value.code == "encoding"


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, '"code\n', f'{HEADER}"{PACK}"x,,,,\n', f'{HEADER}{PACK},"a\n'])
def test_an_empty_or_broken_file_registers_nothing(register: Callable[..., FileRegistration], text: str) -> None:
    assert register(text, on_error="proceed").new == 0
    assert produced() == []


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: (HEADER + text).encode("utf-8", "replace")))
def test_no_bytes_crash_the_registration(register: Callable[..., FileRegistration], data: bytes) -> None:
    with rolled_back():
        problems: list[errors.Problem] = []
        try:
            result = register(data, on_error="proceed")
            assert result.new == len(produced())
            json.dumps([bad.as_json() for bad in result.problems], ensure_ascii=False).encode()
        except Refusal as refused:
            problems += refused.problems
        assert {problem.code for problem in problems} <= {"encoding"}


# JSON Lines ----------------------------------------------------------------------------------------------------------


def line(battery: str, **more: Any) -> str:
    return json.dumps({"battery": battery, "occurredAt": "2022-01-05T00:00:00+08:00", **more}) + "\n"


def test_records_of_production_are_registered_from_json_lines(
    world: World, register: Callable[..., FileRegistration]
) -> None:
    text = line(PACK, type="produced", organisation=world.maker.code, key="mes-1", details={"massKg": 440.25})
    text += line(MODULE, details={"parent": PACK, "model": "M-1"})
    text += line(CELL, details={"parent": PACK}, site={"name": "Line 3"})
    assert counts(register(text)) == (3, 0, 0, 0)
    pack, cell = produced()
    assert pack.fact.key == "mes-1"
    assert pack.fact.details["massKg"] == "440.25"
    assert [part["code"] for part in pack.fact.details["components"]] == [MODULE]
    # Where it was made has no place in a tree.
    assert (cell.fact.code, cell.fact.site) == (CELL, {"name": "Line 3"})
    assert cell.fact.key == f"{sha256(text.encode()).hexdigest()}#{CELL}"
    assert counts(register(text)) == (0, 3, 0, 0)


def test_a_bad_line_is_named_by_its_path(world: World, register: Callable[..., FileRegistration]) -> None:
    text = line(PACK) + "{\n" + line(MODULE, type="sold") + line(MODULE, organisation=world.recycler.code)
    text += line(CELL, details={"massKg": "x", "colour": 1}) + line(PACK)
    result = register(text)
    assert codes_at(result) == [
        (2, "", "invalid_json"),
        (3, "type", "wrong_value"),
        (4, "organisation", "not_own_name"),
        (5, "details.massKg", "wrong_value"),
        (5, "details.colour", "unknown_field"),
        (6, "battery", "duplicate"),
    ]
    assert counts(result) == (1, 0, 0, 5)


def test_a_lone_surrogate_and_an_overlong_line_are_bad_lines(
    register: Callable[..., FileRegistration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_lines, "LINE_LIMIT", 300)
    text = line(PACK, details={"model": "\ud800"}) + line(PACK, details={"extra": {"a": "\udfff"}})
    text += line(MODULE, details={"model": "x" * 400}) + line(CELL)
    result = register(text, on_error="proceed")
    assert [(bad.line, bad.problem.code) for bad in result.problems] == [
        (1, "wrong_value"),
        (2, "wrong_value"),
        (3, "line_length"),
    ]
    assert counts(result) == (1, 0, 0, 3)


def test_parts_that_are_listed_and_have_rows_are_put_together(register: Callable[..., FileRegistration]) -> None:
    cells = [factories.cell_code(n) for n in (21, 22, 23)]
    tree = [{"code": MODULE, "massKg": "20", "components": [{"code": cells[0], "model": "C-1"}]}]
    text = line(PACK, details={"components": tree})
    text += line(MODULE, details={"parent": PACK, "model": "M-1", "components": [{"code": cells[1]}]})
    # What is only listed may have parts on rows of their own.
    text += line(cells[2], details={"parent": (other := factories.module_code(24))})
    text += line(factories.pack_code(25), details={"components": [{"code": other}]})
    assert counts(register(text)) == (4, 0, 0, 0)
    found = {
        code: rest for code, *rest in Component.objects.values_list("code", "parent_code", "model_number", "mass_mg")
    }
    assert found == {
        MODULE: [PACK, "M-1", 20_000_000],
        cells[0]: [MODULE, "C-1", None],
        cells[1]: [MODULE, "", None],
        cells[2]: [other, "", None],
        other: [factories.pack_code(25), "", None],
    }
    before = LifecycleEvent.objects.count()
    assert counts(register(text)) == (0, 4, 0, 0)
    assert LifecycleEvent.objects.count() == before


@pytest.mark.parametrize(
    "second",
    [
        line(factories.pack_code(30), details={"components": [{"code": MODULE}]}),
        line(MODULE, details={"parent": factories.pack_code(31)}),
        line(MODULE, details={"parent": PACK, "model": "M-2"}),
        line(MODULE, details={"parent": PACK, "massKg": "21"}),
        line(factories.pack_code(30), details={"components": [{"code": CELL}, {"code": CELL}]}),
        line(factories.pack_code(30), key="k"),
    ],
)
def test_records_that_contradict_each_other_are_found_before_anything_is_written(
    register: Callable[..., FileRegistration], monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    monkeypatch.setattr("batteries.registration_files.JUDGED", 1)
    monkeypatch.setattr("batteries.registration_files.CHUNK", 1)
    tree = [{"code": MODULE, "model": "M-1", "massKg": "20"}]
    text = line(PACK, key="k", details={"components": tree}) + line(factories.pack_code(31)) + second
    result = register(text)
    assert (counts(result), result.written) == ((2, 0, 0, 1), False)
    assert [bad.line for bad in result.problems] == [3]
    assert produced() == []


def test_a_key_that_was_used_before_is_found_before_anything_is_written(
    register: Callable[..., FileRegistration],
) -> None:
    assert register(line(PACK, key="k")).new == 1
    result = register(line(factories.pack_code(30)) + line(factories.pack_code(31), key="k"))
    assert (counts(result), result.written) == ((1, 0, 0, 1), False)
    assert codes_at(result) == [(2, "key", "key_reused")]


def test_every_row_of_a_family_that_is_refused_is_told(world: World, register: Callable[..., FileRegistration]) -> None:
    world.pack(code=factories.pack_code(30)).produced().repaired(added=[MODULE])
    text = f"{HEADER}{PACK},,,2024-01-01,\n{MODULE},,,,{PACK}\n{CELL},,,,{PACK}\n"
    result = register(text, on_error="proceed")
    assert codes_at(result) == [(2, "code", "built_in"), (3, "code", "built_in"), (4, "parent_code", "unknown_battery")]
    assert counts(result) == (0, 0, 0, 3)


@st.composite
def records(draw: st.DrawFn) -> str:
    """Records of a few batteries that list each other, name each other as parents, and share keys."""
    packs, modules, cells = ([make(n) for n in range(3)] for make in (
        factories.pack_code, factories.module_code, factories.cell_code
    ))  # fmt: skip
    said: dict[str, Any] = {"model": st.sampled_from(["A", "B"]), "massKg": st.sampled_from(["1", "2"])}

    def tree(choice: list[str], below: list[str]) -> list[dict[str, Any]]:
        parts = draw(st.lists(st.sampled_from(choice), max_size=2))
        told = [{"code": code, **draw(st.fixed_dictionaries({}, optional=said))} for code in parts]
        return [{**part, **({"components": tree(below, [])} if below and draw(st.booleans()) else {})} for part in told]

    text = ""
    for code in draw(st.lists(st.sampled_from([*packs, *modules, *cells]), min_size=1, max_size=7)):
        details = draw(st.fixed_dictionaries({}, optional=said))
        if code[3] != "C" and draw(st.booleans()):
            details["components"] = tree(modules, cells) if code[3] == "P" else tree(cells, [])
        if code[3] != "P" and draw(st.booleans()):
            details["parent"] = draw(st.sampled_from(packs if code[3] == "M" else [*packs, *modules]))
        more = draw(st.fixed_dictionaries({}, optional={"key": st.sampled_from("kl"), "site": st.just({"name": "x"})}))
        text += line(code, details=details, **more)
    return text


@given(text=records())
def test_a_dry_run_promises_what_a_run_does_whatever_the_chunks(
    world: World, register: Callable[..., FileRegistration], text: str
) -> None:
    told = []
    for chunk in (1, 1_000):
        with rolled_back(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("batteries.registration_files.CHUNK", chunk)
            patch.setattr("batteries.registration_files.JUDGED", chunk)
            promised = register(text, dry_run=True)
            result = register(text, on_error="proceed")
            assert (counts(promised), codes_at(promised)) == (counts(result), codes_at(result))
            assert result.rows == text.count("\n")
            assert {bad.line for bad in result.problems} == set() or result.refused
            assert len({bad.line for bad in result.problems}) == result.refused
            before = LifecycleEvent.objects.count()
            again = register(text, on_error="proceed")
            assert (again.new, again.same, LifecycleEvent.objects.count()) == (0, result.new, before)
            built = Component.objects.order_by("code").values_list("code", "parent_code", "model_number", "mass_mg")
            told.append((counts(result), codes_at(result), list(built)))
    assert told[0] == told[1]


# The command ---------------------------------------------------------------------------------------------------------


def test_the_command_prints_counts_and_fails_on_bad_rows(world: World, tmp_path: Path) -> None:
    file = tmp_path / "packs.csv"
    file.write_text(f"{HEADER}{PACK},,,,\n{factories.pack_code(2, prefix='001')},,,,\n")
    arguments = ["register", str(file), "--organisation", world.maker.code, "--format", "json"]
    call_command(*arguments, stdout=(out := StringIO()))
    told = json.loads(out.getvalue())
    assert {name: told[name] for name in ("new", "same", "conflicting", "refused", "written", "problems")} == {
        "new": 2,
        "same": 0,
        "conflicting": 0,
        "refused": 0,
        "written": True,
        "problems": [],
    }
    assert [warning["code"] for warning in told["warnings"]] == ["foreign_prefix"]
    file.write_text(f"{HEADER}{PACK},X,,,\n")
    with pytest.raises(SystemExit) as stopped:
        call_command(*arguments[:-2], "--on-error", "proceed", stdout=StringIO(), stderr=(err := StringIO()))
    assert stopped.value.code == 1
    assert "already_registered" in err.getvalue()


def test_the_command_reads_json_lines_by_the_name_of_the_file(world: World, tmp_path: Path) -> None:
    file = tmp_path / "packs.NDJSON"
    file.write_text("\n" + line(PACK))
    call_command("register", str(file), "--organisation", world.maker.code, stdout=StringIO())
    assert [event.fact.code for event in produced()] == [PACK]


def test_a_dry_run_writes_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "packs.csv"
    file.write_text(f"{HEADER}{PACK},,,,\n")
    call_command("register", str(file), "--organisation", world.maker.code, "--dry-run", stdout=(out := StringIO()))
    assert "1" in out.getvalue()
    assert produced() == []


def test_a_missing_file_and_an_unknown_organisation_are_errors(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("register", str(tmp_path / "none.csv"), "--organisation", world.maker.code)
    with pytest.raises(CommandError):
        call_command("register", str(tmp_path / "none.csv"), "--organisation", factories.organisation_code(99))


def test_every_code_of_a_refusal_has_a_sentence() -> None:
    for code in ("duplicate", "already_registered", "line_length", "line_encoding", "several_alliances"):
        assert code in errors.MESSAGES


def test_a_file_of_many_families_is_written_in_chunks(
    register: Callable[..., FileRegistration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batteries.registration_files.CHUNK", 2)
    told: list[tuple[str, int, int]] = []
    pairs = [(factories.pack_code(n), factories.cell_code(n)) for n in range(5)]
    text = HEADER + "".join(f"{pack},,,,\n{cell},,,,{pack}\n" for pack, cell in pairs)
    result = register(text, progress=lambda *done: told.append(done))
    assert result.new == 10
    assert [done for done in told if done[0] == "writing"] == [("writing", n, 10) for n in (0, 4, 8, 10)]
    assert date(2021, 12, 4) in Battery.objects.values_list("produced_on", flat=True)
