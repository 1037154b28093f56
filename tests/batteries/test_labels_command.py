"""`labels`: prints what is there, issues what is missing, replaces on demand, and spoils nothing on bad input."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import translation

from batteries.models import Label, LabelKey
from tests.labelling import decoded, pages
from tests.worlds import World
from traceability.models import LifecycleEvent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels.pdf"


def run(file: Path, *arguments: str) -> str:
    out = StringIO()
    with translation.override("en"):
        call_command("labels", *arguments, "--output", str(file), stdout=out)
    return out.getvalue()


def texts(file: Path) -> list[str]:
    return [text for page in pages(file.read_bytes()) for text in decoded(page)]


def test_the_first_print_issues_and_the_second_draws_the_same(world: World, file: Path) -> None:
    packs = [world.pack().produced() for _ in range(3)]
    codes = [pack.code for pack in packs]
    assert run(file, *codes).startswith("Labels: 3, issued now: 3")
    first, events = file.read_bytes(), LifecycleEvent.objects.count()
    assert texts(file) == [row.text for row in Label.objects.order_by("id")]
    assert [text[-24:] for text in texts(file)] == codes
    assert run(file, *codes).startswith("Labels: 3, issued now: 0")
    assert file.read_bytes() == first
    assert LifecycleEvent.objects.count() == events


def test_only_what_is_missing_is_issued(world: World, file: Path) -> None:
    old, new = world.pack().produced(), world.pack().produced()
    run(file, old.code)
    assert run(file, old.code, new.code).startswith("Labels: 2, issued now: 1")
    assert len(old.events) == 2


def test_a_reprint_replaces_and_is_recorded_with_its_reason(world: World, file: Path) -> None:
    pack = world.pack().produced()
    run(file, pack.code)
    before = texts(file)
    run(file, pack.code, "--reprint", "--reason", "torn")
    assert texts(file) != before
    assert [event.type for event in pack.events] == ["produced", "label_issued", "label_issued"]
    assert pack.events[-1].actor == "command"
    assert pack.events[-1].contents.get(name="reason").value == "torn"


def test_after_a_key_was_revoked_the_next_print_is_a_new_label(world: World, file: Path) -> None:
    pack = world.pack().produced()
    run(file, pack.code)
    call_command("label_keys", "--revoke", LabelKey.objects.get().kid, stdout=StringIO())
    assert "issued now: 1" in run(file, pack.code)


@pytest.mark.parametrize(("size", "count"), [("60x40", 25), ("100x70", 25), ("a4", 2)])
def test_every_size_is_read_back(world: World, file: Path, size: str, count: int) -> None:
    packs = [world.pack().produced() for _ in range(25)]
    run(file, *(pack.code for pack in packs), "--size", size)
    assert len(pages(file.read_bytes())) == count
    assert [text[-24:] for text in texts(file)] == [pack.code for pack in packs]


def test_codes_may_be_written_as_people_do_and_twice(world: World, file: Path) -> None:
    pack = world.pack().produced()
    assert run(file, pack.code.lower(), f"{pack.code[:14]} {pack.code[14:]}").startswith("Labels: 1,")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PNG"])
def test_one_label_may_be_a_picture(world: World, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"label{suffix}"
    run(file, world.pack().produced().code)
    if suffix == ".svg":
        assert file.read_text().startswith("<svg")
    else:
        assert decoded(file.read_bytes()) == [Label.objects.get().text]


def test_who_filed_the_code_may_be_named_as_the_one_that_issues(world: World, file: Path) -> None:
    pack = world.pack(code="001PE76836300JBC40000003").produced()
    run(file, pack.code, "--organisation", world.cell_maker.code)
    assert LabelKey.objects.get().organisation_id == world.cell_maker.id


def bad_inputs(world: World, file: Path) -> dict[str, tuple[list[str], Path, str]]:
    pack, foreign = world.pack().produced(), world.pack().produced(world.importer)
    ended, host = world.pack().produced().destroyed(), world.pack(modules=1).produced()
    folder = file.parent / "folder.pdf"
    folder.mkdir()
    return {
        "an unknown battery": ([world.pack_code(), pack.code], file, "unknown_battery"),
        "a typing error": ([pack.code, pack.code[:-1]], file, "length"),
        "nobody's batteries": ([world.pack_code()], file, "no|None of these batteries"),
        "several makers": ([pack.code, foreign.code], file, world.importer.code),
        "a battery at its end": ([ended.code], file, "stage"),
        "a part that is built in": ([host.module_codes[0], host.code], file, "built_in"),
        "an unknown organisation": ([pack.code, "--organisation", "X"], file, "not registered"),
        "an organisation without the role": ([pack.code, "--organisation", world.recycler.code], file, "role"),
        "somebody else's battery": ([pack.code, "--organisation", world.importer.code], file, "not_maker"),
        "another ending": ([pack.code], file.with_suffix(".doc"), r"\.pdf"),
        "no ending": ([pack.code], file.with_suffix(""), r"\.pdf"),
        "several labels in a picture": ([pack.code, host.code], file.with_suffix(".png"), "one label"),
        "a folder that is not there": ([pack.code], file.parent / "no" / "labels.pdf", "cannot be written"),
        "a folder": ([pack.code], folder, "cannot be written"),
    }


CASES = (
    "an unknown battery, a typing error, nobody's batteries, several makers, a battery at its end, "
    "a part that is built in, an unknown organisation, an organisation without the role, somebody else's battery, "
    "another ending, no ending, several labels in a picture, a folder that is not there, a folder"
).split(", ")


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_told_and_nothing_is_issued_or_written(world: World, file: Path, case: str) -> None:
    arguments, output, says = bad_inputs(world, file)[case]
    file.write_bytes(b"before")
    events = LifecycleEvent.objects.count()
    with pytest.raises(CommandError, match=says):
        run(output, *arguments)
    assert (LifecycleEvent.objects.count(), Label.objects.count(), LabelKey.objects.count()) == (events, 0, 0)
    assert file.read_bytes() == b"before"
    assert sorted(path.name for path in file.parent.iterdir()) == ["folder.pdf", "labels.pdf"]


@pytest.mark.parametrize("arguments", [[], ["--size", "a5"], ["--cut", "never"]])
def test_what_the_command_does_not_take_is_refused(world: World, file: Path, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(file, *([world.pack_code()] if arguments else []), *arguments)
    with pytest.raises(CommandError, match="output"):
        call_command("labels", world.pack_code())


@pytest.mark.parametrize(
    ("host", "good"),
    [("ID.EXAMPLE.CN", True), ("LOCALHOST:8000", True), ("ID.EXAMPLE.CN/B", True), ("A" * 40, True), ("A" * 41, False),
     ("id.example.cn", False), ("ID.EXAMPLE.CN/", False), ("ID EXAMPLE", False), ("例子.CN", False), ("", False)],
)  # fmt: skip
def test_a_host_that_cannot_be_printed_stops_the_system_check(settings: Any, host: str, good: bool) -> None:
    settings.LABEL_HOST = host
    assert ([found.id for found in run_checks() if found.id == "batteries.E001"] == []) is good
