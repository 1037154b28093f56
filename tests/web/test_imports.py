"""Files sent to be worked off: answered at once with a job, worked off by whichever worker lives, told row by row."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from batteries.models import Battery
from tests import factories
from tests.graphql_schema.asking import ask
from tests.worlds import Party, World
from traceability import jobs, tokens, worker
from traceability.models import ImportJob, ImportRowError, LifecycleEvent, LifecycleRecord, User

HEADER = "编码,型号,质量(kg)\n"
PACKS = [factories.pack_code(n) for n in range(1, 40)]
GOOD = HEADER + "".join(f"{code},NCM-75,440\n" for code in PACKS[:5])
MIXED = f"{GOOD}X,NCM-75,440\n{PACKS[6]},NCM-75,-1\n"
JOB = """query ($id: ID!, $after: String) { importJob(id: $id) {
  id kind name status phase progress secondsLeft rowsTotal rowsAccepted rowsRejected rowsNew rowsSame rowsConflicting
  rowsRefused dryRun problem { code message } organisation { code } createdAt finishedAt
  rowErrors(first: 1, after: $after) {
    edges { node { line column value code message } } pageInfo { hasNextPage endCursor } } } }"""


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.IMPORTS_DIR = tmp_path / "imports"


def machine(party: Party, **headers: str) -> Client:
    _token, text = tokens.issue(party.organisation, name="test")
    return Client(headers={"Authorization": f"Bearer {text}", "Accept-Language": "en", **headers})


def send(party: Party, data: str | bytes, name: str = "三月.csv", kind: str = "registrations", **options: str) -> str:
    data = data.encode() if isinstance(data, str) else data
    form = {"file": SimpleUploadedFile(name, data), **options}
    answer = machine(party).post(f"/files/{kind}/", form)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["job"]["id"])


def work() -> None:
    while worker.work_off("test") is not None:
        pass


def told(party: Party, id_: str, **arguments: Any) -> dict[str, Any]:
    answer = ask(party, JOB, id=id_, **arguments)
    assert not answer.errors
    found: dict[str, Any] = answer.data["importJob"]
    return found


def registered() -> set[str]:
    return set(LifecycleRecord.objects.filter(kind="battery").values_list("code", flat=True))


# From sending to the last row ----------------------------------------------------------------------------------------


def test_a_file_is_answered_at_once_and_worked_off_later(world: World) -> None:
    answer = machine(world.maker).post("/files/registrations/?name=a.csv", GOOD.encode(), content_type="text/csv")
    assert answer.status_code == 202
    job = answer.json()["job"]
    assert (job["status"], job["name"], answer.headers["Location"]) == ("queued", "a.csv", job["url"])
    assert registered() == set()
    assert told(world.maker, job["id"])["status"] == "QUEUED"
    work()
    found = told(world.maker, f"ImportJob:{job['id']}")
    assert (found["status"], found["progress"], found["rowsTotal"], found["rowsNew"]) == ("DONE", 1.0, 5, 5)
    assert (found["rowsAccepted"], found["rowsRejected"], found["organisation"]["code"]) == (5, 0, world.maker.code)
    assert registered() == set(PACKS[:5])
    assert machine(world.maker).get(job["url"]).json()["rowsNew"] == 5


def test_bad_rows_are_told_page_by_page_and_nothing_is_written(world: World) -> None:
    id_ = send(world.maker, MIXED)
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsTotal"], found["rowsAccepted"], found["rowsRejected"]) == ("REFUSED", 7, 5, 2)
    assert registered() == set()
    first = found["rowErrors"]
    [edge] = first["edges"]
    assert (edge["node"]["line"], edge["node"]["column"], edge["node"]["code"]) == (7, "编码", "length")
    assert first["pageInfo"]["hasNextPage"]
    second = told(world.maker, id_, after=first["pageInfo"]["endCursor"])["rowErrors"]
    [edge] = second["edges"]
    assert (edge["node"]["line"], edge["node"]["value"], edge["node"]["code"]) == (8, "-1", "wrong_value")
    assert not second["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("on_error", ["rollback", "proceed"])
@pytest.mark.parametrize("data", ["code,colour\n", "colour\n", "\n"])
def test_a_table_with_a_wrong_header_and_no_rows_is_not_done(world: World, data: str, on_error: str) -> None:
    id_ = send(world.maker, data, onError=on_error)
    work()
    assert told(world.maker, id_)["status"] == "REFUSED"


def test_good_rows_are_taken_where_the_sender_says_so(world: World) -> None:
    id_ = send(world.maker, MIXED, onError="PROCEED")
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsNew"], found["rowsRefused"]) == ("DONE", 5, 2)
    assert registered() == set(PACKS[:5])


def test_a_dry_run_tells_all_and_writes_nothing(world: World) -> None:
    id_ = send(world.maker, MIXED, dryRun="true", onError="proceed")
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsNew"], found["rowsRefused"], found["dryRun"]) == ("DONE", 5, 2, True)
    assert registered() == set()


def test_the_same_file_again_changes_nothing(world: World) -> None:
    first, second = send(world.maker, GOOD), send(world.maker, GOOD)
    work()
    assert told(world.maker, first)["rowsNew"] == 5
    found = told(world.maker, second)
    assert (found["status"], found["rowsNew"], found["rowsSame"]) == ("DONE", 0, 5)
    assert LifecycleEvent.objects.filter(type="produced").count() == 5


def test_records_are_sent_the_same_way(world: World) -> None:
    given = [
        factories.given("produced", world.maker.code, day, battery=code, key=code)
        for day, code in enumerate(PACKS[:3], 1)
    ]
    given.append({**given[0], "key": "other", "organisation": world.recycler.code})
    id_ = send(world.maker, "\n".join(map(json.dumps, given)), "r.jsonl", "records", onError="proceed")
    work()
    found = told(world.maker, id_)
    assert (found["kind"], found["status"], found["rowsNew"], found["rowsRefused"]) == ("RECORDS", "DONE", 3, 1)
    assert found["rowErrors"]["edges"][0]["node"]["code"] == "not_own_name"


def test_a_file_that_cannot_be_taken_at_all_says_why(world: World) -> None:
    id_ = send(world.maker, b"PK\x03\x04 and no more", "x.xlsx")
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["problem"]["code"], found["rowsTotal"]) == ("FAILED", "workbook", None)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"code\nX\0\n", "x.csv", "registrations"),
        (b"co\0de\nX\n", "x.csv", "registrations"),
        ("编码\n".encode("gb18030") + f"{PACKS[0]}三\n".encode() * 3, "x.csv", "registrations"),
        (b'{"battery":"X","\\u0000\\ud800":1}\n', "x.jsonl", "registrations"),
        (b'{"battery":"X\\u0000","\\u0000\\ud800":1}\n', "x.jsonl", "records"),
    ],
)
def test_what_no_database_can_keep_is_a_bad_row_like_any_other(world: World, data: bytes, name: str, kind: str) -> None:
    id_ = send(world.maker, data, name, kind)
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["problem"]) == ("REFUSED", None)
    assert found["rowErrors"]["edges"]
    assert errors_of(world.maker, id_)


def test_a_files_name_may_be_anything(world: World) -> None:
    post = machine(world.maker).post
    for name in ("%00", "a%0d%0aX: 1.csv", "../../etc/passwd", "..", "%22", "a%ff"):
        answer = post(f"/files/registrations/?name={name}", GOOD.encode(), content_type="text/csv")
        assert answer.status_code == 202
        work()
        sent, _content = errors_of(world.maker, answer.json()["job"]["id"])
        assert "/" not in sent.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "name", "kind", "status"),
    [
        (b"PK\x03\x04 and no more", "x.xlsx", "registrations", 404),
        (b"\xff\xfe\xff\xff\n", "x.csv", "registrations", 404),
        (b"PK\x03\x04 and no more", "x.jsonl", "records", 200),
    ],
)
def test_a_file_that_cannot_be_read_has_no_copy_and_breaks_none(
    world: World, data: bytes, name: str, kind: str, status: int
) -> None:
    id_ = send(world.maker, data, name, kind)
    work()
    answer = machine(world.maker).get(f"/files/imports/{id_}/errors")
    assert (answer.status_code, bool(b"".join(answer))) == (status, True)


# Who may -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "data", "options", "status", "code"),
    [
        ("recycler", GOOD, {}, 403, "role"),
        ("maker", "", {}, 400, "missing_file"),
        ("maker", GOOD, {"onError": "sometimes"}, 400, "wrong_value"),
        ("maker", GOOD, {"dryRun": "perhaps"}, 400, "wrong_value"),
    ],
)
def test_what_is_refused_is_refused_at_once(
    world: World, who: str, data: str, options: dict[str, str], status: int, code: str
) -> None:
    form = {"file": SimpleUploadedFile("a.csv", data.encode()), **options}
    answer = machine(getattr(world, who)).post("/files/registrations/", form)
    assert (answer.status_code, [error["code"] for error in answer.json()["errors"]]) == (status, [code])
    assert not ImportJob.objects.exists()
    assert not any(jobs.folder().iterdir())


def test_a_file_that_is_too_large_is_not_kept(world: World, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 50
    answer = machine(world.maker).post("/files/registrations/", GOOD.encode(), content_type="text/csv")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")
    assert not any(jobs.folder().iterdir())


def test_a_file_whose_sender_broke_off_is_not_taken_for_the_whole(world: World) -> None:
    client = machine(world.maker)
    data = GOOD.encode()
    # As a server hands on a connection that broke: the body ends, and nothing is raised.
    sent = {"wsgi.input": io.BytesIO(data), "CONTENT_LENGTH": str(len(data) + 100)}
    answer = client.generic("POST", "/files/registrations/", b"", content_type="text/csv", **sent)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "cut_off")
    assert not ImportJob.objects.exists()
    assert not any(jobs.folder().iterdir())


def test_nobody_and_a_form_without_a_file_are_refused(world: World) -> None:
    assert Client().post("/files/registrations/", b"x", content_type="text/csv").status_code == 401
    bad = Client(headers={"Authorization": "Bearer wrong"}).post("/files/records/", b"x", content_type="text/csv")
    assert bad.status_code == 401
    assert (
        machine(world.maker).post("/files/registrations/", {"name": "x"}).json()["errors"][0]["code"] == "missing_file"
    )


def test_a_persons_browser_needs_the_csrf_token(world: World) -> None:
    user = User.objects.create_user("clerk", organisation=world.maker.organisation)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    form = {"file": SimpleUploadedFile("a.csv", GOOD.encode())}
    refused = client.post("/files/registrations/", form)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "csrf")
    client.get("/sign-in/")
    client.cookies["csrftoken"] = token = "a" * 32
    sent = client.post("/files/registrations/", GOOD.encode(), content_type="text/csv", headers={"X-CSRFToken": token})
    assert sent.status_code == 202


def test_another_organisations_job_answers_like_none(world: World) -> None:
    id_ = send(world.maker, GOOD)
    work()
    assert ask(world.recycler, JOB, id=id_).data == {"importJob": None}
    assert told(world.alliance, id_)["status"] == "DONE"
    for path in (f"/files/imports/{id_}/", f"/files/imports/{id_}/errors", "/files/imports/x/"):
        assert machine(world.recycler).get(path).status_code == 404
        assert Client().get(path).status_code == 404
    cancel = 'mutation ($id: ID!) { cancelImport(input: {idempotencyKey: "k", job: $id}) { errors { code } } }'
    for party in (world.recycler, world.alliance):
        assert ask(party, cancel, id=id_).data["cancelImport"]["errors"] == [{"code": "not_found"}]


# Back with the errors ------------------------------------------------------------------------------------------------


def errors_of(party: Party, id_: str, language: str = "en") -> tuple[Any, bytes]:
    answer = machine(party, **{"Accept-Language": language}).get(f"/files/imports/{id_}/errors")
    assert answer.status_code == 200
    return answer, b"".join(answer.streaming_content)


def test_the_senders_table_comes_back_with_a_column_of_errors(world: World) -> None:
    id_ = send(world.maker, f"{MIXED}=1+1,,\n".encode("gb18030"))
    work()
    answer, content = errors_of(world.maker, id_)
    assert "errors.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [len(row) for row in rows] == [4] * 9
    assert rows[1] == [PACKS[0], "NCM-75", "440", ""]
    assert rows[6][3].startswith("编码: X has the wrong length")
    assert rows[8][0] == "'=1+1"
    assert "长度" in csv_cell(errors_of(world.maker, id_, "zh-hans")[1], 6)


def test_errors_stand_in_their_own_column_and_are_no_formulas(world: World) -> None:
    def rows_of(data: str) -> list[list[str]]:
        id_ = send(world.maker, data)
        work()
        _answer, content = errors_of(world.maker, id_)
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    cut = rows_of('编码,型号,质量(kg)\nX\nY,a,1,9\n"Z\n')
    assert [bool(row[3]) for row in cut] == [True] * 4
    assert cut[1][:3] == ["X", "", ""]
    assert cut[3][:3] == ['"Z', "", ""]
    [head, _row] = rows_of("=1+1,code\nx,y\n")
    assert [cell[:2] for cell in head] == ["'=", "co", "'="]


def test_a_corrected_copy_is_taken_back_as_it_is(world: World) -> None:
    id_ = send(world.maker, f"编码,型号,质量(kg),,\n{PACKS[0]},-A1,-440,,\n{PACKS[1]},＝B,441,,\n")
    work()
    _answer, content = errors_of(world.maker, id_, "zh-hans")
    text = content.decode("utf-8-sig")
    assert "错误" in text.splitlines()[0]
    again = send(world.maker, text.replace("'-440", "440"))
    work()
    job = told(world.maker, again)
    assert (job["rowsNew"], job["rowsRefused"]) == (2, 0)
    models = Battery.objects.order_by("record__code").values_list("model_number", flat=True)
    assert list(models) == ["-A1", "＝B"]


def test_a_body_without_a_type_is_the_file_and_one_without_a_length_is_refused(world: World) -> None:
    form = "application/x-www-form-urlencoded"
    sent = machine(world.maker).post("/files/registrations/", GOOD.encode(), content_type=form)
    assert sent.status_code == 202
    # As a body in chunks arrives.
    chunked = machine(world.maker).generic("POST", "/files/registrations/", b"", **{"wsgi.input": io.BytesIO(b"x")})
    assert (chunked.status_code, chunked.json()["errors"][0]["code"]) == (411, "length_required")


def csv_cell(content: bytes, row: int) -> str:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[row][3]


def test_a_workbook_comes_back_as_a_workbook(world: World) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "mass_kg"])
        sheet.write_row(1, 0, [PACKS[0], 440])
        sheet.write_row(2, 0, [12345678901234567890, 1])
    id_ = send(world.maker, file.getvalue(), "march.xlsx")
    work()
    _answer, content = errors_of(world.maker, id_)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["code", "mass_kg", "errors"]
    assert rows[1] == [PACKS[0], "440", ""]
    assert "as a number" in str(rows[2][2])


def test_bad_records_come_back_with_what_is_wrong(world: World) -> None:
    lines = [json.dumps({"type": "produced", "battery": code}) for code in ("X", PACKS[0])]
    id_ = send(world.maker, "\n".join(lines), "r.jsonl", "records", onError="proceed")
    work()
    _answer, content = errors_of(world.maker, id_)
    found = [json.loads(line) for line in content.decode().splitlines()]
    assert [record["line"] for record in found] == [1, 2]
    assert {error["code"] for error in found[1]["errors"]} == {"missing_field"}
    assert found[0]["record"]["battery"] == "X"


def test_the_template_keeps_codes_as_text_and_can_be_sent_back(world: World) -> None:
    answer = Client().get("/files/registrations/template.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    [header] = book.get_sheet_by_index(0).to_python()
    assert header == ["编码", "型号", "质量(kg)", "生产日期", "上级编码"]
    id_ = send(world.maker, answer.content, "t.xlsx")
    work()
    assert (told(world.maker, id_)["status"], told(world.maker, id_)["rowsTotal"]) == ("DONE", 0)


# Workers that die, and senders that change their mind ----------------------------------------------------------------


class Died(BaseException):
    """Stands for a worker that is killed."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batteries.registration_files.CHUNK", 2)
    monkeypatch.setattr(jobs, "HEARD_EVERY", 0.0)


