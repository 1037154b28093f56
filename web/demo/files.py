"""The files that the demo's senders would hand over: CSV from the makers, JSON Lines from everyone."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from web.demo.chemistry import MODELS, PRODUCTS, Model
from web.demo.companies import (
    ALLIANCE,
    COMPANIES,
    DISMANTLER,
    RECYCLERS,
    SECOND_LIFE,
    VEHICLE_MAKERS,
    WORKSHOPS,
    Company,
    listing_of,
)
from web.demo.province import Province
from web.demo.telling import Pack

HISTORY: Final = "03-alliance-history"
#: So many looks of the audit in the past make a curve.
HALF_YEARS: Final = 6
START = "2018-01-15T09:00:00+08:00"
#: The order in which the files are fed: what one says rests on those before.
SENDERS = (*VEHICLE_MAKERS, *WORKSHOPS, DISMANTLER, SECOND_LIFE, *RECYCLERS)


def write(province: Province, folder: Path) -> None:
    """Write all files into the folder; the same province gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    _lines(folder / "01-alliance-master-data.jsonl", _master_data())
    for name, records in _history(province.records.get(ALLIANCE.slug, [])):
        _lines(folder / name, records)
    for number, maker in enumerate(VEHICLE_MAKERS):
        _lines(folder / f"02-{maker.slug}-models.jsonl", _models(maker, MODELS))
        # The second maker's system still writes GB 18030 and Chinese headers.
        own = [pack for pack in province.packs if pack.maker is maker and not pack.is_history]
        _registrations(folder / f"04-{maker.slug}-packs.csv", own, chinese=bool(number))
    _lines(folder / f"02-{SECOND_LIFE.slug}-models.jsonl", _models(SECOND_LIFE, PRODUCTS))
    for company in SENDERS:
        _lines(folder / f"05-{company.slug}-records.jsonl", province.records.get(company.slug, []))
    for slug, records in province.second_person.items():
        _lines(folder / f"06-{slug}-second-person.jsonl", records)


def write_documents(province: Province, folder: Path) -> None:
    """Write what declarations name as proof, by its SHA-256, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in province.documents.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _history(records: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What had been reported by the end of each of the last half-years, then the rest: file by file, each by its name.

    After each the audit has a day to look at, as it would have had if the platform had been open then.
    """
    told = [date.fromisoformat(record["reportedAt"][:10]) for record in records]
    last, after = max(told, default=date(2018, 1, 1)), date.min
    ends = [date(year, *end) for year in range(last.year - HALF_YEARS, last.year + 1) for end in ((6, 30), (12, 31))]
    for end in [day for day in ends if day < last][-HALF_YEARS:]:
        yield f"{HISTORY}-{end}.jsonl", [own for own, day in zip(records, told, strict=True) if after < day <= end]
        after = end
    yield f"{HISTORY}.jsonl", [own for own, day in zip(records, told, strict=True) if day > after]


def end_of_history(file: Path) -> date | None:
    """The day until which a file of the history tells all; None for the last."""
    day = file.stem.removeprefix(HISTORY).removeprefix("-")
    return date.fromisoformat(day) if day else None


def _lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _record(key: str, type_: str, **details: Any) -> dict[str, Any]:
    top = {"occurredAt": START, "reportedAt": START, "organisation": ALLIANCE.code}
    return {"key": key, "type": type_, **top, "details": details}


def _master_data() -> list[dict[str, Any]]:
    records = [
        _record(
            f"o-{company.slug}",
            "organisation",
            code=company.code,
            name=company.name,
            nameEn=company.name_en,
            roles=list(company.roles),
            region=company.region,
            codePrefixes=list(company.prefixes),
        )
        for company in COMPANIES
    ]
    for company in (DISMANTLER, SECOND_LIFE, *RECYCLERS):
        records += [
            _record(
                f"p-{company.slug}-{kind}",
                "permit",
                organisation=company.code,
                kind=kind,
                number=f"{company.slug.upper()}-{kind.upper()}",
                issuer="四川省生态环境厅（演示）",
                validFrom="2018-01-01",
                validUntil=None,
            )
            for kind in ("project_filing", "eia", "pollution")
        ]
    for company in (*RECYCLERS, SECOND_LIFE):
        records.append(_record(f"l-{company.slug}", "listing", **listing_of(company)))
    return records


def _models(maker: Company, models: Iterable[Model]) -> list[dict[str, Any]]:
    return [
        {
            "key": f"m-{model.number}",
            "type": "model",
            "occurredAt": START,
            "organisation": maker.code,
            "details": {
                "number": model.number,
                "level": "pack",
                "batteryType": model.battery_type,
                "nominalVoltageV": model.voltage,
                "ratedCapacityAh": model.capacity,
                "nominalEnergyKwh": model.energy,
                "massKg": str(model.mass),
                "composition": dict(model.composition),
                **({"cells": model.cells} if model.cells else {}),
            },
        }
        for model in models
    ]


def _registrations(path: Path, packs: Iterable[Pack], *, chinese: bool) -> None:
    names = ["编码", "型号", "质量(kg)", "生产时间", "上级编码"] if chinese else CSV_COLUMNS
    with path.open("w", encoding="gb18030" if chinese else "utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for pack in packs:
            writer.writerow([pack.code, pack.model.number, pack.mass, pack.produced.isoformat(), ""])
            for module in pack.modules:
                writer.writerow([module["code"], "", "", pack.produced.isoformat(), pack.code])
                for cell in module["components"]:
                    writer.writerow([cell["code"], "", "", pack.produced.isoformat(), module["code"]])


CSV_COLUMNS = ["code", "model", "mass_kg", "produced_at", "parent_code"]
