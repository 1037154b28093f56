"""The words of compliance reports, beside those that all printed papers share."""

from collections.abc import Callable
from typing import Final

from web.audit_report.words import ENGLISH, Words

_WORDS: Final = {
    "report": ("企业合规评定报告", "Compliance report"),
    "company": ("被评定企业", "Company"),
    "period": ("评定期间", "Period"),
    "days": ("{first} 至 {last}", "{first} to {last}"),
    "whole_days": ("{first} 至 {last}（含首尾两日，东八区）", "{first} to {last} (both days included, UTC+8)"),
    "known": ("{day}（含当日，东八区）所知", "as known at the end of {day} (UTC+8)"),
    "text": ("评定依据", "Held against"),
    "no_text": ("期间内没有有效的版本", "No text was in force in the period"),
    "boundary": ("核算边界", "Boundary"),
    "averaging": ("取值方式", "Figures taken"),
    "tolerance": ("物料平衡允差", "Tolerance of the balance"),
    "json": ("JSON 形式摘要 (SHA-256)", "SHA-256 of the JSON form"),
    "check": (
        (
            "核验：扫码（须登录）可看到同一评定；下载其 JSON 形式，其 SHA-256 应与上列摘要一致。"
            "法规库摘要不同，说明此后法规数据有修改。"
        ),
        (
            "To verify: the symbol leads (after signing in) to the same evaluation; the SHA-256 of its JSON form must"
            " be the one above. Where the digest of the law differs, the law's data was changed since."
        ),
    ),
    "not_over": (
        "生成报告时截至日期尚未结束：当日以后所报的事实仍会计入，摘要可能随之改变。",
        "The day was not over when this was made: what is told until its end counts too, and may change the digest.",
    ),
    "conclusion": ("结论", "Verdict"),
    "judged": (
        "{company} 在 {first} 至 {last} 期间，按 {day} 所知：{verdict}。",
        "{company}, from {first} to {last}, as known on {day}: {verdict}.",
    ),
    "counted": ("计入评定的条款 {count} 条：{verdicts}。", "Clauses that decide: {count}; {verdicts}."),
    "those": ("{verdict}：{clauses}。", "{verdict}: {clauses}."),
    "asked_for": ("{title}（{figure}，要求{limit}）", "{title} ({figure}, wanted {limit})"),
    "asked_only": ("{title}（要求{limit}）", "{title} (wanted {limit})"),
    "rule": (
        (
            "有一条计入评定的条款不符合或数值不可信，即为不符合；否则有一条缺少证据，即为缺少证据；否则为符合。"
            "限值按精确数值比较，实测值只在打印时保留两位小数。"
        ),
        (
            "Where a clause that decides is not met or implausible, the whole is not met; else, where one has no"
            " evidence, there is none; else it is met. Limits are compared with exact values; only print rounds."
        ),
    ),
    "shown_only": (
        "暂定或不强制的条款只作展示，不影响结论。",
        "Clauses that are provisional or not enforced are shown only and decide nothing.",
    ),
    "all_count": (
        "应要求，暂定条款在本次评定中计入。",
        "As was asked for, provisional clauses decide in this evaluation.",
    ),
    "part": ("{text}，{first} 至 {last}：{verdict}", "{text}, {first} to {last}: {verdict}"),
    "deciding": ("计入评定的条款", "Clauses that decide"),
    "others": ("只作展示、不计入评定的条款", "Shown only: these decide nothing"),
    "absent": ("本部分无此条款或已失效：{clauses}。", "Not in force in this part: {clauses}."),
    "clause": ("条款", "Clause"),
    "limit": ("要求", "Wanted"),
    "measured": ("实测", "Measured"),
    "verdict": ("评定", "Verdict"),
    "certainty": ("可靠程度", "Certainty"),
    "undecided": ("不计入评定", "decides nothing"),
    "counts": ("应要求计入", "counts as asked"),
    "provisional": ("暂定条款", "Provisional clauses"),
    "provisional_out": ("不计入评定", "decide nothing"),
    "provisional_in": ("应要求计入评定", "decide, as was asked for"),
    "no_clauses": ("没有条款。", "There are no clauses."),
    "sign": ("签字", "Signatures"),
    # Evidence
    "worst": ("共 {values} 个值，取最差：{of}", "the worst of {values}: {of}"),
    "masses": ("投入 {input} kg，产出 {output} kg", "in {input} kg, out {output} kg"),
    "powder": ("粉料（干基）{input} kg，其中 {output} kg", "{input} kg of dry powder, {output} kg of it"),
    "unknown": ("不详", "unknown"),
    "silent": ("无数据的投入 {inputs}、产出 {outputs}", "without a figure: {inputs} inputs, {outputs} products"),
    "pending": ("未继续处理的中间料 {mass}", "neither processed nor of use yet: {mass}"),
    "no_batches": ("没有该工艺的批次", "no batch of the process"),
    "batches": ("批次 {count}：{some}", "batches {count}: {some}"),
    "unbalanced": ("物料不平衡的批次 {count}：{some}", "out of balance {count}: {some}"),
    "declared": ("{year} 年申报 {record}，{standing}", "declaration {record} for {year}, {standing}"),
    "standing.declared": ("联盟未审", "not reviewed"),
    "standing.confirmed": ("联盟已确认", "confirmed by the alliance"),
    "standing.objected": ("联盟有异议", "objected to by the alliance"),
    "objection": ("异议：{reason}", "objection: {reason}"),
    "denied": ("企业声明不符合", "the company states that it does not meet it"),
    "document": ("文件 {name} {sha256}…", "document {name} {sha256}…"),
    "no_document": ("没有文件", "no document"),
    "permit": ("许可 {number}（{first} 至 {last}）", "permit {number} ({first} to {last})"),
    "annual": ("报告于 {on}，期限 {due}", "reported on {on}, due {due}"),
    "never": ("（无记录）", "(not on record)"),
    "handled": ("接收 {received}", "received {received}"),
    "handled_both": ("接收 {received}，发出 {dispatched}", "received {received}, dispatched {dispatched}"),
    "example": ("如 {battery}（{gap}，{since}）", "such as {battery} ({gap}, {since})"),
    "not_for": ("不适用于此类企业", "not for companies of its kind"),
    "nothing": ("未申报", "nothing declared"),
    "more": ("等", "and more"),
}
_CHINESE_NUMBERS: Final = "一二三四五六七八九十"


def words_of(language: str | None) -> Words:
    """Give the words of compliance reports in a language."""
    return Words(language, _WORDS)


def numbering(words: Words) -> Callable[[str], str]:
    """Give what puts the next number before a section's title."""
    last = 0

    def numbered(title: str) -> str:
        nonlocal last
        last += 1
        if words.language == ENGLISH:
            return f"{last}  {title}"
        return f"{_CHINESE_NUMBERS[last - 1] if last <= len(_CHINESE_NUMBERS) else last}、{title}"

    return numbered