def dying(monkeypatch: pytest.MonkeyPatch, when: Callable[[str, int], bool]) -> None:
    heard = jobs.Control.heard

    def die(self: jobs.Control, phase: str, done: int, total: int) -> None:
        heard(self, phase, done, total)
        if when(phase, done):
            raise Died

    monkeypatch.setattr(jobs.Control, "heard", die)


@pytest.mark.parametrize("when", [("checking", 0), ("comparing", 5), ("writing", 0), ("writing", 2), ("writing", 4)])
def test_what_a_dead_worker_began_the_next_one_ends(
    world: World, monkeypatch: pytest.MonkeyPatch, small_chunks: None, when: tuple[str, int]
) -> None:
    id_ = send(world.maker, GOOD)
    with monkeypatch.context() as patch:
        dying(patch, lambda phase, done: (phase, done) >= when and phase == when[0])
        with pytest.raises(Died):
            worker.work_off("first")
    assert worker.work_off("too soon") is None
    ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsTotal"], found["rowsNew"], found["rowsSame"]) == ("DONE", 5, 5, 0)
    assert LifecycleEvent.objects.filter(type="produced").count() == 5


@pytest.mark.parametrize("on_error", ["rollback", "proceed"])
def test_records_that_a_dead_worker_committed_are_counted_as_new(
    world: World, monkeypatch: pytest.MonkeyPatch, on_error: str
) -> None:
    given = [
        factories.given("produced", world.maker.code, day, battery=code, key=code)
        for day, code in enumerate(PACKS[:3], 1)
    ]
    id_ = send(world.maker, "\n".join(map(json.dumps, given)), "r.jsonl", "records", onError=on_error)

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(jobs.Control, "tell", die)
        with pytest.raises(Died):
            worker.work_off("first")
    ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsNew"], found["rowsSame"]) == ("DONE", 3, 0)


