"""What every input shares, and how an input becomes a record of `records.md`."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from graphql_schema.operations.describing import both, described
from graphql_schema.viewer import viewer_of

#: What stands at the top of a record; everything else an input has is its details.
TOP: Final = ("battery", "lot", "lotOf", "occurredAt", "site", "attachments")


@strawberry.input(description=both("发生地点。", "Where it happened."))
class SiteInput:
    """A place."""

    name: str | None = described("名称。", "Its name.", default=None)
    region: str | None = described("行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).", default=None)
    lat: Decimal | None = described("纬度。", "Latitude.", default=None)
    lon: Decimal | None = described("经度。", "Longitude.", default=None)


@strawberry.input(
    description=both("附件：登记其哈希，内容另行存放。", "A file: its hash is recorded, its content kept beside.")
)
class AttachmentInput:
    """A file."""

    sha256: str = described(
        "内容的 SHA-256，64 位小写十六进制。", "SHA-256 of its content, 64 hexadecimal digits in lower case."
    )
    name: str | None = described("文件名。", "Its name.", default=None)
    media_type: str | None = described("媒体类型。", "Its media type.", default=None)
    bytes: int | None = described("字节数。", "Its size in bytes.", default=None)


@strawberry.input(description=both("每个写入共有的内容。", "What every write has."))
class Call:
    """The key and the time of a write."""

    idempotency_key: str = described(
        "本次调用的键；以相同的键和内容重复调用，得到相同的答复。",
        "The key of this call: repeated with the same key and content, it gives the same answer.",
    )
    occurred_at: dt.datetime = described("发生时间。", "When it happened.")
    site: SiteInput | None = described("发生地点。", "Where it happened.", default=None)


@strawberry.input(description=both("一条记录共有的内容。", "What every single record has."))
class FactInput(Call):
    """A record about whatever its mutation says."""

    attachments: list[AttachmentInput] | None = described("附件。", "Files that go with it.", default=None)
    extra: JSON | None = described(
        "自有数据（对象），原样保存，不作解释。",
        "Data of your own (an object), kept and never interpreted.",
        default=None,
    )


@strawberry.input(description=both("一条电池记录共有的内容。", "What every record about one battery has."))
class BatteryInput(FactInput):
    """A record about one battery."""

    battery: str = described("电池编码（GB/T 34014）或临时编码。", "Its code (GB/T 34014), or a provisional identity.")


@strawberry.input(description=both("每件电池共有的内容。", "What every item has."))
class ItemInput:
    """Files and data of the sender's own."""

    attachments: list[AttachmentInput] | None = described("附件，例如照片。", "Files, such as photos.", default=None)
    extra: JSON | None = described(
        "自有数据（对象），原样保存，不作解释。",
        "Data of your own (an object), kept and never interpreted.",
        default=None,
    )


def plain(value: Any) -> Any:
    """Turn an input into the JSON that a record has: names as in GraphQL, words in lower case, numbers exact."""
    definition = getattr(value, "__strawberry_definition__", None)
    if isinstance(value, Enum):
        return value.value
    if definition is not None:
        return {
            field.graphql_name or to_camel_case(field.python_name): plain(getattr(value, field.python_name))
            for field in definition.fields
        }
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    return value


def as_record(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arrange a plain input as a record without key, type and organisation, which the call itself says."""
    record = {name: given[name] for name in TOP if name in given}
    record["details"] = {name: value for name, value in given.items() if name not in (*TOP, "idempotencyKey")}
    return record


def call_of(info: strawberry.Info, input_: Call) -> dict[str, Any]:
    """Give the input of a call as the arguments of the function behind it."""
    given = plain(input_)
    names = {"idempotencyKey": "idempotency_key", "occurredAt": "occurred_at", "from": "from_"}
    return {names.get(name, name): value for name, value in given.items()} | {"by": viewer_of(info)}
