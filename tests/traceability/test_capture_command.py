"""`capture`: records in bulk, from a file to the ledger."""

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from tests.worlds import World, rolled_back
from traceability import capturing, exact, record_lines
from traceability.capturing import CaptureResult, capture, capturing_viewer
from traceability.errors import Refusal
from traceability.models import LifecycleEvent, LifecycleRecord, Organisation
from traceability.record_lines import read_rows

ALLIANCE, MAKER = factories.organisation_code(1), factories.organisation_code(2)
PACK = factories.pack_code(1)


def organisation(code: str, *roles: str, by: str = ALLIANCE, **more: Any) -> dict[str, Any]:
    details = {"code": code, "name": f"Company {code}", "roles": list(roles)}
    return factories.given("organisation", by, key=f"o-{code}", details=details, **more)


def produced(code: str = PACK, key: str = "p-1", **more: Any) -> dict[str, Any]:
    return factories.given("produced", MAKER, 1, battery=code, key=key, details=more)


def lines(*records: Any) -> bytes:
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records)


def run(data: bytes, code: str | None = None, **more: Any) -> CaptureResult:
    return capture(io.BytesIO(data), by=capturing_viewer(code, "command"), **more)


def counts(result: CaptureResult) -> tuple[int, int, int]:
    return result.recorded, result.replayed, result.refused


def told(result: CaptureResult) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.column, bad.problem.code) for bad in result.problems]


FOUNDING = organisation(ALLIANCE, "alliance")
START = (FOUNDING, organisation(MAKER, "battery_maker", "vehicle_maker"))


# Founding, and who captures ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_in_an_empty_system_the_first_alliance_founds_it() -> None:
    assert counts(run(lines(*START, produced()))) == (3, 0, 0)
    assert Organisation.objects.get(code=ALLIANCE).role_set == {"alliance"}
    assert LifecycleRecord.objects.get(code=PACK).stage == "produced"


@pytest.mark.django_db
def test_the_founder_captures_on_in_later_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "CHUNK", 1)
    assert counts(run(lines(*START, produced()))) == (3, 0, 0)


@pytest.mark.django_db
def test_without_an_alliance_nothing_is_taken() -> None:
    result = run(lines(organisation(MAKER, "battery_maker", by=MAKER), produced()))
    assert counts(result) == (0, 0, 2)
    assert {bad.problem.code for bad in result.problems} == {"unknown_organisation"}
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_nobody_founds_a_system_by_anothers_word() -> None:
    result = run(lines(organisation(ALLIANCE, "alliance", by=MAKER)))
    assert counts(result) == (0, 0, 1)
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_a_named_founder_is_the_only_one() -> None:
    assert counts(run(lines(*START), code=MAKER)) == (0, 0, 2)
    assert counts(run(lines(*START), code=ALLIANCE)) == (2, 0, 0)


def test_a_founded_system_is_not_founded_again(world: World) -> None:
    other = factories.organisation_code(77)
    result = run(lines(organisation(other, "alliance", by=other)))
    assert counts(result) == (0, 0, 1)


def test_an_organisation_captures_its_own_facts_only(world: World) -> None:
    own = factories.given("produced", world.maker.code, 1, battery=PACK, key="1")
    foreign = factories.given("produced", world.cell_maker.code, 1, battery=factories.pack_code(2), key="2")
    result = run(lines(own, foreign), code=world.maker.code, on_error="proceed")
    assert counts(result) == (1, 0, 1)
    assert told(result) == [(2, "organisation", "not_own_name")]


def test_with_two_alliances_one_has_to_be_named(world: World) -> None:
    second = factories.organisation_code(78)
    world.capture([world.fact("organisation", world.alliance, code=second, name="B", roles=["alliance"])])
    with pytest.raises(Refusal) as refused:
        capturing_viewer(None, "command")
    assert refused.value.code == "several_alliances"
    assert capturing_viewer(second, "command").organisation_code == second


