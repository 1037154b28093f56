"""Tables of listings and permits, row by row: one statement a row, in Chinese or English, columns in any order."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from batteries import table_headers
from batteries.registration import CHINA
from batteries.registration_rows import in_china
from batteries.registration_sheets import BadLine, Number, Row
from recyclers.standing import PERMIT_KINDS
from traceability.errors import Problem, Refusal, refuse
from traceability.facts import Fact, read_fact
from traceability.record_lines import BadRow

#: More statements than there are companies and permits: such a file is something else.
MOST_ROWS: Final = 20_000
#: A spreadsheet keeps no more digits of a number.
_DIGITS: Final = 15
#: What a permit says that is valid until further notice.
_WITHOUT_END: Final = frozenset({"长期", "长期有效"})


@dataclass(frozen=True, slots=True)
class Table:
    """What a table of one kind looks like: its columns, the words in them, and the fact that a row becomes."""

    type: str
    #: Heading, folded → field of the fact's details; `name` is for people, and is not read.
    columns: Mapping[str, str]
    expected: str
    #: What two rows must not share: they would be about the same thing.
    subject: tuple[str, ...]
    #: The field that says which kind of thing it is, and how people write its words.
    word: str
    words: Mapping[str, str]
    #: The fields of its first and last day.
    days: tuple[str, str]


_COMPANY: Final = {
    **dict.fromkeys(("organisation", "code", "creditcode", "credit_code", "organisationcode"), "organisation"),
    **dict.fromkeys(("unifiedsocialcreditcode", "unified_social_credit_code"), "organisation"),
    **dict.fromkeys(("统一社会信用代码", "社会信用代码", "信用代码", "单位代码", "企业代码"), "organisation"),
    **dict.fromkeys(("name", "company", "名称", "企业名称", "单位名称"), "name"),
}
PERMITS: Final = Table(
    type="permit",
    columns={
        **_COMPANY,
        **dict.fromkeys(("kind", "种类", "许可种类", "许可类型", "类别"), "kind"),
        **dict.fromkeys(("number", "编号", "许可编号", "证书编号", "文号"), "number"),
        **dict.fromkeys(("issuer", "发证机关", "审批机关", "核发机关"), "issuer"),
        **dict.fromkeys(("validfrom", "valid_from", "生效日期", "有效期起", "起始日期"), "validFrom"),
        **dict.fromkeys(("validuntil", "valid_until", "失效日期", "有效期止", "有效期至", "截止日期"), "validUntil"),
    },
    expected="organisation, kind, number, issuer, valid_from, valid_until",
    subject=("organisation", "kind", "number"),
    word="kind",
    words={
        **{folded: kind for kind in PERMIT_KINDS for folded in (kind, kind.replace("_", ""))},
        **dict.fromkeys(("项目备案", "投资备案", "备案"), "project_filing"),
        **dict.fromkeys(("环评", "环评批复", "环境影响评价", "环境影响评价批复"), "eia"),
        **dict.fromkeys(("排污许可", "排污许可证"), "pollution"),
    },
    days=("validFrom", "validUntil"),
)
LISTINGS: Final = Table(
    type="listing",
    columns={
        **_COMPANY,
        **dict.fromkeys(("scope", "类别", "公告类别", "业务类型", "范围"), "scope"),
        **dict.fromkeys(("batch", "batchnumber", "batch_number", "批次", "公告批次"), "batch"),
        **dict.fromkeys(("announcedon", "announced_on", "公告日期", "公布日期"), "announcedOn"),
        **dict.fromkeys(("revokedon", "revoked_on", "撤销日期", "撤销公告日期"), "revokedOn"),
        **dict.fromkeys(("reason", "原因", "撤销原因"), "reason"),
    },
    expected="organisation, scope, batch, announced_on, revoked_on, reason",
    subject=("organisation", "scope", "batch"),
    word="scope",
    words={
        **dict.fromkeys(("recovery", "再生利用", "回收利用", "材料回收"), "recovery"),
        **dict.fromkeys(("second_life", "secondlife", "梯次利用", "梯级利用"), "second_life"),
    },
    days=("announcedOn", "revokedOn"),
)
TABLES: Final = {"listings": LISTINGS, "permits": PERMITS}


@dataclass(slots=True)
class Read:
    """What a file says: statements by the line they stand on, and what is wrong with others."""

    facts: dict[int, Fact] = field(default_factory=dict)
    problems: list[BadRow] = field(default_factory=list)
    rows: int = 0
    #: The header is wrong: no row can be read.
    unusable: bool = False
    #: Details' field → what the file calls its column.
    said: Mapping[str, str] = field(default_factory=dict)

    def refuse(self, line: int, *problems: Problem) -> None:
        """Note what is wrong with a line, under the file's own names of columns."""
        self.facts.pop(line, None)
        self.problems += [BadRow(line, replace(problem, path=self._column(problem.path))) for problem in problems]

    def _column(self, path: tuple[str, ...]) -> tuple[str, ...]:
        name = path[1] if path[:1] == ("details",) and len(path) > 1 else "".join(path[:1])
        return (self.said.get(name, name),) if name else ()


