"""What is printed on labels beside their symbols, and for whom: the labels that batteries have now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from batteries.codes import BATTERY_TYPES, Names
from batteries.label_states import LabelEvent, current, histories
from batteries.models import Label
from batteries.reading import batteries_by_code
from batteries.rows import BatteryRow
from traceability.access import FULL, Viewer
from traceability.errors import Problem, Refusal
from traceability.models import Organisation


@dataclass(frozen=True, slots=True)
class Sticker:
    """One label to print: what its symbol says, and what people read; empty where nothing is known."""

    text: str
    code: str
    serial: str
    maker: Names
    model: str = ""
    battery_type: Names | None = None


def stickers(codes: Sequence[str], viewer: Viewer) -> list[Sticker]:
    """Give the valid labels of these batteries, in their order, in a fixed number of queries.

    For who answers for a battery: who holds it undisputed or expects it, made it, or issued the label; and the
    alliance. Others that took part have no use for a picture that can be put on another battery.

    Raises:
        Refusal: `unknown_battery` for what the viewer may not see or print, `no_label` where there is none to print.
    """
    rows, labels = _load(codes, viewer)
    names = _names(labels, rows)
    problems, found = [], []
    for place, code in enumerate(codes):
        row, label = rows.get(code), labels.get(code)
        if row is None or not may_print(viewer, row, label):
            problems.append(Problem("unknown_battery", ("codes", str(place)), {"value": code[:200]}))
        elif label is None:
            problems.append(Problem("no_label", ("codes", str(place)), {"value": code}))
        else:
            maker = names[row.maker_id or label.key.organisation_id]
            kind = BATTERY_TYPES.get(row.battery_type)
            found.append(Sticker(label.text, row.code, label.serial, maker, row.model_number, kind))
    if problems:
        raise Refusal(*problems)
    return found


def unlabelled(codes: Sequence[str], viewer: Viewer) -> list[str]:
    """Which of these batteries have no label that can be printed; also those that are not known."""
    _, labels = _load(codes, viewer)
    return [code for code in codes if code not in labels]


def may_print(viewer: Viewer, row: BatteryRow, label: Label | None) -> bool:
    """Whether the viewer answers for the battery, or for its label."""
    if row.sight.level == FULL:
        return True
    answering = {row.maker_id, label.key.organisation_id if label else None} - {None}
    return viewer.organisation_id in answering


def _load(codes: Sequence[str], viewer: Viewer) -> tuple[dict[str, BatteryRow], dict[str, Label]]:
    """The batteries, and the labels they have now; whether the viewer may have them is asked of each."""
    # Who issued a label took no part in the battery's life by that, and may not see more of it than a scan tells.
    rows = batteries_by_code(viewer, codes, intake=True)
    history = histories({row.record_id for row in rows.values() if row.record_id is not None})
    now = {code: current(history.get(row.record_id or 0, ())) for code, row in rows.items()}
    return rows, _labels(now, rows)


def _labels(now: dict[str, LabelEvent | None], rows: dict[str, BatteryRow]) -> dict[str, Label]:
    """The labels issued here, by the code that was asked for; those of a revoked key are none."""
    wanted = {code: (rows[code].code, event.serial, event.key_id) for code, event in now.items() if event}
    stored = Label.objects.filter(code__in={code for code, _, _ in wanted.values()}, key__revoked_at=None)
    found = {(row.code, row.serial, row.key.kid): row for row in stored.select_related("key")}
    return {code: found[label] for code, label in wanted.items() if label in found}


def _names(labels: dict[str, Label], rows: dict[str, BatteryRow]) -> dict[int, Names]:
    ids: Collection[int | None] = {row.maker_id for row in rows.values()} | {
        label.key.organisation_id for label in labels.values()
    }
    found = Organisation.objects.filter(id__in=[id_ for id_ in ids if id_ is not None])
    return {row.id: Names(english=row.name_en, chinese=row.name) for row in found}
