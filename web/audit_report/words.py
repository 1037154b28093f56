"""The words of reports, in Chinese and English: in the one that was asked for."""

from collections.abc import Mapping
from typing import Final

CHINESE, ENGLISH = "zh-hans", "en"
LANGUAGES: Final = (CHINESE, ENGLISH)

_WORDS: Final = {
    "report": ("动力电池溯源链完整性审计报告", "Audit of chain completeness of EV batteries"),
    "evidence": ("溯源证据", "Traceability evidence"),
    "run": ("审计编号", "Audit run"),
    "scope": ("范围", "Scope"),
    "all": ("全省全部电池", "All batteries of the province"),
    "touched": (
        "全省全部电池（本次只重审有变化的）",
        "All batteries of the province (this run judged anew what had changed)",
    ),
    "own": ("{name} 负责的缺口与保管的电池", "Gaps that {name} answers for, and batteries that it holds"),
    "as_of": ("截至日期", "As of"),
    "day": ("{day}（含当日，东八区）", "{day} (that day included, UTC+8)"),
    "data": ("数据时点", "Data time"),
    "data_at": ("{time}，事件号至 {event}", "{time}, events up to number {event}"),
    "version": ("软件版本", "Version"),
    "engine": ("计算引擎", "Engine"),
    "law": ("法规库摘要 (SHA-256)", "Digest of the law (SHA-256)"),
    "parameters": ("参数", "Parameters"),
    "digest": ("缺口摘要 (SHA-256)", "Digest of the gaps (SHA-256)"),
    "summary": ("一、总体", "1  Summary"),
    "regions": ("二、按保管单位所在地区", "2  By the holder's region"),
    "organisations": ("三、按保管单位", "3  By holder"),
    "codes": ("四、按缺口类型", "4  Gaps by code"),
    "sign": ("五、签字", "5  Signatures"),
    "auditor": ("审计人（签字）", "Auditor (signature)"),
    "reviewer": ("复核人（签字）", "Reviewed by (signature)"),
    "seal": ("负责人（签字、盖章）", "Responsible (signature, seal)"),
    "date": ("日期", "Date"),
    "name": ("名称", "Name"),
    "code": ("代码", "Code"),
    "batteries": ("电池", "Batteries"),
    "complete": ("完整", "Complete"),
    "open": ("进行中", "Open"),
    "flawed": ("瑕疵", "Flawed"),
    "broken": ("断链", "Broken"),
    "completeness": ("完整率 %", "Rate %"),
    "on_time": ("按时上报 %", "In time %"),
    "nobody": ("（无保管单位）", "(no holder)"),
    "nowhere": ("（未填）", "(not stated)"),
    "gap": ("缺口", "Gap"),
    "severity": ("严重程度", "Severity"),
    "break": ("断链", "break"),
    "flaw": ("瑕疵", "flaw"),
    "clause": ("依据", "Rests on"),
    "count": ("缺口数", "Gaps"),
    "none": ("没有缺口。", "There are no gaps."),
    "no_figures": ("没有可统计的电池。", "There are no batteries to count."),
    "rates": (
        "完整率 =（完整 + 进行中）÷ 电池。按时上报 = 期限内上报的事实 ÷ 有强制期限的事实。",
        ("Rate = (complete + open) ÷ batteries. In time = facts reported in time ÷ facts with an enforced deadline."),
    ),
    "check": (
        (
            "核验：扫码（须登录）可取得本次审计的缺口摘要；下载 gaps.jsonl，其 SHA-256 应与上列摘要一致。"
            "报告可随时按审计编号重新生成。"
        ),
        (
            "To verify: the symbol leads (after signing in) to the digest that this run has on record; the SHA-256 of"
            " its gaps.jsonl must be the one above. The report can be drawn again at any time."
        ),
    ),
    "page": ("第 {page} 页，共 {pages} 页", "Page {page} of {pages}"),
    "battery": ("电池编码", "Battery"),
    "batch": ("批次", "Batch"),
    "lot": ("材料批次", "Lot"),
    "finding": ("审计发现", "Finding"),
    "made": ("生成时间", "Made at"),
    "head": ("链尾哈希", "Head of the chain"),
    "partial": (
        "只含申请单位自己登记的事件，链条不完整。",
        "Holds only the events that the asking organisation recorded; the chain is not whole.",
    ),
    "gaps": ("缺口", "Gaps"),
    "events": ("事件", "Events"),
    "event": ("事件", "Event"),
    "organisation": ("单位", "Organisation"),
    "since": ("起始日", "Since"),
    "detail": ("证据", "Evidence"),
    "record": ("档案", "Record"),
    "occurred": ("发生时间（+08:00）", "Occurred (+08:00)"),
    "hash": ("SHA-256（前 16 位）", "SHA-256 (first 16)"),
    "verify": (
        (
            "核验：解压后运行 python3 verify_evidence.py（Python 3.8 以上，无需其他软件），并将链尾哈希与系统所示核对。"
            "车架号等个人信息不在包内，正文只保留其承诺值。"
        ),
        (
            "To verify: unpack and run python3 verify_evidence.py (Python 3.8 or later, nothing else), and compare the"
            " head of the chain with the one on record. Personal values such as VINs are not in it; the bodies keep"
            " the commitments to them."
        ),
    ),
}

#: Gap codes as people call them.
GAPS: Final = {
    "unknown_origin": ("来源不明", "Unknown origin"),
    "missing_link": ("缺少环节", "Missing link"),
    "custody_break": ("保管中断", "Custody break"),
    "unannounced_receipt": ("未预告的接收", "Unannounced receipt"),
    "unreceived": ("发出未接收", "Not received"),
    "stalled": ("退役后停滞", "Stalled"),
    "unlicensed": ("无许可经营", "Unlicensed"),
    "unlisted": ("不在公告名单", "Unlisted"),
    "late_report": ("逾期上报", "Late report"),
    "future_dated": ("时间在未来", "Future-dated"),
    "component_loss": ("部件缺失", "Component loss"),
    "component_conflict": ("部件冲突", "Component conflict"),
    "batch_missing": ("批次缺失", "Batch missing"),
    "mass_imbalance": ("物料不平衡", "Mass imbalance"),
    "forbidden_use": ("禁止用途", "Forbidden use"),
    "lost": ("丢失", "Lost"),
    "double_use": ("重复投料", "Double use"),
    "vehicle_without_battery": ("报废车辆无电池", "Vehicle without battery"),
    "altered": ("记录被改动", "Altered"),
}


class Words:
    """The words of one language; a document's own come before those that all share."""

    def __init__(self, language: str | None, own: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.language = ENGLISH if (language or "").lower().startswith("en") else CHINESE
        self._at = int(self.language == ENGLISH)
        self._book = _WORDS | dict(own or {})

    def __call__(self, key: str, **values: object) -> str:
        """What is called so, with its values filled in."""
        found = self._book[key][self._at]
        return found.format(**values) if values else found

    def gap(self, code: str) -> str:
        """What a gap code is called."""
        return GAPS[code][self._at] if code in GAPS else code
