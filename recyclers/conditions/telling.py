"""A report as plain data: what `comply --format json` prints, and what a file of it has its digest of."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from recyclers.conditions.evaluation import Report
from recyclers.conditions.judging import Judged, JudgedPart


def as_json(report: Report) -> dict[str, Any]:
    """Give a report as it is printed: decimals as text, days as ISO 8601."""
    return {
        "recycler": report.recycler,
        "from": report.first.isoformat(),
        "until": report.last.isoformat(),
        "asOf": report.as_of.isoformat(),
        "parameters": report.terms.as_json(),
        "law": report.digest,
        "verdict": report.verdict,
        "parts": [_part(part) for part in report.parts],
    }


def json_line(report: Report) -> str:
    """Give a report as one line of JSON, which is what is printed, sent and digested."""
    return json.dumps(as_json(report), ensure_ascii=False) + "\n"


def digest_of(report: Report) -> str:
    """Give the SHA-256 of a report's JSON form, its last line feed included: what other forms are compared with."""
    return hashlib.sha256(json_line(report).encode()).hexdigest()


def _part(judged: JudgedPart) -> dict[str, Any]:
    return {
        "edition": judged.part.text,
        "from": judged.part.first.isoformat(),
        "until": judged.part.last.isoformat(),
        "verdict": judged.verdict,
        "clauses": [_clause(one) for one in judged.clauses],
    }


def _clause(judged: Judged) -> dict[str, Any]:
    clause = judged.clause
    return {
        "clause": judged.key,
        "measured": plain(judged.measured),
        "unit": clause.unit or None if clause else None,
        "operator": clause.operator if clause else None,
        "threshold": plain(clause.threshold) if clause else None,
        "verdict": judged.verdict,
        "certainty": clause.certainty if clause else None,
        "enforced": judged.decides,
        "evidence": judged.evidence,
    }


def plain(number: Decimal | None) -> str | None:
    """Print a decimal without an exponent."""
    return None if number is None else format(number, "f")