@dataclass(frozen=True, slots=True)
class Statements:
    """Reads the rows of one table as facts of the alliance, made at one moment."""

    table: Table
    organisation: str
    digest: str
    at: datetime
    today: date

    def read(self, rows: Iterator[Row | BadLine], heard: Callable[[int], None]) -> Read:
        """Take the header and every row; a wrong header is told once, and no row is taken."""
        line, header, rows = table_headers.opened(rows)
        required = ("organisation", self.table.word)
        names, problems = table_headers.names_of(header, self.table.columns, required, self.table.expected)
        found = Read()
        if problems or isinstance(header, Problem):
            found.refuse(line, *problems)
            found.unusable = True
            found.rows = sum(isinstance(cells, Problem) or any(map(str.strip, cells)) for _, cells in rows)
            return found
        said = [cell.strip() for cell in header]
        found.said = dict(zip(names, said, strict=True))
        for line, cells in rows:
            if isinstance(cells, list) and not any(map(str.strip, cells)):
                continue
            found.rows += 1
            if found.rows > MOST_ROWS:
                raise refuse("too_many", value=f"> {MOST_ROWS}", limit=MOST_ROWS)
            if found.rows % 1_000 == 0:
                heard(line)
            try:
                found.facts[line] = self._fact(line, cells, names)
            except Refusal as refusal:
                found.refuse(line, *refusal.problems)
        self._refuse_repeated(found)
        found.problems.sort(key=lambda bad: bad.line)
        return found

    def _fact(self, line: int, cells: list[str] | Problem, names: Sequence[str]) -> Fact:
        if isinstance(cells, Problem):
            raise Refusal(cells)
        if problem := table_headers.unreadable(cells, len(names)):
            raise Refusal(problem)
        if surplus := [cell for cell in cells[len(names) :] if cell.strip()]:
            raise refuse("unknown_field", value=surplus[0])
        details: dict[str, Any] = {
            name: _cell(name, cell) for name, cell in zip(names, cells, strict=False) if name != "name" and cell.strip()
        }
        if word := details.get(self.table.word):
            details[self.table.word] = self.table.words.get(table_headers.folded(word), word)
        for name in self.table.days:
            if name in details:
                details[name] = _day(details[name])
        if details.get("validUntil") in _WITHOUT_END:
            del details["validUntil"]
        record = {"type": self.table.type, "organisation": self.organisation, "occurredAt": self.at, "details": details}
        fact = read_fact({**record, "key": self.digest}, today=self.today)
        first, last = (fact.details.get(name) for name in self.table.days)
        if first and last and last < first:
            raise refuse("wrong_value", ("details", self.table.days[1]), value=last, expected=f"≥ {first}")
        subject = "/".join(fact.details.get(name, "") for name in self.table.subject)
        return replace(fact, key=f"{self.digest}#{subject}", path=(str(line),))

    def _refuse_repeated(self, found: Read) -> None:
        """Refuse a row about what an earlier row is about: nobody could tell which of them is meant."""
        seen: set[str] = set()
        for line, fact in list(found.facts.items()):
            if fact.key in seen:
                value = " ".join(fact.details.get(name, "") for name in self.table.subject)
                found.refuse(line, Problem("duplicate", ("organisation",), {"value": value.strip()}))
            seen.add(fact.key)


def _cell(name: str, cell: str) -> str:
    """A cell as text; refuses a number of which the spreadsheet may have dropped digits."""
    if isinstance(cell, Number) and (
        name == "organisation" or (name == "number" and (len(cell) > _DIGITS or not cell.isdecimal()))
    ):
        raise refuse("numeric_code", (name,), value=cell)
    text = str(cell).strip()
    return unicodedata.normalize("NFKC", text[:100]).upper() if name == "organisation" else text


def _day(text: str) -> str:
    """A day as records have it, from any of the ways to write one; what is none stays as it is."""
    try:
        return datetime.fromisoformat(in_china(text)).astimezone(CHINA).date().isoformat()
    except (ValueError, OverflowError):
        return text