def test_an_unknown_organisation_captures_nothing(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        capturing_viewer(factories.organisation_code(99), "command")
    assert refused.value.code == "unknown_organisation"


# What becomes of records ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_file_again_is_replayed() -> None:
    data = lines(*START, produced(massKg="440.5"))
    run(data)
    assert counts(run(data)) == (0, 3, 0)
    assert counts(run(lines(produced(massKg=Decimal("440.5").__float__())))) == (0, 1, 0)
    assert told(run(lines(produced(massKg="441")))) == [(1, "key", "key_reused")]


@pytest.mark.django_db
def test_one_bad_record_keeps_all_out() -> None:
    result = run(lines(*START, produced(massKg="heavy")))
    assert counts(result) == (2, 0, 1)
    assert not result.written
    assert told(result) == [(3, "details.massKg", "wrong_value")]
    assert not LifecycleEvent.objects.exists()
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_proceed_takes_the_good_records() -> None:
    result = run(lines(*START, produced(massKg="heavy"), produced(factories.pack_code(2), "p-2")), on_error="proceed")
    assert counts(result) == (3, 0, 1)
    assert result.written
    assert LifecycleEvent.objects.count() == 3


@pytest.mark.django_db
def test_a_dry_run_checks_what_depends_on_earlier_records_and_writes_nothing() -> None:
    sold = factories.given("sold", MAKER, 3, battery=PACK, key="s")
    result = run(lines(*START, produced(), sold), dry_run=True, on_error="proceed")
    assert counts(result) == (4, 0, 0)
    assert not result.written
    assert not LifecycleEvent.objects.exists()


@pytest.mark.django_db
def test_every_bad_line_is_told() -> None:
    records = [
        *START,
        b"\xff{}",
        b"{",
        b'{"key": 1, "key": 2}',
        b"[1]",
        b'{"massKg": NaN}',
        {**produced(), "type": "flown"},
        {**produced(), "occurredAt": "2022-01-01"},
        {**produced(), "colour": "red"},
        {**produced(), "type": "released"},
        {**produced(), "organisation": factories.organisation_code(55)},
        {**produced(), "type": "batch", "battery": None},
    ]
    result = run(lines(*records), dry_run=True)
    assert told(result) == [
        (3, "", "line_encoding"),
        (4, "", "invalid_json"),
        (5, "", "invalid_json"),
        (6, "", "not_an_object"),
        (7, "", "invalid_json"),
        (8, "type", "wrong_value"),
        (9, "occurredAt", "wrong_value"),
        (10, "colour", "unknown_field"),
        (11, "type", "wrong_value"),
        (13, "details.number", "missing_field"),
        (12, "organisation", "unknown_organisation"),
    ]
    assert counts(result) == (2, 0, 11)


@pytest.mark.django_db
def test_what_is_missing_has_no_value() -> None:
    """A field that was not given holds nothing; its place says which it is."""
    dispatched = factories.given("dispatched", MAKER, 2, battery=PACK, key="d-1")
    corrected = factories.given("corrected", MAKER, 2, key="c-1", details={"corrects": "p-1", "replacement": {}})
    tree = produced(components=[{"model": "M"}])
    without = [{name: value for name, value in produced().items() if name != lost} for lost in produced()]
    result = run(lines(*START, *without, dispatched, corrected, tree), on_error="proceed")
    told = [bad.as_json() for bad in result.problems]
    assert {problem["code"] for problem in told} == {"missing_field"}
    assert {problem["column"] for problem in told} == {
        *("key", "type", "organisation", "occurredAt", "battery"),
        *("details.to", "details.replacement.type", "details.replacement.occurredAt", "details.components.0.code"),
    }
    assert {problem["value"] for problem in told} == {""}
    # Whoever reads the sentence is told the field.
    assert all(problem["path"][-1] in problem["message"] for problem in told)


@pytest.mark.django_db
def test_problems_beyond_what_can_be_told_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "TOLD", 2)
    result = run(b"{\n" * 5)
    assert (len(result.problems), result.untold, result.refused) == (2, 3, 5)


