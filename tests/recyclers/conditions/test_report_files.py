"""A report as CSV, XLSX and JSON: numbers are numbers, every batch and document is found, nothing runs as a formula."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from recyclers.conditions.evaluation import Report
from recyclers.conditions.exporting import FORMATS, write_report
from recyclers.conditions.telling import as_json, digest_of
from tests.recyclers.conditions.works import YEAR, Works
from tests.recyclers.conditions.years import FORMULA, mixed_year

LANGUAGES = ("zh-hans", "en")
Rows = list[dict[str, Any]]


def written(report: Report, form: str, language: str = "en") -> bytes:
    file = io.BytesIO()
    with translation.override(language):
        write_report(report, file, form)
    return file.getvalue()


def opened(report: Report, language: str = "en") -> Any:
    return openpyxl.load_workbook(io.BytesIO(written(report, "xlsx", language)))


def rows_of(sheet: Any) -> Rows:
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(names, map(said, row), strict=True)) for row in rows]


def said(value: Any) -> Any:
    """A cell's value, a day as a day."""
    return value.date() if isinstance(value, datetime) else value


def cells(book: Any) -> Iterator[Any]:
    for sheet in book:
        for row in sheet.iter_rows():
            yield from row


@pytest.fixture
def mixed(works: Works) -> Works:
    mixed_year(works)
    return works


# JSON and CSV --------------------------------------------------------------------------------------------------------


def test_the_json_form_is_what_the_contract_says_and_its_digest_is_of_its_bytes(mixed: Works) -> None:
    report = mixed.report()
    data = written(report, "json")
    assert json.loads(data) == as_json(report)
    assert hashlib.sha256(data).hexdigest() == digest_of(report)
    assert data == written(report, "json", "zh-hans")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_clauses_come_as_csv(mixed: Works, language: str) -> None:
    report = mixed.report()
    text = written(report, "csv", language).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    told = [clause for part in as_json(report)["parts"] for clause in part["clauses"]]
    assert [row["clause"] for row in rows] == [clause["clause"] for clause in told]
    for row, clause in zip(rows, told, strict=True):
        for name in ("measured", "unit", "operator", "threshold", "verdict", "certainty"):
            assert row[name] == (clause[name] or ""), name
        assert row["enforced"] == str(clause["enforced"]).lower()
    [lithium] = [row for row in rows if row["clause"] == "recovery.li"]
    assert (lithium["edition"], lithium["from"], lithium["until"]) == ("2024", "2025-01-01", "2025-12-31")
    assert (lithium["title"], lithium["in_words"]) == {
        "zh-hans": ("锂回收率", "符合"),
        "en": ("Recovery of lithium", "met"),
    }[language]


# XLSX ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_head_says_what_it_takes_to_ask_again(mixed: Works, language: str) -> None:
    report = mixed.report(terms={"averaging": "month"})
    sheet = opened(report, language).worksheets[0]
    values = [said(value) for _, value in sheet.iter_rows(values_only=True)]
    name, verdict = {"zh-hans": ("遂宁再生", "不符合 (fail)"), "en": ("Suining Recycling", "not met (fail)")}[language]
    assert values[:6] == [name, mixed.company.code, *YEAR, report.as_of, verdict]
    assert values[-2:] == [report.digest, digest_of(report)]
    assert 2 in values
    assert {"zh-hans": "按月计算，以最差者为准", "en": "over each month; the worst decides"}[language] in values


def test_tables_have_a_frozen_head_and_a_filter_and_titles_in_both_languages(mixed: Works) -> None:
    report = mixed.report()
    for language in LANGUAGES:
        book = opened(report, language)
        for sheet in book.worksheets[1:]:
            assert sheet.freeze_panes == "B2"
            assert sheet.auto_filter.ref == sheet.dimensions
        titles = {"zh-hans": ["报告", "条款", "依据", "批次"], "en": ["Report", "Clauses", "Evidence", "Batches"]}
        assert book.sheetnames == titles[language]


