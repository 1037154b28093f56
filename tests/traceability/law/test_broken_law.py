"""Files that cannot be the law: each is told with its file, its line and its place in the table."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from traceability.law.faults import MESSAGES, BrokenLaw
from traceability.law.loading import load

GOOD = """\
# a small law
[[instrument]]
key = "rules"
title_zh = "规定"
title_en = "Rules"
number = "1"
in_force_from = 2020-01-01
certainty = "firm"
source = "here"

[[edition]]
key = "2020"
instrument = "rules"
title_zh = "2020年本"
title_en = "Edition of 2020"
number = "1"
in_force_from = 2020-01-01
in_force_until = 2024-12-31
certainty = "firm"
source = "here"

[[edition]]
key = "2025"
instrument = "rules"
title_zh = "2025年本"
title_en = "Edition of 2025"
number = "2"
in_force_from = 2025-01-01
certainty = "firm"
source = "here"

[[clause]]
key = "recovery.li"
edition = "2020"
chapter = "一"
title_zh = "锂"
title_en = "Lithium"
text_zh = "不低于85%"
text_en = "At least 85 %"
operator = ">="
threshold = "85"
unit = "%"
who = ["recycler"]
process = "smelting"
certainty = "firm"

[[clause]]
key = "recovery.li"
edition = "2025"
chapter = "一"
title_zh = "锂"
title_en = "Lithium"
text_zh = \"\"\"
不低于
threshold = 90
\"\"\"
text_en = "At least 90 %"
operator = ">="
threshold = "90"
unit = "%"
who = ["recycler"]
certainty = "provisional"

[[clause]]
key = "report"
instrument = "rules"
chapter = "二"
title_zh = "上报"
title_en = "Report"
text_zh = "上报"
text_en = "Report"
operator = "duty"
who = ["recycler"]
certainty = "firm"

[[deadline]]
clause = "report"
roles = ["recycler"]
events = ["received", "processed"]
in_force_until = 2024-12-31
days = 30
working = true
certainty = "firm"

[[deadline]]
clause = "report"
roles = ["recycler"]
events = ["received"]
in_force_from = 2025-01-01
retired_only = true
days = 30
working = false
certainty = "reported"