@pytest.mark.django_db
@settings(max_examples=settings.default.max_examples // 3)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=12), st.integers(1, 5))
def test_chunks_make_no_difference(numbers: list[int], size: int) -> None:
    """However a file is cut, the same records are taken."""
    data = lines(*START, *(produced(factories.pack_code(n), f"p-{i % 4}") for i, n in enumerate(numbers)))
    found = []
    for chunk in (size, 1_000):
        with rolled_back(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(capturing, "CHUNK", chunk)
            result = run(data, on_error="proceed")
            keys = list(LifecycleEvent.objects.values_list("key", flat=True))
            found.append((counts(result), sorted(told(result)), keys))
    assert found[0] == found[1]


# Lines ---------------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_blank_lines_and_carriage_returns_do_not_matter() -> None:
    rows = list(read_rows(io.BytesIO(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"b": 1.10}')))
    assert [(row.line, row.given) for row in rows] == [(1, {"a": 1}), (4, {"b": Decimal("1.10")})]
    assert str(rows[1].given["b"]) == "1.10"


def test_an_overlong_line_is_passed_over_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_lines, "LINE_LIMIT", 20)
    data = b'{"a": 1}\n{"b": "' + b"x" * 200 + b'"}\n{"c": 3}\n'
    rows = list(read_rows(io.BytesIO(data)))
    assert [(row.line, row.problem and row.problem.code) for row in rows] == [
        (1, None),
        (2, "line_length"),
        (3, None),
    ]
    assert rows[-1].end == len(data)


def test_a_line_of_exactly_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_lines, "LINE_LIMIT", 9)
    assert [row.problem for row in read_rows(io.BytesIO(b'{"a": 12}\n{"a": 12}'))] == [None, None]
    assert [row.problem is None for row in read_rows(io.BytesIO(b'{"a": 123}\n{"a": 123}'))] == [False, False]


@pytest.mark.django_db
@given(st.binary(max_size=200))
def test_no_bytes_crash_a_capture(data: bytes) -> None:
    with rolled_back():
        result = run(data, on_error="proceed")
        json.dumps([bad.as_json() for bad in result.problems], ensure_ascii=False).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.django_db
@given(st.dictionaries(st.sampled_from([*produced(), "site", "attachments", "reportedAt", "x"]), JSON), JSON)
def test_no_record_crashes_a_capture(changed: dict[str, Any], details: Any) -> None:
    with rolled_back():
        run(lines(*START))
        result = run(lines({**produced(), **changed}, {**produced(), "details": details}), on_error="proceed")
        assert result.recorded + result.refused + result.replayed == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "extra",
    [
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
    ],
)
def test_what_cannot_be_kept_under_extra_is_refused(extra: bytes) -> None:
    record = json.dumps(produced(extra="?")).encode().replace(b'"?"', extra)
    result = run(lines(*START) + record + b"\n", on_error="proceed")
    assert counts(result) == (2, 0, 1)


@pytest.mark.django_db
@settings(max_examples=settings.default.max_examples // 2)
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_what_is_kept_under_extra_is_replayed(extra: dict[str, Any]) -> None:
    with rolled_back():
        data = lines(*START, produced(extra=extra))
        assert counts(run(data)) == (3, 0, 0)
        assert counts(run(data)) == (0, 3, 0)


# The command ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_prints_what_became_of_the_records(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_bytes(lines(*START, produced()))
    call_command("capture", str(file), "--format", "json", stdout=(out := io.StringIO()))
    assert exact.loads(out.getvalue()) == {
        "recorded": 3,
        "replayed": 0,
        "refused": 0,
        "written": True,
        "problems": [],
        "untold": 0,
    }
    file.write_bytes(lines({**produced(), "colour": "red"}))
    with pytest.raises(SystemExit) as stopped:
        call_command("capture", str(file), "--format", "json", stdout=(out := io.StringIO()))
    assert stopped.value.code == 1
    (problem,) = json.loads(out.getvalue())["problems"]
    assert problem.pop("message")
    assert problem == {"line": 1, "path": ["colour"], "column": "colour", "value": "colour", "code": "unknown_field"}
    with pytest.raises(SystemExit):
        call_command("capture", str(file), stdout=(out := io.StringIO()), stderr=(err := io.StringIO()))
    assert "1: colour" in err.getvalue()


@pytest.mark.django_db
def test_a_missing_file_and_an_unknown_capturer_are_errors(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("capture", str(tmp_path / "none"))
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"")
    with pytest.raises(CommandError):
        call_command("capture", str(file), "--as", factories.organisation_code(99))


@pytest.mark.django_db
def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"")
    call_command("capture", str(file), "--dry-run", stdout=(out := io.StringIO()))
    assert "0" in out.getvalue()
