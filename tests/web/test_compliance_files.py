"""The compliance report by URL and by command: what comes, for whom, and what a printed one is compared with."""

import hashlib
import io
import json
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from recyclers.conditions.judging import Judged
from recyclers.conditions.telling import as_json, digest_of
from tests.labelling import decoded, pages
from tests.recyclers.conditions.works import LATER, Works
from tests.recyclers.conditions.years import mixed_year
from tests.signing_in import come_in
from tests.worlds import Party, World
from traceability.models import AuditAccess
from web.audit_report import paper
from web.audit_report.compliance_evidence import summary
from web.audit_report.compliance_words import words_of

PERIOD = "from=2025-01-01&until=2025-12-31"
ASKED = f"{PERIOD}&asOf={LATER}"
FORMS = ("pdf", "xlsx", "csv", "json")


@pytest.fixture
def works(world: World) -> Works:
    works = Works(world, world.recycler)
    mixed_year(works)
    return works


def get(who: Party | None, path: str, **headers: str) -> Any:
    client = Client(headers={"Authorization": f"Bearer {who.token}"} | headers if who else headers)
    answer = client.get(f"/audit/recyclers/{path}")
    # Taken at once: a file that nobody takes is never closed.
    answer.taken = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def look(who: Party | None, path: str, language: str = "zh-hans") -> Any:
    """The page, in a browser of somebody who is signed in."""
    client = Client(headers={"Accept-Language": language})
    if who is not None:
        come_in(client, who.user)
    return client.get(f"/audit/recyclers/{path}")


def file(who: Party | None, company: Party, form: str, question: str = ASKED, **headers: str) -> Any:
    return get(who, f"{company.code}/compliance.{form}?{question}", **headers)


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.taken
    return bytes(answer.taken)


def said(document: bytes) -> str:
    opened = pypdfium2.PdfDocument(document)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in opened)
    finally:
        opened.close()


def squeezed(document: bytes) -> str:
    return re.sub(r"\s", "", said(document))


def command(*arguments: str) -> str:
    out = io.StringIO()
    days = ("--from", "2025-01-01", "--until", "2025-12-31", "--as-of", str(LATER))
    call_command("comply", *days, *arguments, stdout=out)
    return out.getvalue()


# What comes ----------------------------------------------------------------------------------------------------------


def test_the_json_file_is_the_evaluation(works: Works) -> None:
    answer = file(works.world.alliance, works.company, "json")
    report = works.report()
    assert json.loads(content(answer)) == as_json(report)
    assert hashlib.sha256(answer.taken).hexdigest() == digest_of(report)
    assert answer["Content-Type"] == "application/json"
    name = f"compliance-{works.company.code}-2025-01-01-2025-12-31.json"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("edition=2019", {"edition": "2019"}),
        ("boundary=site&averaging=month", {"boundary": "site", "averaging": "month"}),
        ("provisional=true", {"provisional": True}),
        ("provisional=0&edition=&boundary=&averaging=", {}),
    ],
)
def test_what_is_asked_for_is_what_is_evaluated(works: Works, more: str, wanted: dict[str, Any]) -> None:
    told = json.loads(content(file(works.world.alliance, works.company, "json", f"{ASKED}&{more}")))
    edition = wanted.pop("edition", "2024")
    assert {part["edition"] for part in told["parts"]} == {edition}
    standing = {"boundary": "company", "averaging": "period", "tolerancePercent": "2"}
    assert told["parameters"] == standing | wanted


def test_without_a_day_it_is_as_known_today(works: Works) -> None:
    told = json.loads(content(file(works.world.alliance, works.company, "json", PERIOD)))
    assert told["asOf"] == timezone.localdate().isoformat()


