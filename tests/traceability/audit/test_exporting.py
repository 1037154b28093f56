"""Gaps, figures and samples as files, read back by readers that are not ours."""

import csv
import hashlib
import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tests.traceability.audit.asking import gaps
from tests.worlds import World
from traceability.audit import kept
from traceability.audit.exporting import FORMATS, tables, workbook, write_figures, write_gaps
from traceability.audit.reading import Figures, completeness, last_run
from traceability.audit.running import audit
from traceability.audit.telling import Told
from traceability.errors import Refusal

COLUMNS = ["battery", "gap", "severity", "event", "organisation", "since", "clause", "evidence"]
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1", "|cmd", "\n=1"]


def gap(number: int = 1, event: str = "k1", **evidence: Any) -> Told:
    return Told(
        f"04QPE7683{number:015}", "unreceived", "break", event, "91510100MA0000001X", "2026-03-01", None, evidence
    )


def written(found: Iterable[Told], form: str) -> bytes:
    file = io.BytesIO()
    write_gaps(found, file, form)
    return file.getvalue()


def from_csv(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def from_xlsx(data: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python()


def broken(world: World) -> None:
    world.pack().produced().dispatched(to=world.recycler)
    world.pack().produced().installed().removed().dispatched(to=world.recycler).received(by=world.stranger)
    world.pack().produced().lost()
    world.pack().produced()


# Gaps ----------------------------------------------------------------------------------------------------------------


def test_json_lines_are_the_lines_of_the_contract(world: World) -> None:
    broken(world)
    found = gaps("2030-01-01")
    assert found
    lines = [json.loads(line) for line in written(found, "jsonl").splitlines()]
    assert lines == [told.as_json() for told in found]
    assert all(set(line) == set(COLUMNS) for line in lines)


def test_csv_and_workbook_say_what_the_lines_say(world: World) -> None:
    broken(world)
    found = gaps("2030-01-01")
    header, *rows = from_csv(written(found, "csv"))
    assert header == COLUMNS
    assert [dict(zip(header, row, strict=True)) | {"evidence": json.loads(row[-1])} for row in rows] == [
        {name: value if value is not None else "" for name, value in told.as_json().items()} for told in found
    ]
    _, *cells = from_xlsx(written(found, "xlsx"))
    days = [date.fromisoformat(told.since) for told in found]
    assert [row[5] for row in cells] == days
    assert [[*row[:5], *row[6:]] for row in cells] == [[*row[:5], *row[6:]] for row in rows]


def test_the_file_of_lines_has_the_digest_of_its_run(world: World) -> None:
    broken(world)
    with audit(as_of=date(2030, 1, 1)) as found:
        told = list(found.gaps())
    run = last_run()
    assert run is not None
    standing = kept.standing_gaps(run, world.alliance.viewer)
    assert list(kept.told_gaps(standing)) == told
    assert hashlib.sha256(written(told, "jsonl")).hexdigest() == run.digest == kept.digest_of(standing)[0]


def test_a_run_keeps_telling_what_stood_when_it_ended(world: World) -> None:
    broken(world)
    with audit(as_of=date(2030, 1, 1)) as found:
        first, told = found.run, list(found.gaps())
    world.pack().produced().lost()
    with audit(as_of=date(2031, 1, 1)) as found:
        assert list(found.gaps()) != told
    again = kept.find_run(first.public_id)
    assert list(kept.told_gaps(kept.standing_gaps(again, world.alliance.viewer))) == told


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    _, row = from_csv(written([gap(event=text)], "csv"))
    assert row[3] == f"'{text}"
    _, cells = from_xlsx(written([gap(event=text)], "xlsx"))
    assert cells[3].replace("\r", "") == text.replace("\r", "")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_any_text_comes_back(text: str) -> None:
    [line] = written([gap(event=text, note=text)], "jsonl").splitlines()
    assert json.loads(line)["evidence"] == {"note": text}
    _, row = from_csv(written([gap(event=text, note=text)], "csv"))
    assert row[3].removeprefix("'") == text.removeprefix("'")
    assert json.loads(row[7]) == {"note": text}
    _, cells = from_xlsx(written([gap(event=text)], "xlsx"))
    assert cells[3] == text


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_no_gaps_are_a_file_too(form: str) -> None:
    data = written([], form)
    assert data == b"" if form == "jsonl" else len(from_csv(data) if form == "csv" else from_xlsx(data)) == 1


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        written([gap()], "pdf")
    assert caught.value.code == "wrong_value"
    assert set(FORMATS) == {"csv", "xlsx", "jsonl", "parquet"}


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_memory_does_not_grow_with_the_gaps(form: str) -> None:
    def many(count: int) -> Iterator[Told]:
        return (gap(number, holder="91510100MA0000001X", days=str(number)) for number in range(count))

    # A workbook is slow to write, and its peak is reached as soon.
    peaks = []
    for count in (2_000, 100_000 if form != "xlsx" else 10_000):
        with TemporaryFile() as file:
            tracemalloc.start()
            write_gaps(many(count), file, form)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000


def test_what_one_sheet_does_not_hold_goes_on_on_the_next() -> None:
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        workbook.add(book, tables.gaps_table(gap(number) for number in range(5)), rows=2)
    opened = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    counts = [len(opened.get_sheet_by_name(name).to_python()) - 1 for name in opened.sheet_names]
    assert counts == [2, 2, 1]


def test_parquet_needs_an_engine_or_says_so() -> None:
    found = [gap(number, days=str(number)) for number in range(3)]
    try:
        import duckdb
    except ImportError:
        with pytest.raises(Refusal) as caught:
            written(found, "parquet")
        assert caught.value.code == "engine_missing"
        return
    with TemporaryFile() as file, pytest.MonkeyPatch.context():
        write_gaps(found, file, "parquet")
        file.seek(0)
        path = f"/proc/self/fd/{file.fileno()}"
        rows = duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()
    assert [row[0] for row in rows] == [told.battery for told in found]
    assert [row[5] for row in rows] == [date(2026, 3, 1)] * 3


# Figures -------------------------------------------------------------------------------------------------------------


def test_figures_are_numbers(world: World) -> None:
    broken(world)
    with audit(as_of=date(2030, 1, 1)):
        pass
    rows = completeness(world.alliance.viewer, "organisation")
    file = io.BytesIO()
    write_figures(rows, file, "xlsx")
    header, *cells = from_xlsx(file.getvalue())
    assert len(header) == 11 + len({code for row in rows for code in row.gaps})
    for row, line in zip(rows, cells, strict=True):
        assert line[:7] == [row.key, row.label, row.batteries, row.complete, row.open, row.flawed, row.broken]
        assert all(isinstance(cell, int | float) for cell in line[2:8])
        assert line[7] == float(row.completeness or 0)
    assert sum(line[2] for line in cells) == 4


def test_figures_as_text_are_exact() -> None:
    rows = [Figures("=1", "=2", 3, 1, 1, 0, 1, 4, 3, {"lost": 1}), Figures("", "", 0, 0, 0, 0, 0, 0, 0)]
    for form, read in (("csv", from_csv), ("jsonl", lambda data: list(map(json.loads, data.splitlines())))):
        file = io.BytesIO()
        write_figures(rows, file, form)
        told: Any = read(file.getvalue())
        if form == "csv":
            assert told[1] == ["'=1", "'=2", "3", "1", "1", "0", "1", "66.67", "4", "3", "75.00", "1"]
            assert told[2] == ["", "", "0", "0", "0", "0", "0", "", "0", "0", "", "0"]
        else:
            assert (told[0]["completeness"], told[0]["lost"]) == ("66.67", 1)
            assert told[1]["completeness"] is None
    assert rows[0].completeness == Decimal("66.67")
