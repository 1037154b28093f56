"""Listings and permits as files: sent by the alliance, worked off row by row, the same again without effect."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from recyclers.models import Listing, Permit
from recyclers.standing import standing_on
from recyclers.standing_files import FileStanding, import_standing
from tests import factories
from tests.graphql_schema.asking import good
from tests.recyclers.stating import listing, permit
from tests.worlds import Party, World, rolled_back
from traceability import jobs, tokens, worker
from traceability.models import ImportJob, LifecycleEvent

PERMIT_HEADER = "organisation,kind,number,issuer,valid_from,valid_until\n"
LISTING_HEADER = "organisation,scope,batch,announced_on,revoked_on,reason\n"
JOB = """query ($id: ID!) { importJob(id: $id) { kind status phase progress rowsTotal rowsNew rowsSame rowsRefused
  problem { code } rowErrors { edges { node { line column value code message } } } } }"""


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_DIR = tmp_path / "imports"


def machine(party: Party) -> Client:
    _token, text = tokens.issue(party.organisation, name="test")
    return Client(headers={"Authorization": f"Bearer {text}", "Accept-Language": "en"})


def send(party: Party, kind: str, data: str | bytes, name: str = "表.csv", **options: str) -> str:
    form = {"file": SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data), **options}
    answer = machine(party).post(f"/files/{kind}/", form)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["job"]["id"])


def worked_off(party: Party, id_: str) -> dict[str, Any]:
    while worker.work_off("test") is not None:
        pass
    found: dict[str, Any] = good(party, JOB, id=id_)["importJob"]
    found["errors"] = [edge["node"] for edge in found.pop("rowErrors")["edges"]]
    return found


def workbook(*rows: list[Any]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def took(world: World, tmp_path: Path, kind: str, text: str, **options: Any) -> FileStanding:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    return import_standing(path, kind=kind, by=world.alliance.viewer, **options)


def counts(result: FileStanding) -> tuple[int, int, int]:
    return result.new, result.same, result.refused


def statements() -> int:
    return LifecycleEvent.objects.filter(type__in=("listing", "permit")).count()


# What is read --------------------------------------------------------------------------------------------------------


def test_permits_are_read_in_english(world: World) -> None:
    own = world.recycler.code
    data = PERMIT_HEADER + f"{own},eia,E-1,Sichuan,2024-01-01,2026-12-31\n{own},POLLUTION,P-1,,2024/1/5,\n"
    found = worked_off(world.alliance, send(world.alliance, "permits", data))
    assert (found["kind"], found["status"], found["rowsTotal"], found["rowsNew"]) == ("PERMITS", "DONE", 2, 2)
    rows = Permit.objects.order_by("kind").values_list("organisation__code", "kind", "number", "issuer", "valid_until")
    assert list(rows) == [(own, "eia", "E-1", "Sichuan", date(2026, 12, 31)), (own, "pollution", "P-1", "", None)]
    assert Permit.objects.get(kind="pollution").valid_from == date(2024, 1, 5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_listings_are_read_in_chinese_in_any_order_of_columns(world: World, encoding: str) -> None:
    own = world.recycler.code
    data = (
        "公告日期;类别;企业名称;统一社会信用代码;批次;撤销日期;撤销原因\n"
        f"2023年12月1日;再生利用;遂宁再生;{own};第五批;;\n"
        f"2021.1.20;梯次利用;遂宁再生;{own.lower()};第二批;2026-07-30;政策调整\n"
    )
    found = worked_off(world.alliance, send(world.alliance, "listings", data.encode(encoding)))
    assert (found["status"], found["rowsNew"], found["errors"]) == ("DONE", 2, [])
    rows = Listing.objects.order_by("scope").values_list(
        "scope", "batch_number", "announced_on", "revoked_on", "reason"
    )
    assert list(rows) == [
        ("recovery", "第五批", date(2023, 12, 1), None, ""),
        ("second_life", "第二批", date(2021, 1, 20), date(2026, 7, 30), "政策调整"),
    ]


def test_a_workbook_is_read_with_its_days_and_numbers(world: World) -> None:
    header = ["统一社会信用代码", "许可种类", "编号", "Valid from", "有效期至"]
    data = workbook(
        header,
        [world.recycler.code, "排污许可证", 20240012, date(2024, 1, 1), "长期"],
        [world.recycler.code, "环评", "川环审〔2024〕1号", date(2024, 1, 1), date(2026, 12, 31)],
    )
    found = worked_off(world.alliance, send(world.alliance, "permits", data, "表.xlsx"))
    assert (found["status"], found["rowsNew"], found["errors"]) == ("DONE", 2, [])
    rows = Permit.objects.order_by("kind").values_list("number", "valid_from", "valid_until")
    assert list(rows) == [
        ("川环审〔2024〕1号", date(2024, 1, 1), date(2026, 12, 31)),
        ("20240012", date(2024, 1, 1), None),
    ]


# What is wrong -------------------------------------------------------------------------------------------------------


def test_every_error_is_told_by_line_and_column_and_nothing_is_written(world: World) -> None:
    own = world.recycler.code
    data = (
        "单位代码,种类,编号,发证机关,有效期起,有效期止\n"
        f"{own},eia,E-1,,2024-01-01,2026-12-31\n"
        f"{own},fishing,E-2,,2024-02-30,\n"
        f"91510100MA6999999X,eia,E-3,,,\n"
        f"{own},,E-4,,,\n"
        f"{own},eia,E-1,,2025-01-01,\n"
        f"{own},eia,E-5,,2024-05-02,2024-05-01\n"
        f"{own},eia\n"
        "\n"
    )
    found = worked_off(world.alliance, send(world.alliance, "permits", data))
    assert (found["status"], found["rowsTotal"], found["rowsRefused"]) == ("REFUSED", 7, 6)
    assert [(bad["line"], bad["column"], bad["code"]) for bad in found["errors"]] == [
        (3, "种类", "wrong_value"),
        (3, "有效期起", "wrong_value"),
        (4, "单位代码", "unknown_organisation"),
        (5, "种类", "missing_field"),
        (6, "单位代码", "duplicate"),
        (7, "有效期止", "wrong_value"),
        (8, "", "cell_count"),
    ]
    assert found["errors"][2]["message"] == "The organisation 91510100MA6999999X is not registered."
    assert statements() == 0


def test_good_rows_are_taken_where_the_sender_says_so(world: World) -> None:
    data = f"{LISTING_HEADER}{world.recycler.code},recovery,5,2023-12-01,,\nX,recovery,5,2023-12-01,,\n"
    found = worked_off(world.alliance, send(world.alliance, "listings", data, onError="proceed"))
    assert (found["status"], found["rowsNew"], found["rowsRefused"]) == ("DONE", 1, 1)
    assert standing_on(date(2025, 1, 1))[world.recycler.id].listed_for == {"recovery"}


def test_a_dry_run_tells_all_and_writes_nothing(world: World) -> None:
    data = f"{LISTING_HEADER}{world.recycler.code},recovery,5,2023-12-01,,\n{world.recycler.code},,,,,\n"
    options = {"dryRun": "true", "onError": "proceed"}
    found = worked_off(world.alliance, send(world.alliance, "listings", data, **options))
    assert (found["status"], found["rowsNew"], found["rowsRefused"]) == ("DONE", 1, 1)
    assert statements() == 0


def test_the_copy_with_errors_comes_back_corrected_as_it_is(world: World) -> None:
    own = world.recycler.code
    id_ = send(world.alliance, "permits", f"{PERMIT_HEADER}{own},eia,E-1,,,\n{own},fish,E-2,,,\n")
    worked_off(world.alliance, id_)
    answer = machine(world.alliance).get(f"/files/imports/{id_}/errors")
    copy = b"".join(answer).decode("utf-8-sig")
    assert "expected: project_filing, eia, pollution" in copy
    found = worked_off(world.alliance, send(world.alliance, "permits", copy.replace("fish", "环评")))
    assert (found["status"], found["rowsNew"]) == ("DONE", 2)


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("organisation,colour", ["unknown_field", "missing_field"]),
        ("kind", ["missing_field"]),
        ("organisation,kind,种类", ["duplicate", "duplicate"]),
        ("errors", ["missing_field", "missing_field"]),
    ],
)
def test_a_header_that_is_wrong_is_told_once_and_no_row_is_taken(
    world: World, tmp_path: Path, header: str, codes: list[str]
) -> None:
    data = f"{header}\n{world.recycler.code},eia,eia\n"
    result = took(world, tmp_path, "permits", data, on_error="proceed")
    assert [bad.problem.code for bad in result.problems] == codes
    assert (counts(result), result.written, statements()) == ((0, 0, 1), False, 0)
    assert worked_off(world.alliance, send(world.alliance, "permits", data, onError="proceed"))["status"] == "REFUSED"


def test_a_code_that_a_spreadsheet_keeps_as_a_number_is_refused(world: World) -> None:
    data = workbook(
        ["organisation", "kind", "number"], [915101000000000000, "eia", 1], ["X", "eia", 1234567890123456789]
    )
    found = worked_off(world.alliance, send(world.alliance, "permits", data, "x.xlsx"))
    assert [(bad["line"], bad["column"], bad["code"]) for bad in found["errors"]] == [
        (2, "organisation", "numeric_code"),
        (3, "number", "numeric_code"),
    ]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"PK\x03\x04 and no more", "x.xlsx", "workbook"),
        (b"\xff\xfe\xff\xff\n", "x.csv", "encoding"),
        (b'{"type": "permit"}\n', "x.jsonl", "wrong_value"),
    ],
)
def test_a_file_that_is_no_table_fails_as_a_whole(world: World, data: bytes, name: str, code: str) -> None:
    found = worked_off(world.alliance, send(world.alliance, "permits", data, name))
    assert (found["status"], found["problem"]["code"], found["rowsTotal"]) == ("FAILED", code, None)


def test_a_file_of_more_rows_than_there_can_be_fails(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recyclers.standing_rows.MOST_ROWS", 2)
    data = PERMIT_HEADER + "".join(f"{world.recycler.code},eia,E-{n},,,\n" for n in range(3))
    found = worked_off(world.alliance, send(world.alliance, "permits", data))
    assert (found["status"], found["problem"]["code"]) == ("FAILED", "too_many")


@given(
    st.lists(st.lists(st.sampled_from(["", "eia", "2024-01-01", "长期", "\x00", "'=1", "长" * 300, "X"]), max_size=7))
)
def test_any_table_is_taken_or_told_and_never_breaks(world: World, tmp_path: Path, rows: list[list[str]]) -> None:
    with rolled_back():
        lines = [",".join([world.recycler.code, *cells]) for cells in rows]
        result = took(world, tmp_path, "permits", PERMIT_HEADER + "\n".join(lines), on_error="proceed")
        assert result.rows == len(rows)
        assert result.new == statements()
        assert result.refused == len({bad.line for bad in result.problems})


# Again ---------------------------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing_even_after_another(world: World, tmp_path: Path) -> None:
    own = world.recycler.code
    first = f"{PERMIT_HEADER}{own},eia,E-1,,2024-01-01,2025-12-31\n{own},pollution,P-1,,,\n"
    second = first.replace("2025-12-31", "2028-12-31")
    assert counts(took(world, tmp_path, "permits", first)) == (2, 0, 0)
    assert counts(took(world, tmp_path, "permits", first)) == (0, 2, 0)
    assert counts(took(world, tmp_path, "permits", second)) == (1, 1, 0)
    assert counts(took(world, tmp_path, "permits", first)) == (0, 2, 0)
    assert statements() == 3
    assert standing_on(date(2027, 1, 1))[world.recycler.id].permits == {"eia", "pollution"}


def test_the_order_of_rows_and_columns_makes_no_other_statement(world: World, tmp_path: Path) -> None:
    own = world.recycler.code
    took(world, tmp_path, "permits", f"{PERMIT_HEADER}{own},eia,E-1,,2024-01-01,\n{own},pollution,P-1,,,\n")
    turned = f"编号,种类,生效日期,单位代码\nP-1,排污许可,,{own}\nE-1,环评,2024-01-01,{own}\n"
    assert counts(took(world, tmp_path, "permits", turned)) == (0, 2, 0)
    assert statements() == 2


def test_what_was_recorded_otherwise_in_the_same_words_is_the_same(world: World, tmp_path: Path) -> None:
    listing(world, batch="5", announcedOn="2023-12-01")
    permit(world, number="E-1", validFrom="2024-01-01")
    own = world.recycler.code
    assert counts(took(world, tmp_path, "listings", f"{LISTING_HEADER}{own},recovery,5,2023-12-01,,\n")) == (0, 1, 0)
    assert counts(took(world, tmp_path, "permits", f"{PERMIT_HEADER}{own},eia,E-1,,2024-01-01,\n")) == (0, 1, 0)


def test_a_file_that_revokes_leaves_the_row_before_without_effect(world: World, tmp_path: Path) -> None:
    listing(world, batch="5", announcedOn="2023-12-01")
    own = world.recycler.code
    text = f"{LISTING_HEADER}{own},recovery,5,2023-12-01,2025-05-01,整改未完成\n"
    assert counts(took(world, tmp_path, "listings", text)) == (1, 0, 0)
    assert world.recycler.id not in standing_on(date(2026, 1, 1))


def test_a_worker_that_died_after_writing_is_told_as_if_it_had_not(world: World) -> None:
    id_ = send(world.alliance, "permits", f"{PERMIT_HEADER}{world.recycler.code},eia,E-1,,,\n")
    found = worked_off(world.alliance, id_)
    # As it is when the worker dies between its transaction and the end.
    ImportJob.objects.update(status="writing", lease_until=None, rows=None, same=0)
    ImportJob.objects.update(lease_until="2020-01-01T00:00:00Z")
    assert worked_off(world.alliance, id_) == found
    assert statements() == 1


# Who, and how --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["listings", "permits"])
def test_nobody_but_the_alliance_may(world: World, kind: str) -> None:
    answer = machine(world.recycler).post(f"/files/{kind}/", b"x", content_type="text/csv")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (403, "role")
    assert not ImportJob.objects.exists()
    assert not any(jobs.folder().iterdir())
    id_ = send(world.alliance, kind, PERMIT_HEADER if kind == "permits" else LISTING_HEADER)
    ImportJob.objects.update(roles=" recycler ")
    assert worked_off(world.alliance, id_)["problem"]["code"] == "role"
    assert Client().post(f"/files/{kind}/", b"x", content_type="text/csv").status_code == 401


def test_as_many_queries_for_many_rows_as_for_few(world: World, tmp_path: Path) -> None:
    def queries(rows: int, first: int) -> int:
        own = world.recycler.code, world.stranger.code
        lines = "".join(f"{own[n % 2]},eia,E-{n},,,\n" for n in range(first, first + rows))
        with CaptureQueriesContext(connection) as captured:
            assert counts(took(world, tmp_path, "permits", PERMIT_HEADER + lines)) == (rows, 0, 0)
        return len(captured)

    queries(2, 0)
    assert queries(4, 10) == queries(40, 100)


def test_the_command_records_and_says_what_became_of_the_rows(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "permits.csv"
    path.write_text(f"{PERMIT_HEADER}{world.recycler.code},eia,E-1,,,\n{world.recycler.code},fish,E-1,,,\n")
    with pytest.raises(SystemExit) as ended:
        call_command("import_standing", path, "--kind", "permits", "--format", "json")
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["new"], told["refused"], told["written"]) == (1, 1, 1, False)
    assert told["problems"][0]["column"] == "kind"
    assert statements() == 0
    path.write_text(path.read_text().replace("fish,E-1", "pollution,P-1"))
    call_command("import_standing", path, "--kind", "permits", "--dry-run")
    assert statements() == 0
    call_command("import_standing", path, "--kind", "permits", "--on-error", "proceed")
    assert statements() == 2


def test_the_command_refuses_who_is_no_alliance_and_what_is_no_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "listings.csv"
    path.write_text(LISTING_HEADER)
    with pytest.raises(CommandError, match="role"):
        call_command("import_standing", path, "--kind", "listings", "--as", world.recycler.code)
    with pytest.raises(CommandError, match="nowhere"):
        call_command("import_standing", tmp_path / "nowhere.csv", "--kind", "listings")


def test_in_an_empty_system_nobody_states_anything(db: None, tmp_path: Path) -> None:
    path = tmp_path / "listings.csv"
    path.write_text(f"{LISTING_HEADER}{factories.organisation_code(1)},recovery,,,,\n")
    with pytest.raises(CommandError, match="no_organisation"):
        call_command("import_standing", path, "--kind", "listings")
