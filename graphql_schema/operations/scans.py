"""What a scanner read, at the dock."""

import datetime as dt
from typing import Final

import strawberry
from django.utils import timezone

from batteries import code_messages
from batteries.codes import Problem, Scan, scan
from batteries.label_states import LabelFinding, judge
from batteries.label_text import MAX_TEXT
from batteries.rows import BatteryRow, RecallRow
from graphql_schema.enums import LabelState, ScanKind
from graphql_schema.operations.batteries import Battery, battery
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.nodes import Warning, reader_of, warning  # noqa: A004
from graphql_schema.operations.transfers import Transfer, transfer
from graphql_schema.reader import Reader
from traceability import errors, identity
from traceability.access import FULL
from traceability.values import from_ms

_TOLD: Final = frozenset({"altered", "revoked", "replaced", "misread"})


@strawberry.type(description=both("扫描所得的标签。", "The label that was scanned."))
class Label:
    """A label."""

    authentic: bool = described(
        "签名是否真实：由本系统未撤销的密钥签署，且一字未改。",
        "Whether its signature is authentic: by a key of this system that was not revoked, and nothing was changed.",
    )
    status: LabelState = described("状态。", "Its state.")
    issued_at: dt.datetime | None = described("签发时间。", "When it was issued.")


@strawberry.type(description=both("扫码结果。", "What was scanned, and what is known of it."))
class ScanResult:
    """A scan, resolved."""

    kind: ScanKind = described("扫描内容的类型。", "What the scanner read.")
    code: str | None = described(
        "其中的电池编码；无法识别时为空。", "The battery code in it; empty when there is none."
    )
    label: Label | None = described(
        "标签；扫描内容不是网址时为空。", "The label; empty when what was scanned is no URL."
    )
    battery: Battery | None = described(
        "电池；看不到其链条的单位得到固定的入库视图。",
        "The battery; who may not see its chain gets the fixed intake view.",
    )
    expected_transfer: Transfer | None = described(
        "发往本单位、尚未办结的货运单。", "The open consignment in which it is on its way to the own organisation."
    )
    warnings: list[Warning] = described("提示。", "What to know about it.")


def resolve(info: strawberry.Info, payload: str) -> ScanResult:
    """Resolve a payload; never raises, whatever a scanner sends."""
    read = scan(payload, today=timezone.localdate())
    reader = reader_of(info)
    row = reader.batteries([read.code], intake=True).get(read.code) if read.code else None
    expected = reader.expected(row) if row else None
    found = judge(payload, row.record_id if row else None)
    warnings = [*_about_code(read, row is not None, len(payload)), *_about_battery(reader, row, read.code)]
    warnings += _about_label(found)
    if row and expected is None and not (row.sight.level == FULL and row.holder_id == reader.viewer.organisation_id):
        warnings.append(warning(errors.Problem("not_expected_here")))
    return ScanResult(
        kind=ScanKind.of(read.kind),
        code=read.code,
        label=_label(found) if found else None,
        battery=battery(row) if row else None,
        expected_transfer=transfer(expected) if expected else None,
        warnings=warnings,
    )


def _label(found: LabelFinding) -> Label:
    issued = None if found.issued_ms is None else from_ms(found.issued_ms)
    return Label(authentic=found.authentic, status=LabelState.of(found.status), issued_at=issued)


def _about_label(found: LabelFinding | None) -> list[Warning]:
    """Tell what somebody at the dock has to act on."""
    if found is None:
        return []
    told = "misread" if found.misread else found.status
    return [warning(errors.Problem(f"label_{told}"))] if told in _TOLD else []


def _about_code(read: Scan, registered: bool, length: int) -> list[Warning]:
    if read.reading is None:
        return [_told(Problem("length", None, str(length)))] if read.code is None and length > MAX_TEXT else []
    found = (*read.reading.errors, *read.reading.warnings)
    # A code that somebody registered was not misread.
    return [_told(problem) for problem in found if not (registered and problem.code == "ambiguous_letter")]


def _told(found: Problem) -> Warning:
    return Warning(code=found.code, message=code_messages.message(found))


def _about_battery(reader: Reader, row: BatteryRow | None, code: str | None) -> list[Warning]:
    found = []
    if code is not None and row is None:
        found.append(errors.Problem("unregistered"))
    prefix = identity.prefix_of(code) if code else ""
    if prefix and reader.parties.by_prefix(prefix) is None:
        found.append(errors.Problem("unknown_manufacturer", (), {"value": code}))
    if row and (recalls := reader.recalls_of(row)):
        found.append(errors.Problem("recalled", (), {"value": "; ".join(dict.fromkeys(map(_recall, recalls)))}))
    return [warning(problem) for problem in found]


def _recall(recall: RecallRow) -> str:
    """Name the campaign, and say what to do."""
    return ": ".join(told for told in (recall.campaign, recall.instruction) if told) or "—"
