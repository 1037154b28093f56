"""The audit's files by URL: what comes, and for whom."""

import csv
import hashlib
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from python_calamine import CalamineWorkbook

from tests.labelling import decoded, pages
from tests.worlds import Life, Party, World
from traceability.audit.running import audit
from traceability.models import AuditAccess, AuditRun, Gap, Organisation
from web.audit_report.words import GAPS

ALL = [
    *(f"latest/{name}.{form}" for name in ("gaps", "figures", "sample") for form in ("csv", "xlsx", "jsonl")),
    "latest/report.pdf",
    "latest/",
]


def get(who: Party | None, path: str, **headers: str) -> Any:
    client = Client(headers={"Authorization": f"Bearer {who.token}"} | headers if who else headers)
    answer = client.get(f"/files/audit/{path}")
    # Taken at once: a file that nobody takes is never closed.
    answer.taken = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.taken
    return bytes(answer.taken)


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content(answer).splitlines()]


@pytest.fixture
def life(world: World) -> Life:
    world.pack().produced().lost()
    world.pack().produced()
    return world.pack().produced().installed().removed().dispatched(to=world.recycler)


@pytest.fixture
def run(world: World, life: Life) -> AuditRun:
    with audit(as_of=date(2030, 1, 1)) as found:
        return found.run


# What comes ----------------------------------------------------------------------------------------------------------


def test_the_gaps_of_a_run_come_in_every_format(world: World, run: AuditRun) -> None:
    for name in ("latest", run.public_id):
        data = content(get(world.alliance, f"{name}/gaps.jsonl"))
        assert hashlib.sha256(data).hexdigest() == run.digest
    told = [json.loads(line) for line in data.splitlines()]
    assert len(told) == run.gaps > 0
    table = content(get(world.alliance, "latest/gaps.csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [(row["battery"], row["gap"]) for row in rows] == [(gap["battery"], gap["gap"]) for gap in told]
    book = CalamineWorkbook.from_filelike(io.BytesIO(content(get(world.alliance, "latest/gaps.xlsx"))))
    assert len(book.get_sheet_by_index(0).to_python()) == len(told) + 1


@pytest.mark.parametrize("group", ["organisation", "region", "manufacturer", "model", "month"])
def test_figures_come_by_every_group(world: World, run: AuditRun, group: str) -> None:
    found = lines(get(world.alliance, f"latest/figures.jsonl?groupBy={group}"))
    assert sum(row["batteries"] for row in found) == 3
    assert get(world.alliance, "latest/figures.csv?groupBy=nothing").status_code == 400


def test_a_sample_says_how_to_draw_it_again(world: World, run: AuditRun) -> None:
    first = lines(get(world.alliance, "latest/sample.jsonl?risk=high"))
    [seed] = {row["seed"] for row in first}
    assert lines(get(world.alliance, f"{run.public_id}/sample.jsonl?risk=high&seed={seed}")) == first
    assert {row["run"] for row in first} == {run.public_id}
    for wrong in ("risk=no", "seed=" + "x" * 65):
        assert get(world.alliance, f"latest/sample.csv?{wrong}").status_code == 400


def test_a_run_tells_what_a_printed_report_is_compared_with(world: World, run: AuditRun) -> None:
    told = get(world.alliance, f"{run.public_id}/").json()
    assert (told["gapsDigest"], told["gaps"], told["asOf"]) == (run.digest, run.gaps, "2030-01-01")
    assert told["parameters"]["law"] == run.parameters["law"]


# The report ----------------------------------------------------------------------------------------------------------


def said(document: bytes) -> str:
    opened = pypdfium2.PdfDocument(document)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in opened)
    finally:
        opened.close()


def test_the_report_says_in_chinese_what_was_audited(world: World, run: AuditRun) -> None:
    document = content(get(world.alliance, "latest/report.pdf"))
    text = said(document)
    squeezed = re.sub(r"\s", "", text)
    for wanted in ("全省全部电池", "2030-01-01", run.public_id, run.digest, str(run.parameters["law"]), "蓉城汽车"):
        assert wanted in squeezed
    for code in Gap.objects.values_list("code", flat=True).distinct():
        assert GAPS[code][0] in squeezed
    count = len(pages(document, dpi=20))
    assert [f"第{page}页，共{count}页" in squeezed for page in range(1, count + 1)] == [True] * count
    assert "审计人（签字）" in squeezed
    assert "unreceived_days" in squeezed


def test_the_symbol_leads_to_the_run(world: World, run: AuditRun) -> None:
    document = content(get(world.alliance, "latest/report.pdf", Host="localhost"))
    [address] = decoded(pages(document)[0])
    assert address == f"http://localhost/files/audit/{run.public_id}/"
    assert get(world.alliance, address.rpartition("/files/audit/")[2]).status_code == 200


def test_the_report_is_in_english_where_it_is_wanted(world: World, run: AuditRun) -> None:
    english = said(content(get(world.alliance, "latest/report.pdf?language=en")))
    assert "All batteries of the province" in english
    assert re.search("Page 1 of [0-9]", english)
    assert "Page 1 of" in said(content(get(world.alliance, "latest/report.pdf", **{"Accept-Language": "en"})))


@pytest.mark.parametrize("path", ["latest/report.pdf", "batteries/nothing/evidence.zip"])
def test_a_language_that_there_is_not_is_refused(world: World, run: AuditRun, path: str) -> None:
    answer = get(world.alliance, f"{path}?language=fr")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "wrong_value")
    assert answer.json()["errors"][0]["path"] == ["language"]