[[gap]]
code = "late_report"
clause = "report"
note_zh = "迟报"
note_en = "late"
"""


def first(text: str) -> int:
    """The line at which a text stands for the first time."""
    return GOOD.count("\n", 0, GOOD.index(text)) + 1


THIRD = first('key = "report"') - 1


def loaded(folder: Path, text: str):
    (folder / "law.toml").write_text(text, encoding="utf-8")
    return load(folder)


def faults(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(BrokenLaw) as broken:
        loaded(folder, text)
    return [(fault.code, str(fault.place)) for fault in broken.value.faults]


def test_what_a_row_leaves_out_is_that_of_what_it_belongs_to(tmp_path):
    book = loaded(tmp_path, GOOD)
    old, new, report = book.clauses
    assert (old.in_force_from, old.in_force_until) == (book.editions[0].in_force_from, book.editions[0].in_force_until)
    assert (old.instrument, old.edition, old.source, old.enforced) == ("rules", "2020", "here", True)
    assert (new.enforced, new.text_zh) == (False, "不低于 threshold = 90")
    assert (report.edition, report.in_force_until, report.unit) == (None, None, "")
    assert [(one.event, one.working) for one in book.deadlines] == [
        ("received", True), ("processed", True), ("received", False),
    ]  # fmt: skip
    assert (book.gaps[0].in_force_from, book.gaps[0].certainty) == (report.in_force_from, "firm")


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "line"),
    [
        ('title_en = "Rules"', 'title_eng = "Rules"', "unknown_key", "instrument[1].title_eng", 5),
        ('number = "1"\nin', "in", "missing_key", "instrument[1]", 2),
        (
            "in_force_from = 2020-01-01\nc",
            'in_force_from = "2020-01-01"\nc',
            "wrong_value",
            "instrument[1].in_force_from",
            7,
        ),
        (
            "in_force_from = 2020-01-01\nc",
            "in_force_from = 2020-01-01T00:00:00\nc",
            "wrong_value",
            "instrument[1].in_force_from",
            7,
        ),
        ('certainty = "firm"', 'certainty = "sure"', "wrong_value", "instrument[1].certainty", 8),
        ('key = "rules"', 'key = "Our Rules"', "wrong_value", "instrument[1].key", 3),
        ('title_zh = "规定"', 'title_zh = "  "', "wrong_value", "instrument[1].title_zh", 4),
        ('key = "2025"', 'key = "2020"', "duplicate", "edition[2].key", first('key = "2025"')),
        ('threshold = "85"', "threshold = 85.0", "wrong_value", "clause[1].threshold", first('"85"')),
        ('threshold = "85"', "threshold = 85", "wrong_value", "clause[1].threshold", first('"85"')),
        ('threshold = "85"', 'threshold = "85,0"', "wrong_value", "clause[1].threshold", first('"85"')),
        ('threshold = "85"', 'threshold = "-1"', "wrong_value", "clause[1].threshold", first('"85"')),
        ('threshold = "85"', 'threshold = "NaN"', "wrong_value", "clause[1].threshold", first('"85"')),
        ('threshold = "85"', 'threshold = "101"', "percent", "clause[1].threshold", first('"85"')),
        ('threshold = "85"\n', "", "threshold", "clause[1]", first("[[clause]]")),
        ('operator = ">="', 'operator = "=>"', "wrong_value", "clause[1].operator", first('">="')),
        ('operator = ">="', 'operator = "statement"', "no_threshold", "clause[1].threshold", first('"85"')),
        ('unit = "%"', 'unit = "kg"', "unit", "clause[1].unit", first('unit = "%"')),
        ('unit = "%"', 'unit = "count"', "unit", "clause[1].unit", first('unit = "%"')),
        ('operator = "duty"', 'operator = "none"', "unit", "clause[3].unit", THIRD),
        ('who = ["recycler"]', 'who = ["farmer"]', "wrong_value", "clause[1].who", first("who =")),
        ('who = ["recycler"]', "who = []", "wrong_value", "clause[1].who", first("who =")),
        ('process = "smelting"', 'process = "magic"', "wrong_value", "clause[1].process", first("process =")),
        ('edition = "2020"', 'edition = "2021"', "unknown_reference", "clause[1].edition", first('edition = "2020"')),
        ('instrument = "rules"\nchapter', "chapter", "one_parent", "clause[3]", THIRD),
        ('edition = "2020"', 'edition = "2020"\ninstrument = "rules"', "one_parent", "clause[1]", first("[[clause]]")),
        ('roles = ["recycler"]', 'roles = ["alien"]', "wrong_value", "deadline[1].roles", first("roles =")),
        ('roles = ["recycler"]', "", "one_role", "deadline[1]", first("[[deadline]]")),
        (
            'roles = ["recycler"]',
            'roles = ["recycler"]\neveryone_else = true',
            "one_role",
            "deadline[1]",
            first("[[deadline]]"),
        ),
        (
            'events = ["received", "processed"]',
            'events = ["released"]',
            "wrong_value",
            "deadline[1].events",
            first("events ="),
        ),
        (
            'events = ["received"]',
            'events = ["processed"]',
            "retired_only",
            "deadline[2].retired_only",
            first("retired_only"),
        ),
        ("days = 30", "days = 0", "wrong_value", "deadline[1].days", first("days =")),
        ("days = 30", "days = true", "wrong_value", "deadline[1].days", first("days =")),
        ("working = true", 'working = "yes"', "wrong_value", "deadline[1].working", first("working =")),
        ('clause = "report"', 'clause = "reports"', "unknown_reference", "deadline[1].clause", first("clause =")),
        ('operator = "duty"', 'operator = "duty"\nyears = 0', "wrong_value", "clause[3].years", first('"duty"') + 1),
        ('operator = "duty"', 'operator = "duty"\nyears = "1"', "wrong_value", "clause[3].years", first('"duty"') + 1),
        ('operator = "duty"', 'operator = "duty"\nby = "02-29"', "wrong_value", "clause[3].by", first('"duty"') + 1),
        ('operator = "duty"', 'operator = "duty"\nby = "31-03"', "wrong_value", "clause[3].by", first('"duty"') + 1),
        ('operator = "duty"', 'operator = "duty"\nby = 2020-03-31', "wrong_value", "clause[3].by", first('"duty"') + 1),
        ('code = "late_report"', 'code = "too_late"', "wrong_value", "gap[1].code", first("code =")),
        ("[[gap]]", "[[gaps]]", "unknown_table", "gaps", first("[[gap]]")),
        ("[[gap]]", "[gap]", "not_tables", "gap", first("[[gap]]")),
        ("# a small law", "gap = 3", "not_tables", "gap", 1),
        ("# a small law", "answer = 42", "unknown_table", "answer", 1),
    ],
)
def test_a_wrong_row_is_told_with_its_place(tmp_path, old, new, code, path, line):
    text = GOOD.replace("[[gap]]", "[[other]]", 1) if new == "gap = 3" else GOOD
    found = faults(tmp_path, text.replace(old, new, 1))
    assert (code, f"law.toml:{line} {path}") in found


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        pytest.param(
            "in_force_from = 2025-01-01\nc",
            "in_force_from = 2024-12-31\nc",
            "overlap",
            "edition[2].in_force_from",
            id="editions overlap",
        ),
        pytest.param(
            "in_force_from = 2025-01-01\nc",
            "in_force_from = 2025-01-03\nc",
            "gap",
            "edition[2].in_force_from",
            id="editions leave a hole",
        ),
        pytest.param(
            "in_force_until = 2024-12-31\nc", "c", "overlap", "edition[2].in_force_from", id="an edition without an end"
        ),
        pytest.param(
            'edition = "2025"\n',
            'edition = "2025"\nin_force_from = 2025-02-01\n',
            "gap",
            "clause[2].in_force_from",
            id="clauses leave a hole",
        ),
        pytest.param(
            'edition = "2025"\n', 'edition = "2020"\n', "overlap", "clause[2].in_force_from", id="clauses overlap"
        ),
        pytest.param(
            'edition = "2020"\n',
            'edition = "2020"\nin_force_until = 2025-01-31\n',
            "outside",
            "clause[1].in_force_until",
            id="a clause outlives its edition",
        ),
        pytest.param(
            'edition = "2020"\n',
            'edition = "2020"\nin_force_from = 2019-01-31\n',
            "outside",
            "clause[1].in_force_from",
            id="a clause before its edition",
        ),
        pytest.param(
            "in_force_from = 2025-01-01\nretired",
            "in_force_from = 2024-12-31\nretired",
            "overlap",
            "deadline[2].in_force_from",
            id="deadlines overlap",
        ),
        pytest.param(
            "in_force_from = 2025-01-01\nretired",
            "in_force_from = 2025-01-02\nretired",
            "gap",
            "deadline[2].in_force_from",
            id="deadlines leave a hole",
        ),
        pytest.param(
            'clause = "report"\nnote',
            'clause = "report"\nin_force_from = 2019-12-31\nnote',
            "outside",
            "gap[1].in_force_from",
            id="a gap before its clause",
        ),
        pytest.param(
            "in_force_until = 2024-12-31\nc",
            "in_force_until = 2019-12-31\nc",
            "backwards",
            "edition[1].in_force_until",
            id="an end before the beginning",
        ),
        pytest.param(
            'certainty = "provisional"',
            'certainty = "provisional"\nenforced = true',
            "enforced",
            "clause[2].enforced",
            id="enforced though provisional",
        ),
    ],
)
def test_periods_that_do_not_fit_are_told_with_their_place(tmp_path, old, new, code, path):
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert any(said == code and re.fullmatch(rf"law\.toml:\d+ {re.escape(path)}", place) for said, place in found), (
        found
    )


def test_an_overlap_across_files_names_both_places(tmp_path):
    cut = GOOD.index("[[clause]]", GOOD.index('threshold = "85"'))
    (tmp_path / "a.toml").write_text(GOOD[:cut])
    (tmp_path / "b.toml").write_text(GOOD[cut:].replace('edition = "2025"', 'edition = "2020"', 1))
    with pytest.raises(BrokenLaw) as broken, translation.override("en"):
        load(tmp_path)
    [fault] = broken.value.faults
    assert (fault.code, fault.place.file, str(fault.params["place"])) == (
        "overlap",
        "b.toml",
        f"a.toml:{first('[[clause]]')} clause[1]",
    )


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    broken = (
        GOOD.replace('threshold = "85"', "threshold = 85.5")
        .replace("days = 30", "days = -1")
        .replace("note_en", "nota")
    )
    assert sorted(code for code, _ in faults(tmp_path, broken)) == [
        "missing_key", "unknown_key", "wrong_value", "wrong_value", "wrong_value",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = = 2\n", 2), ("a = 1\na = 2\n", 2), ('[[clause]]\nkey = """\n\n', 4), ("[[clause", 1)],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path, text, line):
    [(code, place)] = faults(tmp_path, text)
    assert (code, place) == ("toml", f"law.toml:{line}")