@pytest.mark.parametrize(("language", "sheet"), [("zh-hans", "条款"), ("en", "Clauses")])
def test_the_workbook_and_the_csv_come_in_the_language_that_is_wanted(works: Works, language: str, sheet: str) -> None:
    book = content(file(works.world.alliance, works.company, "xlsx", f"{ASKED}&language={language}"))
    assert sheet in openpyxl.load_workbook(io.BytesIO(book)).sheetnames
    rows = content(file(works.world.alliance, works.company, "csv", ASKED, **{"Accept-Language": language})).decode()
    assert ("Recovery of lithium" in rows) is (language == "en")


def test_a_code_in_lower_case_is_the_same_company(works: Works) -> None:
    assert content(get(works.company, f"{works.company.code.lower()}/compliance.json?{ASKED}"))


# The paper -----------------------------------------------------------------------------------------------------------


def test_the_paper_says_in_chinese_what_was_judged_and_by_what(works: Works) -> None:
    report = works.report()
    document = content(file(works.world.alliance, works.company, "pdf"))
    text = squeezed(document)
    for wanted in (
        "企业合规评定报告", "遂宁再生", works.company.code, "2025-01-01至2025-12-31", "2026-06-30",
        "行业规范条件（2024年本）",
        "整个企业", "整个期间", "2%", report.digest, digest_of(report), "审计人（签字）",
        "按2026-06-30所知：不符合", "粉料含铜量（1.50%，要求<1.5%）", "锂回收率", "投入200kg，产出182kg",
        "不收来源不明的电池", "来源不明2", "许可P-17（2024-05-01至2026-06-30）", "2025年申报", "abababababababab…",
    ):  # fmt: skip
        assert wanted in text, wanted
    count = len(pages(document, dpi=20))
    assert [f"第{page}页，共{count}页" in text for page in range(1, count + 1)] == [True] * count
    assert ("尚未结束" in text) is (timezone.localdate() <= LATER)


def test_every_clause_stands_on_paper_with_its_figure_and_limit(works: Works) -> None:
    text = squeezed(content(file(works.world.alliance, works.company, "pdf", f"{ASKED}&language=en")))
    [part] = works.report().parts
    for one in part.clauses:
        assert one.key in text
        if one.clause and one.clause.threshold is not None:
            assert f"{one.clause.threshold}{one.clause.unit}" in text


@pytest.mark.parametrize("provisional", [False, True])
def test_provisional_clauses_are_marked_as_deciding_nothing_unless_they_do(works: Works, provisional: bool) -> None:
    question = f"{ASKED}&language=en&provisional={str(provisional).lower()}"
    text = re.sub(r"\s+", " ", said(content(file(works.world.alliance, works.company, "pdf", question))))
    deciding, _, others = text.partition("Shown only: these decide nothing")
    assert ("rnd.share" in deciding) is provisional
    assert ("rnd.share" in others) is not provisional
    assert others.count("decides nothing") == (0 if provisional else 4)
    assert ("As was asked for, provisional clauses decide in this evaluation." in text) is provisional
    assert ("Clauses that do not count, provisional ones among them, are shown only" in text) is not provisional


def test_a_period_of_two_editions_has_a_section_for_each(works: Works) -> None:
    question = f"from=2024-07-01&until=2025-12-31&asOf={LATER}"
    text = squeezed(content(file(works.world.alliance, works.company, "pdf", question)))
    assert "二、行业规范条件（2019年本），2024-07-01至2024-12-31：缺少证据" in text
    assert "三、行业规范条件（2024年本），2025-01-01至2025-12-31：不符合" in text
    assert "四、签字" in text


def test_a_period_without_any_text_is_said_to_have_none(works: Works) -> None:
    text = squeezed(content(file(works.world.alliance, works.company, "pdf", "from=2019-01-01&until=2019-12-31")))
    assert "期间内没有有效的版本" in text


def test_as_of_a_day_that_is_not_over_the_paper_says_so(works: Works) -> None:
    assert "尚未结束" in squeezed(content(file(works.world.alliance, works.company, "pdf", PERIOD)))