def test_a_code_is_printed_on_one_line(world: World, life: Life) -> None:
    # Wider than most: a report whose codes are cut in two cannot be searched.
    Organisation.objects.filter(code=world.maker.code).update(code="91510100MADEM0011W")
    with audit(as_of=date(2030, 1, 1)):
        pass
    assert "91510100MADEM0011W" in said(content(get(world.alliance, "latest/report.pdf")))


def test_the_same_report_has_the_same_bytes(world: World, run: AuditRun) -> None:
    first, second = (content(get(world.alliance, "latest/report.pdf")) for _ in range(2))
    assert first == second


def test_an_organisation_gets_a_report_of_its_own(world: World, run: AuditRun) -> None:
    text = re.sub(r"\s", "", said(content(get(world.recycler, "latest/report.pdf"))))
    assert "遂宁再生" in text
    assert "蓉城汽车" not in text
    with audit(as_of=date(2031, 1, 1)):
        pass
    assert get(world.recycler, f"{run.public_id}/report.pdf").status_code == 404
    assert get(world.alliance, f"{run.public_id}/report.pdf").status_code == 200


# For whom ------------------------------------------------------------------------------------------------------------


def test_an_organisation_gets_its_own_gaps_and_nobody_elses(world: World, run: AuditRun, life: Life) -> None:
    found = lines(get(world.recycler, "latest/gaps.jsonl"))
    assert found
    assert {gap["organisation"] for gap in found} == {world.recycler.code}
    assert content(get(world.stranger, "latest/gaps.jsonl")) == b""
    assert [row["key"] for row in lines(get(world.workshop, "latest/figures.jsonl"))] in ([], [world.workshop.code])
    assert content(get(world.stranger, "latest/sample.jsonl")) == b""


@pytest.mark.parametrize("path", [*ALL, "gaps/1/evidence.zip", "batteries/04Q/evidence.zip"])
def test_who_did_not_sign_in_is_told_so_whatever_there_is(world: World, path: str) -> None:
    answer = get(None, path)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "sign_in")
    assert answer["WWW-Authenticate"]


@pytest.mark.parametrize("path", [*ALL, "0" * 32 + "/gaps.csv", "gaps/999999/evidence.zip"])
def test_there_is_nothing_before_a_run(world: World, path: str) -> None:
    assert get(world.alliance, path).status_code == 404