def test_figures_are_numbers_and_days_are_days(mixed: Works) -> None:
    report = mixed.report()
    found = {row["clause"]: row for row in rows_of(opened(report)["Clauses"])}
    lithium = found["recovery.li"]
    assert (lithium["measured"], lithium["threshold"], lithium["operator"], lithium["unit"]) == (91, 90, ">=", "%")
    assert (lithium["part from"], lithium["part until"]) == (date(2025, 1, 1), date(2025, 12, 31))
    assert (lithium["verdict"], lithium["certainty"], lithium["enforced"]) == ("pass", "firm", True)
    assert (found["rnd.share"]["enforced"], found["rnd.share"]["measured"]) == (False, 2.1)
    assert found["energy.li2co3"]["measured"] is None
    told = {clause["clause"]: clause for part in as_json(report)["parts"] for clause in part["clauses"]}
    assert {key: row["measured"] for key, row in found.items()} == {
        key: None if one["measured"] is None else float(one["measured"]) for key, one in told.items()
    }


def evidence(report: Report, clause: str, kind: str | None = None) -> Rows:
    rows = [row for row in rows_of(opened(report)["Evidence"]) if row["clause"] == clause]
    return [row for row in rows if kind in (None, row["kind"])]


def test_an_auditor_filters_by_clause_and_finds_each_batch_and_its_masses(mixed: Works) -> None:
    report = mixed.report()
    [whole] = evidence(report, "recovery.li", "figure")
    batches = evidence(report, "recovery.li", "batch")
    assert [row["number, key or code"] for row in batches] == ["B-1", "@B-2"]
    assert [row["day, or valid from"] for row in batches] == [date(2025, 3, 15), date(2025, 4, 15)]
    assert [row["out, kg"] for row in batches] == [88, 94]
    assert sum(row["into, kg"] for row in batches) == whole["into, kg"] == 200
    elements = {row["element or material"]: row for row in evidence(report, "recovery.ni_co_mn", "batch")}
    assert set(elements) == {"ni", "co", "mn"}
    [powder] = evidence(report, "powder.cu", "batch")
    assert (powder["dry powder, kg"], powder["held in it, kg"], powder["into, kg"]) == (490, 7.35, None)


def test_with_figures_of_each_month_and_site_all_of_them_are_there(mixed: Works) -> None:
    report = mixed.report(terms={"averaging": "month", "boundary": "site"})
    found = {row["month, batch, site or year"]: row["verdict"] for row in evidence(report, "recovery.li", "figure")}
    assert found == {"东厂 · 2025-03": "not met", "西厂 · 2025-04": "met"}
    of = [(row["month, batch, site or year"], row["out, kg"]) for row in evidence(report, "recovery.li", "batch")]
    assert of == [("东厂 · 2025-03", 88), ("西厂 · 2025-04", 94)]


def test_for_the_targets_of_the_eu_batches_are_named_too(mixed: Works) -> None:
    report = mixed.report(date(2028, 1, 1), date(2028, 12, 31), edition="eu2023_1542", as_of=date(2029, 6, 30))
    assert evidence(report, "eu.recovery.li", "batch") == []
    mixed.smelted(into={"li": "10"}, out={"li": "9.5"}, day="2028-06-15", number="B-2028")
    report = mixed.report(date(2028, 1, 1), date(2028, 12, 31), edition="eu2023_1542", as_of=date(2029, 6, 30))
    [batch] = evidence(report, "eu.recovery.li", "batch")
    assert (batch["number, key or code"], batch["day, or valid from"]) == ("B-2028", date(2028, 6, 15))
    [value] = evidence(report, "eu.recovery.li", "figure")
    assert (value["into, kg"], value["out, kg"], value["verdict"]) == (100, 95, "met")