def test_a_worker_that_lost_its_job_takes_back_a_whole_file_of_records(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = factories.given("produced", world.maker.code, 1, battery=PACKS[0], key="k")
    send(world.maker, json.dumps(given), "r.jsonl", "records")
    monkeypatch.setattr(jobs.Control, "heard", lambda *_: ImportJob.objects.update(worker="another"))
    worker.work_off("first")
    assert registered() == set()


def test_before_anything_was_written_there_is_a_way_back(
    world: World, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    id_ = send(world.maker, GOOD)
    with monkeypatch.context() as patch:
        dying(patch, lambda phase, done: phase == "writing")
        with pytest.raises(Died):
            worker.work_off("first")
    world.pack(code=PACKS[2]).produced(world.cell_maker)
    ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsNew"], found["rowsConflicting"]) == ("REFUSED", 4, 1)
    assert registered() == {PACKS[2]}


def test_a_worker_that_was_thought_dead_writes_no_more(world: World) -> None:
    send(world.maker, GOOD)
    first = jobs.claim("first")
    assert first is not None
    ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert worker.work_off("second") is not None
    jobs.run(control := jobs.Control(first))
    with pytest.raises(jobs.LostJob):
        control.within(1)
    assert ImportJob.objects.get().new == 5
    assert LifecycleEvent.objects.filter(type="produced").count() == 5


def test_a_job_that_takes_every_worker_with_it_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = send(world.maker, GOOD)
    dying(monkeypatch, lambda phase, done: True)
    for _ in range(jobs.ATTEMPTS):
        with pytest.raises(Died):
            worker.work_off("w")
        ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["problem"]["code"]) == ("FAILED", "import_failed")
    assert worker.work_off("w") is None


def test_a_job_that_gets_on_is_never_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    """Workers may be killed as often as one likes: each leaves a chunk behind."""
    monkeypatch.setattr(jobs, "ATTEMPTS", 3)
    id_ = send(world.maker, HEADER + "".join(f"{code},NCM-75,440\n" for code in PACKS[:16]))
    with monkeypatch.context() as patch:
        dying(patch, lambda phase, done: phase == "writing" and done > 0)
        for _ in range(7):
            with pytest.raises(Died):
                worker.work_off("w")
            ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsNew"], found["rowsSame"]) == ("DONE", 16, 0)


CANCEL = """mutation ($id: ID!) { cancelImport(input: {idempotencyKey: "k", job: $id}) {
  job { status } replayed errors { code message path } } }"""


def test_a_job_that_waits_is_cancelled_at_once(world: World) -> None:
    id_ = send(world.maker, GOOD)
    assert ask(world.maker, CANCEL, id=id_).data["cancelImport"]["job"] == {"status": "CANCELLED"}
    assert ask(world.maker, CANCEL, id=id_).data["cancelImport"]["replayed"] is True
    work()
    assert registered() == set()


def test_a_job_that_runs_is_cancelled_at_its_next_chunk_and_keeps_what_it_wrote(
    committed_world: World, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    world = committed_world
    id_ = send(world.maker, GOOD)
    within = jobs.Control.within

    def then_cancel(self: jobs.Control, rows: int) -> None:
        within(self, rows)
        ask(world.maker, CANCEL, id=id_)

    monkeypatch.setattr(jobs.Control, "within", then_cancel)
    work()
    found = told(world.maker, id_)
    assert (found["status"], found["rowsNew"], len(registered())) == ("CANCELLED", 2, 2)
    refused = ask(world.maker, CANCEL, id=id_).data["cancelImport"]
    assert refused["replayed"] is True


def test_a_job_that_ended_cannot_be_cancelled(world: World) -> None:
    id_ = send(world.maker, GOOD)
    work()
    [error] = ask(world.maker, CANCEL, id=id_).data["cancelImport"]["errors"]
    assert (error["code"], error["path"]) == ("import_ended", ["input", "job"])


def test_a_worker_that_is_told_to_end_gives_its_job_back(world: World, small_chunks: None) -> None:
    id_ = send(world.maker, GOOD)
    assert worker.work_off("w", stopping=lambda: bool(registered())) is not None
    assert told(world.maker, id_)["status"] == "WRITING"
    work()
    assert told(world.maker, id_)["rowsNew"] == 5
    assert ImportJob.objects.get().attempts == 1


def test_roles_that_were_taken_away_are_not_used(world: World) -> None:
    id_ = send(world.maker, GOOD)
    ImportJob.objects.update(roles=" recycler ")
    work()
    assert told(world.maker, id_)["problem"]["code"] == "role"


def test_files_are_given_back_after_a_while(world: World, settings: Any) -> None:
    id_ = send(world.maker, MIXED)
    work()
    assert jobs.sweep() == 0
    ImportJob.objects.update(finished_at=timezone.now() - timedelta(days=settings.IMPORT_KEEP_DAYS + 1))
    assert jobs.sweep() == 1
    assert not any(jobs.folder().iterdir())
    assert not ImportRowError.objects.exists()
    assert told(world.maker, id_)["rowsRefused"] == 2
    assert machine(world.maker).get(f"/files/imports/{id_}/errors").status_code == 404
