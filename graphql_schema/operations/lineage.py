"""What a lot is made of, by mass, and where a battery's mass went."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import strawberry

from graphql_schema.enums import Material, ShareKind
from graphql_schema.operations.batteries import Battery, battery
from graphql_schema.operations.describing import both, described, resolved
from graphql_schema.operations.lots import Lot, lot
from graphql_schema.operations.nodes import reader_of
from graphql_schema.operations.organisations import Organisation, organisation
from graphql_schema.reader import MadeBy
from recyclers.lineage import Share
from recyclers.lineage_shares import BATTERY, LOT, REAGENT, RESIDUE
from traceability import identity
from traceability.values import kilograms, percent

_MASS = ("质量，千克；各项之和等于总质量；总质量未知时为空。", "Its mass, kilograms; all together give the whole. Empty where that is unknown.")  # fmt: skip  # noqa: E501
_PERCENT = ("占总质量的百分比；各项之和为 100。", "Its percentage of the whole mass; all together give 100.")


@strawberry.type(description=both("一批材料的一项来源。", "One thing that a lot is made of."))
class OriginShare:
    """An origin."""

    share: strawberry.Private[Share]
    place: int = described("序号，份额大者在前，可用于分页。", "Its place, the largest share first, to page with.")
    kind: ShareKind = described("种类。", "What it is.")
    code: str | None = described("电池编码。", "Code of the battery.")
    reagent: str | None = described("试剂。", "The reagent.")
    mass_kg: Decimal | None = described(*_MASS)
    percent: Decimal = described(*_PERCENT)

    @resolved("电池，仅含看得到的。", "The battery, if the viewer sees it.")
    def battery(self, info: strawberry.Info) -> Battery | None:
        return _battery(info, self.share)

    @resolved(
        "材料批次：外来的，或本单位从他人处得到的，仅含看得到的。",
        "The lot: from outside, or come from others to the viewer, if the viewer sees it.",
    )
    def lot(self, info: strawberry.Info) -> Lot | None:
        return _lot(info, self.share)

    @resolved("电池厂商代码的申报单位。", "Who filed the manufacturer code of the battery.")
    def manufacturer(self, info: strawberry.Info) -> Organisation | None:
        prefix = identity.prefix_of(self.share.thing.code) if self.share.thing.kind == BATTERY else ""
        return organisation(reader_of(info).parties.by_prefix(prefix))


@strawberry.type(description=both("一批材料中某一厂商或某一种来源的份额。", "What part of a lot one maker's batteries, or one kind of origin, are."))  # fmt: skip  # noqa: E501
class MakerShare:
    """The origins of a lot, gathered."""

    made: strawberry.Private[MadeBy]
    kind: ShareKind = described("种类。", "What it is.")
    origins: int = described("几项来源。", "How many origins that is.")
    mass_kg: Decimal | None = described(*_MASS)
    percent: Decimal = described(*_PERCENT)

    @resolved(
        "电池厂商代码的申报单位；不是电池或无人申报时为空。",
        "Who filed the manufacturer code of the batteries; empty for other origins, and where nobody filed it.",
    )
    def manufacturer(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.made.organisation_id))


@strawberry.type(description=both("电池质量的一项去向。", "Where a part of a battery's mass is now."))
class DestinationShare:
    """A destination."""

    share: strawberry.Private[Share]
    place: int = described("序号，份额大者在前，可用于分页。", "Its place, the largest share first, to page with.")
    kind: ShareKind = described("种类。", "What it is.")
    code: str | None = described("部件、梯次产品或电池本身的编码。", "Code of the part, the product or the battery itself.")  # fmt: skip  # noqa: E501
    material: Material | None = described("材料批次的材料。", "What the lot is of.")
    residue: str | None = described("残余物的种类。", "Kind of the residue.")
    mass_kg: Decimal | None = described(*_MASS)
    percent: Decimal = described(*_PERCENT)

    @resolved(
        "材料批次；看不到的合为一项，只给出材料。",
        "The lot; those that the viewer does not see are told together, by their material alone.",
    )
    def lot(self, info: strawberry.Info) -> Lot | None:
        return _lot(info, self.share)

    @resolved("部件或产品，仅含看得到的。", "The part or product, if the viewer sees it.")
    def battery(self, info: strawberry.Info) -> Battery | None:
        return _battery(info, self.share)


def _battery(info: strawberry.Info, share: Share) -> Battery | None:
    found = reader_of(info).tied(share.thing.code) if share.thing.kind == BATTERY else None
    return battery(found) if found else None


def _lot(info: strawberry.Info, share: Share) -> Lot | None:
    found = reader_of(info).lots.by_id(share.thing.id_) if share.thing.kind == LOT and share.thing.id_ else None
    return lot(found) if found else None


def origins(shares: Sequence[Share], begin: int, size: int) -> list[OriginShare]:
    """Show a page of a lot's origins."""
    return [
        OriginShare(
            code=_code(share, BATTERY),
            reagent=_code(share, REAGENT),
            **_common(share, place),
        )
        for place, share in _page(shares, begin, size)
    ]


def destinations(shares: Sequence[Share], begin: int, size: int) -> list[DestinationShare]:
    """Show a page of a battery's destinations."""
    return [
        DestinationShare(
            code=_code(share, BATTERY),
            residue=_code(share, RESIDUE),
            material=Material.maybe(share.thing.material),
            **_common(share, place),
        )
        for place, share in _page(shares, begin, size)
    ]


def made_of(made: Sequence[MadeBy]) -> list[MakerShare]:
    """Show the origins of a lot by maker."""
    return [
        MakerShare(
            made=one,
            kind=ShareKind.of(one.kind),
            origins=one.origins,
            mass_kg=kilograms(one.mg),
            percent=percent(one.ppb) or Decimal(0),
        )
        for one in made
    ]


def _page(shares: Sequence[Share], begin: int, size: int) -> list[tuple[int, Share]]:
    return list(enumerate(shares))[begin : begin + size]


def _common(share: Share, place: int) -> dict[str, Any]:
    return {
        "share": share,
        "place": place,
        "kind": ShareKind.of(share.thing.kind),
        "mass_kg": kilograms(share.mg),
        "percent": percent(share.ppb) or Decimal(0),
    }


def _code(share: Share, kind: str) -> str | None:
    return share.thing.code or None if share.thing.kind == kind else None