def test_declarations_documents_permits_and_findings_are_found(mixed: Works) -> None:
    report = mixed.report(date(2024, 7, 1), YEAR[1], edition="2024")
    years = {row["month, batch, site or year"]: row["note"] for row in evidence(report, "water.reuse", "declaration")}
    assert json.loads(years["2024"]) == {"objection": "水表未检定。", "review": "objected"}
    assert json.loads(years["2025"]) == {"review": "declared"}
    documents = evidence(report, "quality.system", "document")
    assert ("ab" * 32, FORMULA) in [(row["SHA-256"], row["document"]) for row in documents]
    [permit] = evidence(report, "permit.pollution", "permit")
    assert (permit["number, key or code"], permit["until"]) == ("P-17", date(2026, 6, 30))
    findings = evidence(report, "origin.unknown", "finding")
    assert {len(row["battery"]) for row in findings} == {24}
    assert "dock-1" in [row["event"] for row in findings]
    counted = {row["number, key or code"]: row["count"] for row in evidence(report, "traceability.upload", "gap")}
    assert counted["late_report"] == 1
    assert [row["count"] for row in evidence(report, "origin.unknown", "count")] == [2]


def test_what_a_product_holds_that_nobody_measured_is_empty_and_not_zero(works: Works) -> None:
    works.smelted(into={"li": "10"}, out={"li": "9.5"})
    works.smelted(into={"li": "10"}, out={})
    first, second = evidence(works.report(), "recovery.li", "batch")
    assert (first["out, kg"], first["without a figure"]) == (95, None)
    assert (second["out, kg"], second["without a figure"]) == (None, 1)


def test_batches_stand_with_what_went_in_and_came_out(works: Works) -> None:
    code = works.world.pack_code()
    inputs = [{"battery": code, "massKg": "412.500001"}, {"reagent": "sulfuric_acid", "massKg": "600"}]
    product = {"lot": "LC-17", "material": "lithium_carbonate", "massKg": "180"}
    works.batch(
        "hydrometallurgy", inputs, [product | {"moisturePercent": "0.5", "purityPercent": "99.5"}],
        residues=[{"kind": "slag", "massKg": "732.5", "moisturePercent": "20", "assay": {"li": "0.2"}}],
        number="B-7", startedAt="2025-06-14T08:00:00+08:00",
    )  # fmt: skip
    rows = rows_of(opened(works.report())["Batches"])
    assert [(row["flow"], row["battery"], row["lot"], row["material"], row["mass, kg"]) for row in rows] == [
        ("into it", code, None, None, 412.500001),
        ("into it", None, None, "sulfuric_acid", 600),
        ("product", None, "LC-17", "lithium_carbonate", 180),
        ("residue", None, None, "slag", 732.5),
    ]
    assert {row["batch"] for row in rows} == {"B-7"}
    assert (rows[0]["started on"], rows[0]["closed on"]) == (date(2025, 6, 14), date(2025, 6, 15))
    exact = Fraction("180") * Fraction("0.995") * Fraction("0.995") * Fraction("0.1879")
    assert rows[2]["li, kg"] == float(round(Decimal(exact.numerator) / exact.denominator, 6))
    # Nobody filed what the pack consists of.
    assert (rows[0]["li, kg"], rows[1]["li, kg"], rows[3]["li, kg"]) == (None, 0, 1.172)


def test_nothing_in_a_workbook_or_a_csv_runs_as_a_formula(mixed: Works) -> None:
    report = mixed.report()
    book = opened(report)
    assert {cell.data_type for cell in cells(book)} <= {"s", "n", "d", "b", "inlineStr"}
    texts = {cell.value for cell in cells(book) if cell.data_type in ("s", "inlineStr")}
    assert {FORMULA, "@B-2"} <= texts


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_report_has_the_same_bytes(mixed: Works, form: str) -> None:
    assert written(mixed.report(), form) == written(mixed.report(), form)


def test_a_period_without_any_text_has_files_all_the_same(works: Works) -> None:
    report = works.report(date(2019, 1, 1), date(2019, 12, 31))
    book = opened(report)
    assert rows_of(book["Clauses"]) == rows_of(book["Evidence"]) == []
    assert "not in force (not_in_force)" in [value for _, value in book.worksheets[0].iter_rows(values_only=True)]


def test_writing_asks_the_database_once_however_many_batches_there_are(mixed: Works) -> None:
    report = mixed.report()
    with CaptureQueriesContext(connection) as queries:
        written(report, "xlsx")
    assert len(queries) == 1