@pytest.mark.parametrize("more", ["", "&edition=2019&boundary=site&averaging=batch&provisional=true"])
def test_the_symbol_leads_to_the_same_evaluation(works: Works, more: str) -> None:
    document = content(file(works.company, works.company, "pdf", ASKED + more, Host="localhost"))
    [address] = decoded(pages(document)[0])
    assert address.startswith(f"http://localhost/audit/recyclers/{works.company.code}/compliance?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked.items() >= {"from": "2025-01-01", "until": "2025-12-31", "asOf": str(LATER)}.items()
    page = look(works.company, address.rpartition("/audit/recyclers/")[2])
    told = content(file(works.company, works.company, "json", ASKED + more))
    assert page.status_code == 200
    assert hashlib.sha256(told).hexdigest() in page.content.decode()
    assert hashlib.sha256(told).hexdigest() in squeezed(document)


def test_the_same_evaluation_has_the_same_paper(works: Works) -> None:
    first, second = (content(file(works.world.alliance, works.company, "pdf")) for _ in range(2))
    assert first == second


@given(letters=st.text(min_size=1, max_size=9), times=st.integers(1, 400), count=st.integers(1, 12))
@example(letters="界", times=400, count=12)
@example(letters="W", times=400, count=12)
def test_no_evidence_is_too_long_or_too_strange_for_the_paper(letters: str, times: int, count: int) -> None:
    """A cell that is higher than a page cannot be laid out."""
    text = letters * times
    declared = {"year": 2025, "declaration": text, "review": "objected", "statement": False, "objection": text}
    one = {"battery": "X" * 24, "gap": "late_report", "since": "2025-01-01", "event": text}
    told = {
        "taken": {"of": text, "values": count},
        "inputKg": None, "outputKg": "1", "pendingKg": "1.5",
        "batches": [text] * count, "unbalancedBatches": [text] * count,
        "declarations": [declared | {"documents": [{"name": text, "sha256": "ab" * 32}] * count}] * count,
        "permits": [{"number": text, "kind": "eia", "validFrom": None, "validUntil": None}] * count,
        "received": 1, "gaps": {"late_report": count}, "examples": [one] * count,
    }  # fmt: skip
    for language in ("zh-hans", "en"):
        lines = summary(Judged("permit.eia", "fail", evidence=told), words_of(language))
        page = io.BytesIO()
        rows = [("", lines)]
        paper.write(
            partial(lambda rows: [paper.grid(["", ""], (126, 48), rows)], rows),
            page, title="", footer="", page_of="{page}/{pages}",
        )  # fmt: skip
        assert len(pages(page.getvalue(), dpi=10)) == 1


# The page ------------------------------------------------------------------------------------------------------------


def test_the_page_shows_every_clause_and_leads_to_the_files(works: Works) -> None:
    page = look(works.company, f"{works.company.code}/compliance?{ASKED}", "en").content.decode()
    assert "Suining Recycling" in page
    assert digest_of(works.report()) in page
    [part] = works.report().parts
    assert all(one.key in page for one in part.clauses if one.clause is not None)
    for form in FORMS:
        [address] = re.findall(rf'href="/audit/recyclers/([^"]+compliance\.{form}\?[^"]+)"', page)
        answer = get(works.company, address.replace("&amp;", "&"))
        assert answer.status_code == 200


def test_who_comes_from_paper_signs_in_and_is_back_at_the_page(works: Works) -> None:
    client = Client()
    address = f"/audit/recyclers/{works.company.code}/compliance?{ASKED}"
    answer = client.get(address)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [address]
    come_in(client, works.company.user)
    assert client.get(address).status_code == 200


# For whom ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["compliance", *(f"compliance.{form}" for form in FORMS)])
def test_a_company_gets_its_own_and_others_find_nothing_there(works: Works, path: str) -> None:
    world, code, nobody = works.world, works.company.code, "91510100MA6999999X"
    ask = look if path == "compliance" else get
    for who, status in ((world.alliance, 200), (world.recycler, 200), (world.stranger, 404), (world.maker, 404)):
        assert ask(who, f"{code}/{path}?{ASKED}").status_code == status
    # What is asked wrongly about somebody else is answered like what does not exist.
    assert ask(world.stranger, f"{code}/{path}?from=x").status_code == 404
    assert ask(world.alliance, f"{nobody}/{path}?{ASKED}").status_code == 404
    assert ask(world.recycler, f"{nobody}/{path}?{ASKED}").status_code == 404


@pytest.mark.parametrize("form", FORMS)
def test_who_did_not_sign_in_is_told_so_whatever_there_is(world: World, form: str) -> None:
    for code in (world.recycler.code, "91510100MA6999999X"):
        answer = get(None, f"{code}/compliance.{form}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "sign_in")


def test_files_are_only_read_here_and_kept_by_nobody(works: Works) -> None:
    client = Client(headers={"Authorization": f"Bearer {works.company.token}"})
    path = f"/audit/recyclers/{works.company.code}/compliance"
    assert client.post(f"{path}.csv?{ASKED}").status_code == 405
    assert client.post(f"{path}?{ASKED}").status_code == 405
    answer = file(works.company, works.company, "csv")
    assert answer["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer["Vary"]


def test_who_took_which_file_is_noted_before_it_is_sent(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    code, world = works.company.code, works.world
    content(file(world.alliance, works.company, "pdf"))
    look(world.recycler, f"{code}/compliance?{ASKED}")
    file(world.stranger, works.company, "pdf")
    file(world.alliance, works.company, "pdf", "from=x")
    rows = AuditAccess.objects.values_list("organisation", "operation", "fields", "subject")
    assert list(rows) == [
        (world.alliance.id, "compliance", "file", code),
        (world.recycler.id, "compliance_page", "page", code),
    ]

    def full(**_row: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(AuditAccess.objects, "create", full, raising=False)
    with pytest.raises(OSError, match="disk full"):
        file(world.alliance, works.company, "csv")


# What is asked wrongly -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "code", "path"),
    [
        ("until=2025-12-31", "missing_field", "from"),
        ("from=2025-01-01", "missing_field", "until"),
        ("from=&until=2025-12-31", "missing_field", "from"),
        ("from=2025-02-30&until=2025-12-31", "wrong_value", "from"),
        ("from=20250101&until=2025-12-31", "wrong_value", "from"),
        ("from=2025-W01-1&until=2025-12-31", "wrong_value", "from"),
        ("from=2025-01-01&until=%00", "wrong_value", "until"),
        ("from=2025-12-31&until=2025-01-01", "wrong_value", "until"),
        ("from=2000-01-01&until=2025-12-31", "wrong_value", "until"),
        (f"{PERIOD}&asOf=tomorrow", "wrong_value", "asOf"),
        (f"{PERIOD}&edition=2025", "wrong_value", "edition"),
        (f"{PERIOD}&boundary=plant", "wrong_value", "boundary"),
        (f"{PERIOD}&averaging=day", "wrong_value", "averaging"),
        (f"{PERIOD}&provisional=perhaps", "wrong_value", "provisional"),
        (f"{PERIOD}&language=fr", "wrong_value", "language"),
    ],
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_asked_wrongly_is_refused_with_a_code_and_a_path(
    world: World, question: str, code: str, path: str, language: str
) -> None:
    answer = file(world.alliance, world.recycler, "csv", question, **{"Accept-Language": language})
    assert answer.status_code == 400
    [problem] = answer.json()["errors"]
    assert (problem["code"], problem["path"]) == (code, [path])
    assert bool(re.search("[一-龥]", problem["message"])) is (language == "zh-hans")


def test_the_page_says_what_was_asked_wrongly(works: Works) -> None:
    answer = look(works.company, f"{works.company.code}/compliance?from=2025-12-31&until=2025-01-01", "en")
    assert answer.status_code == 400
    assert "2025-01-01 is not allowed here" in answer.content.decode()


def test_the_page_of_a_company_leads_to_its_report(works: Works) -> None:
    client = Client(headers={"Accept-Language": "en"})
    come_in(client, works.company.user)
    page = client.get(f"/recyclers/{works.company.code}/?year=2025&averaging=month").content.decode()
    [address] = re.findall(r'href="(/audit/recyclers/[^"]+)"', page)
    assert "averaging=month" in address
    assert client.get(address.replace("&amp;", "&")).status_code == 200


def test_a_maker_is_not_judged_by_these_conditions(world: World) -> None:
    answer = file(world.maker, world.maker, "json")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, ["recycler"])


@given(st.dates(), st.dates(), st.dates())
def test_any_days_are_answered_or_refused(world: World, first: Any, last: Any, day: Any) -> None:
    question = f"from={first}&until={last}&asOf={day}"
    assert file(world.recycler, world.recycler, "json", question).status_code in (200, 400)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_are_break_nothing(world: World, day: str) -> None:
    for question in (f"from={day}&until={day}&asOf={day}", f"{PERIOD}&asOf={day}", f"from={day}&until={day}"):
        for edition in ("", "&edition=2024", "&edition=eu2023_1542"):
            assert file(world.recycler, world.recycler, "json", question + edition).status_code in (200, 400)


@pytest.mark.parametrize("path", ["%00/compliance.pdf", "x/compliance.exe", "x/compliance.", "x/compliances", "../x"])
def test_an_address_that_is_none_is_not_there(world: World, path: str) -> None:
    assert get(world.alliance, f"{path}?{ASKED}").status_code == 404


# The command ---------------------------------------------------------------------------------------------------------


def test_the_command_prints_and_writes_what_the_doors_give(works: Works, tmp_path: Path) -> None:
    code = works.company.code
    printed = command("--recycler", code.lower(), "--format", "json")
    assert printed.encode() == content(file(works.world.alliance, works.company, "json"))
    assert command("--recycler", code, "--format", "csv").startswith("\ufeffedition,from,until,clause")
    for form in ("json", "csv", "xlsx"):
        path = tmp_path / f"c.{form}"
        assert str(path) in command("--recycler", code, "--format", form, "--output", str(path))
        assert path.read_bytes() == content(
            file(works.world.alliance, works.company, form, f"{ASKED}&language=zh-hans")
        )
    path = tmp_path / "c.pdf"
    command("--recycler", code, "--format", "pdf", "--output", str(path), "--language", "en")
    assert digest_of(works.report()) in squeezed(path.read_bytes())
    assert "Compliance report" in said(path.read_bytes())


def test_the_command_tells_a_table_in_either_language(works: Works, tmp_path: Path) -> None:
    chinese, english = (command("--recycler", works.company.code, "--language", one) for one in ("zh-hans", "en"))
    assert "不符合" in chinese
    assert "锂回收率" in chinese
    assert "not met" in english
    assert "Recovery of lithium" in english
    path = tmp_path / "c.txt"
    command("--recycler", works.company.code, "--language", "en", "--output", str(path))
    assert path.read_text() == english


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_the_command_writes_files_to_the_standard_output(
    works: Works, form: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    command("--recycler", works.company.code, "--format", form)
    assert capfdbinary.readouterr().out.startswith({"xlsx": b"PK", "pdf": b"%PDF"}[form])


def test_the_command_says_why_it_writes_nothing(works: Works, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="91510100MA6999999X"):
        command("--recycler", "91510100MA6999999X")
    with pytest.raises(CommandError, match="missing"):
        command("--recycler", works.company.code, "--format", "pdf", "--output", str(tmp_path / "missing" / "c.pdf"))
    assert list(tmp_path.iterdir()) == []
