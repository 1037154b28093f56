"""Files as they come: encodings, workbooks, and what is broken on purpose. Bad rows are told, nothing crashes."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from batteries.registration_files import FileRegistration, register_file
from batteries.registration_rows import TableReader
from batteries.registration_sheets import CELL_LIMIT, LINE_LIMIT, read_csv, read_lines, survey
from batteries.registration_staging import Staging
from tests import factories
from tests.worlds import World
from traceability.errors import Refusal
from traceability.models import LifecycleRecord

HEADER = "code,model,mass_kg,produced_at,parent_code\n"
PACKS = [factories.pack_code(n) for n in range(1, 60)]
Register = Callable[..., FileRegistration]


@pytest.fixture
def register(world: World, tmp_path: Path) -> Register:
    def run(data: str | bytes, **more: Any) -> FileRegistration:
        path = tmp_path / "file"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return register_file(path, by=world.maker.viewer, **{"on_error": "proceed", **more})

    return run


def workbook(*rows: Sequence[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd", **options})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return file.getvalue()


def told(result: FileRegistration) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.column, bad.problem.code) for bad in result.problems]


# Every row is read alike ---------------------------------------------------------------------------------------------

CELLS = {
    "code": [*PACKS[:3], factories.module_code(1), factories.cell_code(1), f" {PACKS[3]}", PACKS[4].lower(), "", "X",
             PACKS[5][:14] + "0C4" + PACKS[5][17:], PACKS[5][:14] + "YC4" + PACKS[5][17:], "TMP-1", PACKS[6] + "\0",
             factories.second_life_code(1)],
    "model": ["", "NCM-75", " 甲 ", "x" * 81, "a\0b", "é"],
    "mass": ["", "440", "440.10", "-1", "0.0000001", "4e2", "١", " 5 "],
    "produced": ["", "2022-03-01", "2022/3/1 8:00", "2022-03-01T08:00:00Z", "0000-01-01", "x", "2022-02-30"],
    "parent": ["", PACKS[0], PACKS[7], "X", factories.module_code(1), f"{PACKS[0]} "],
}  # fmt: skip


@given(
    rows=st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), max_size=8),
    extra=st.sampled_from(["", ",", ",x"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    block=st.integers(2, 400),
)
def test_the_quick_ways_read_a_row_as_the_careful_way_does(
    tmp_path: Path, rows: list[tuple[str, ...]], extra: str, end: str, block: int
) -> None:
    path = tmp_path / "file"
    header = "code,model,mass_kg,produced_at,parent_code"
    path.write_bytes(end.join([header, *(",".join(row) + extra for row in rows)]).encode())
    found = survey(path)

    def read(way: str) -> tuple[list[Any], list[Any], int]:
        staging = Staging()
        reader = TableReader(staging, "91510100MA6000002W", "d" * 64, date(2026, 1, 1))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("batteries.registration_sheets.BLOCK", block)
            if way == "careful":
                patch.setattr(reader, "_plain", lambda *_: None)
            lines = partial(read_lines, path, found) if way == "lines" else None
            reader.read(read_csv(path, found), lambda line: None, lines)
        staging.unpack()
        good = staging._db.execute("SELECT * FROM row ORDER BY line").fetchall()
        return good, [(bad.line, bad.problem.code, bad.problem.path) for bad in staging.problems()], staging.count

    assert read("careful") == read("rows") == read("lines")


# Text ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_file_is_read_in_the_encoding_it_has(register: Register, encoding: str) -> None:
    text = f"编码,型号\n{PACKS[0]},磷酸铁锂㐂型\n" if encoding != "gbk" else f"编码,型号\n{PACKS[0]},磷酸铁锂一型\n"
    assert register(text.encode(encoding)).new == 1


def test_a_line_in_another_encoding_is_a_bad_line(register: Register) -> None:
    lines = [f"{code},磷酸铁锂一型\n" for code in PACKS[:5]]
    data = "编码,型号\n".encode() + b"".join(
        line.encode("gb18030" if at == 2 else "utf-8") for at, line in enumerate(lines)
    )
    result = register(data)
    assert (result.new, told(result)) == (4, [(4, "", "line_encoding")])
    assert result.problems[0].problem.value == "0xc1"


def test_overlong_utf8_is_a_bad_line(register: Register) -> None:
    data = f"编码,型号\n{PACKS[0]},甲\n".encode() + f"{PACKS[1]},".encode() + b"\xc0\xaf\n"
    result = register(data)
    assert (result.new, told(result)) == (1, [(3, "", "line_encoding")])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(register: Register, end: str) -> None:
    assert register((HEADER + f"{PACKS[0]},,,,\n{PACKS[1]},,,,\n").replace("\n", end)).new == 2


def test_one_bad_row_of_a_file_is_one_bad_row(register: Register) -> None:
    """A cell of a megabyte, a quote that never ends, a million columns, NUL, a lone carriage return, a formula …"""
    bad = [
        f"{'9' * (CELL_LIMIT + 1)},,,,",
        f'{PACKS[50]}"x,,"",,',
        f'"{PACKS[51]}"x,,,,',
        f"{PACKS[52]},{'x' * 200_000},,,",
        "," * 1_000_000 + "x",
        "y" * (LINE_LIMIT + 10),
        f"{PACKS[53]},a\0b,,,",
        f"{PACKS[54]},a\rb,,,",
        f"=HYPERLINK({PACKS[55]}),,,,",
        f"{PACKS[56]},,1e309,,",
        f"{PACKS[57]},,9007199254740993.1,,",
        f"{PACKS[58]},,,2022-02-30,",
        f"\u202e{PACKS[48][::-1]},,,,",
        f"{PACKS[49]},,,,,,extra",
        f"{PACKS[47]},NCM",
    ]
    rows = []
    for at, row in enumerate(bad):
        rows += [row, f"{PACKS[at]},,,,"]
    result = register(HEADER + "\n".join(rows) + "\n")
    assert result.new == len(bad)
    lines = {bad.line for bad in result.problems}
    # The carriage return makes two rows of one.
    assert len(lines) == len(bad) + 1
    assert result.refused == len(bad) + 1
    assert all(len(bad.problem.value) <= 200 and bad.problem.message for bad in result.problems)


def test_a_quote_that_never_ends_does_not_take_the_file_with_it(register: Register) -> None:
    result = register(f'{HEADER}{PACKS[0]},,,,\n{PACKS[1]},"never,,,\n' + "".join(f"{c},,,,\n" for c in PACKS[2:9]))
    assert result.new == 8
    assert told(result) == [(3, "", "broken_row")]


@pytest.mark.parametrize("lines", [1, 3, 200])
def test_two_stray_quotes_swallow_no_row_between_them(register: Register, lines: int) -> None:
    between = [factories.pack_code(n) for n in range(100, 100 + lines)]
    rows = [f'{PACKS[0]},"NCM,440,,', *(f"{code},,,," for code in between), f'{PACKS[1]},75",440,,', f"{PACKS[2]},,,,"]
    result = register(HEADER + "\n".join(rows))
    assert told(result) == [(2, "", "broken_row")]
    assert (result.new, result.refused) == (lines + 2, 1)
    assert set(LifecycleRecord.objects.filter(kind="battery").values_list("code", flat=True)) == {*between, *PACKS[1:3]}


def test_headings_may_be_written_on_two_lines_and_lines_are_counted(register: Register) -> None:
    text = f'"code","mass\r\n_kg"\r\n"{PACKS[0]}","1\r\n"\r\n"{PACKS[1]}","x"\r\n\r\n"{PACKS[2]}","1"2"\r\n'
    result = register(text)
    assert result.new == 1
    assert [line for line, *_ in told(result)] == [5, 7]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01" * 9, b"\x89PNG\r\n\x1a\n\xff\xff", b"code\n\xff\xff\xff\n"])
def test_what_is_no_text_is_refused(register: Register, data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        register(data)
    assert refused.value.code == "encoding"


def test_little_memory_whatever_the_length_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"x" * (LINE_LIMIT * 3) + f"\n{PACKS[0]},,,,\n".encode())
    found = survey(path)
    assert found.overlong
    assert [len(str(cells)) < 200 for _, cells in read_csv(path, found)] == [True, True, True]


# Workbooks -----------------------------------------------------------------------------------------------------------


def test_a_workbook_is_read_like_a_table(register: Register) -> None:
    head = ["型号", "编码", "质量(kg)", "生产日期", "上级编码"]
    rows = [
        ["NCM-75", PACKS[0], 440.1, date(2022, 3, 1), ""],
        [None, factories.module_code(1), "25.5", datetime(2022, 3, 1, 8, 30), PACKS[0]],  # noqa: DTZ001 (as a sheet has it)
        [None, None, None, None, None],
        ["NCM-75", PACKS[1], 440, "2022-03-01", None],
    ]
    result = register(workbook(head, *rows))
    assert (result.new, told(result)) == (3, [])
    assert LifecycleRecord.objects.filter(kind="battery").count() == 2
    assert register(workbook(head, *rows)).same == 3


def test_a_code_that_is_a_number_in_a_workbook_says_why_it_is_refused(register: Register) -> None:
    rows = [["code", "mass_kg"], [123456789012345678901234, 1], [PACKS[0], 2], [7, 3], [True, 4]]
    result = register(workbook(*rows))
    assert result.new == 1
    assert told(result) == [(2, "code", "numeric_code"), (4, "code", "numeric_code"), (5, "code", "length")]
    assert "e+23" in result.problems[0].problem.value


def test_rows_of_a_workbook_are_named_by_their_number(register: Register) -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(3, 1, ["code"])
    sheet.write_row(6, 1, ["X"])
    book.close()
    assert told(register(file.getvalue())) == [(7, "code", "length")]


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * ((1 << 30) + 1))
    return file.getvalue()


def crowd() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"m{number}", b"")
    return file.getvalue()


def vast() -> bytes:
    """Two cells, as far apart as a sheet is large."""
    source = io.BytesIO(workbook(["code"], ["X"]))
    target = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b'r="A2"', b'r="XFD1048576"')
            new.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    "make", [bomb, crowd, vast, lambda: b"PK\x03\x04 and no more", lambda: workbook(["code"])[:900]]
)
def test_a_workbook_that_cannot_be_read_is_refused(register: Register, make: Callable[[], bytes]) -> None:
    with pytest.raises(Refusal) as refused:
        register(make())
    assert refused.value.code == "workbook"


def test_a_workbook_with_too_many_columns_is_a_wrong_header(register: Register) -> None:
    result = register(workbook(["code", *[f"c{n}" for n in range(2_000)]], [PACKS[0]]))
    assert (told(result), result.new, result.refused) == ([(1, "", "too_many")], 0, 1)


def test_a_sum_in_a_workbook_is_what_the_spreadsheet_shows(register: Register) -> None:
    result = register(workbook(["code", "mass_kg"], [PACKS[0], 20.1 * 3], [PACKS[1], 0.1 + 0.2], [PACKS[2], 1 / 3]))
    assert told(result) == [(4, "mass_kg", "wrong_value")]
    assert result.new == 2