def test_a_run_of_a_past_day_leaves_no_files(world: World, run: AuditRun) -> None:
    with audit(as_of=date(2026, 1, 1)) as found:
        past = found.run
    assert get(world.alliance, f"{past.public_id}/gaps.csv").status_code == 404


def test_files_are_only_read_here_and_kept_by_nobody(world: World, run: AuditRun) -> None:
    client = Client(headers={"Authorization": f"Bearer {world.alliance.token}"})
    assert client.post("/files/audit/latest/gaps.csv").status_code == 405
    answer = client.get("/files/audit/latest/gaps.csv")
    answer.close()
    assert answer["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer["Vary"]
    assert answer["Content-Disposition"].startswith("attachment")


def test_who_took_which_file_is_noted_before_it_is_sent(
    world: World, run: AuditRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(get(world.alliance, "latest/gaps.csv?a=b"))
    content(get(world.recycler, "latest/gaps.csv"))
    get(world.alliance, "nothing/gaps.csv")
    rows = AuditAccess.objects.values_list("organisation", "operation", "fields", "subject")
    assert list(rows) == [(who.id, "gaps", "file", "latest") for who in (world.alliance, world.recycler)]
    first, second = AuditAccess.objects.values_list("variables", flat=True)
    assert first != second

    def full(**_row: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(AuditAccess.objects, "create", full, raising=False)
    with pytest.raises(OSError, match="disk full"):
        get(world.alliance, "latest/gaps.csv")


@pytest.mark.parametrize("path", ["%00/", "%00/report.pdf", "batteries/%00/evidence.zip", "latest/gaps.exe", "../x"])
def test_an_address_that_is_none_is_not_there(world: World, run: AuditRun, path: str) -> None:
    assert get(world.alliance, path).status_code == 404


def test_parquet_comes_where_its_engine_is_installed(world: World, run: AuditRun) -> None:
    answer = get(world.alliance, "latest/gaps.parquet")
    if answer.status_code == 200:
        assert answer.taken[:4] == b"PAR1"
    else:
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (501, "engine_missing")


# Commands ------------------------------------------------------------------------------------------------------------


def test_the_report_command_writes_what_the_door_gives(world: World, run: AuditRun, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("audit_report", "--output", str(tmp_path / "r.pdf"), "--language", "en", stdout=out)
    assert run.public_id in out.getvalue()
    assert "All batteries" in said((tmp_path / "r.pdf").read_bytes())
    with pytest.raises(CommandError, match="not_found"):
        call_command("audit_report", "--output", str(tmp_path / "n.pdf"), "--run", "nothing")
    with pytest.raises(CommandError):
        call_command("audit_report", "--output", str(tmp_path / "missing" / "n.pdf"))
    assert [path.name for path in tmp_path.iterdir()] == ["r.pdf"]


def test_the_sample_command_prints_the_seed(world: World, run: AuditRun, tmp_path: Path) -> None:
    out, lines_, again = io.StringIO(), io.StringIO(), io.StringIO()
    call_command("audit_sample", "--seed", "S-1", "--risk", "high", stdout=out)
    assert "S-1" in out.getvalue()
    call_command("audit_sample", "--seed", "S-1", "--risk", "high", "--format", "jsonl", stdout=lines_)
    told = [json.loads(line) for line in lines_.getvalue().splitlines()]
    assert all(one["battery"] in out.getvalue() for one in told)
    file = str(tmp_path / "s.xlsx")
    call_command("audit_sample", "--seed", "S-1", "--risk", "high", "--format", "xlsx", "--output", file, stdout=again)
    _, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows] == [one["battery"] for one in told]


@pytest.mark.parametrize(("language", "said"), [("en", "(empty) is not allowed here"), ("zh-hans", "（空）")])
def test_an_empty_value_that_is_refused_is_named(world: World, run: AuditRun, language: str, said: str) -> None:
    answer = get(world.alliance, "latest/sample.csv?seed=%20", **{"Accept-Language": language})
    assert said in answer.json()["errors"][0]["message"]