def test_what_is_no_utf_8_is_told(tmp_path):
    (tmp_path / "law.toml").write_bytes("title = '规定'".encode("gb18030"))
    with pytest.raises(BrokenLaw) as broken:
        load(tmp_path)
    assert [fault.code for fault in broken.value.faults] == ["unreadable"]


def test_a_mark_before_utf_8_does_not_matter(tmp_path):
    plain = loaded(tmp_path, GOOD)
    (tmp_path / "law.toml").write_text(GOOD, encoding="utf-8-sig")
    assert load(tmp_path) == plain


def test_a_folder_without_law_is_no_empty_law(tmp_path):
    with pytest.raises(BrokenLaw) as broken:
        load(tmp_path / "none")
    assert [fault.code for fault in broken.value.faults] == ["no_files"]


def test_every_fault_has_a_sentence_that_says_what_was_found(tmp_path):
    with translation.override("en"):
        with pytest.raises(BrokenLaw) as broken:
            loaded(tmp_path, GOOD.replace('unit = "%"', 'unit = "kg"', 1))
        assert str(broken.value) == (
            f"law.toml:{first('unit =')} clause[1].unit: The unit kg does not go with the operator >=;"
            " expected: %, kgce/t, t/a. (unit)"
        )
        assert all("{" in str(sentence) or code in {"no_files", "one_parent", "one_role", "retired_only", "enforced"}
                   for code, sentence in MESSAGES.items())  # fmt: skip


def test_the_digest_is_of_what_the_files_say_and_not_of_how(tmp_path):
    digest = loaded(tmp_path, GOOD).digest
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert loaded(tmp_path, GOOD.replace("# a small law\n", "\n\n# another remark\n")).digest == digest
    assert loaded(tmp_path, GOOD.replace('threshold = "85"', 'threshold   =  "85"')).digest == digest
    assert loaded(tmp_path, GOOD.replace('threshold = "85"', 'threshold = "86"')).digest != digest
    assert loaded(tmp_path, GOOD.replace("days = 30", "days = 31", 1)).digest != digest


def test_the_shipped_law_is_read_again_to_the_same():
    folder = Path(settings.LAW_DIR)
    assert load(folder) == load(folder)
