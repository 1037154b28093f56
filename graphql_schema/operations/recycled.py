"""What a company's products are made of: waste batteries, production scrap, what was bought, and the unknown."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

import strawberry

from graphql_schema.enums import Material
from graphql_schema.list_enums import RecycledSource
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import reader_of
from graphql_schema.operations.organisations import Organisation, organisation
from recyclers import recycled_reading
from recyclers.lineage import WHOLE, apportion
from recyclers.recycled_content import Content, Recycled
from traceability.values import kilograms, percent


@strawberry.type(description=both("某一来源所占的份额。", "The part of one source."))
class SourceShare:
    """A share."""

    source: RecycledSource = described("来源。", "The source.")
    mass_kg: Decimal = described(
        "质量，千克；各项之和等于总质量。", "Its mass, kilograms; all together give the whole."
    )
    percent: Decimal = described("百分比；各项之和为 100。", "Its percentage; all together give 100.")


@strawberry.type(description=both("一种产品材料中某一元素的来源。", "Where one element in a material came from."))
class RecycledElement:
    """An element."""

    element: str = described("元素：li、ni、co。", "The element: li, ni, co.")
    mass_kg: Decimal = described("已知的元素质量，千克。", "How much of it is known to be in the lots, kilograms.")
    without_figure_kg: Decimal = described(
        "未给出该元素含量的批次质量，千克；不计入份额。",
        "The mass of lots that do not say how much of it they hold, kilograms; these are in no share.",
    )
    shares: list[SourceShare] = described("各来源的份额。", "The sources.")


@strawberry.type(description=both("一种产品材料的再生料构成。", "What one material among the products is made of."))
class RecycledProduct:
    """A material."""

    material: Material | None = described("材料；未说明时为空。", "The material; empty where nobody said.")
    lots: int = described("几批。", "How many lots.")
    mass_kg: Decimal = described("离开本企业工艺的质量，千克。", "What left the company's processes, kilograms.")
    shares: list[SourceShare] = described(
        "按质量的来源，含试剂和水。", "The sources by mass, reagents and water included."
    )
    elements: list[RecycledElement] = described("按元素的来源。", "The sources by element.")


@strawberry.type(
    description=both("一家企业一段期间的产品由何而来。", "What a company's products of a period are made of.")
)
class RecycledContent:
    """An answer."""

    recycler: Organisation | None = described("企业。", "The company.")
    from_: dt.date = described("起始日。", "The first day.", name="from")
    until: dt.date = described("截止日。", "The last day.")
    products: list[RecycledProduct] = described("各产品材料。", "The materials.")


@strawberry.type
class RecycledQuery:
    """The questions about recycled content."""

    @resolved(
        "一家企业在一段期间离开其工艺的产品由何而来：废旧电池、生产废料、外购材料还是来源不明；仅本单位与联盟可见，否则为空。",
        "What the products that left a company's processes in a period are made of: waste batteries, production scrap, "
        "what was bought, or the unknown; for itself and the alliance only, else null.",
    )
    def recycled_content(
        self,
        info: strawberry.Info,
        recycler: Annotated[str, argument("企业的统一社会信用代码。", "Code of the company.")],
        from_: Annotated[dt.date, argument("起始日。", "The first day.", name="from")],
        until: Annotated[dt.date, argument("截止日；期间最长十年。", "The last day, ten years later at most.")],
    ) -> RecycledContent | None:
        reader = reader_of(info)
        row = reader.organisation_known(recycler.strip().upper())
        if row is None or not reader.standing.sees_permits(row.pk):
            return None
        found = recycled_reading.recycled_content(reader.viewer, row, from_, until)
        return RecycledContent(
            recycler=organisation(row), from_=from_, until=until, products=[_product(one) for one in found]
        )


def _product(found: Recycled) -> RecycledProduct:
    return RecycledProduct(
        material=Material.maybe(found.material),
        lots=found.lots,
        mass_kg=_kilograms(found.by_mass.mg),
        shares=_shares(found.by_mass),
        elements=[
            RecycledElement(
                element=element,
                mass_kg=_kilograms(content.mg),
                without_figure_kg=_kilograms(content.without_figure_mg),
                shares=_shares(content),
            )
            for element, content in found.elements.items()
        ],
    )


def _shares(content: Content) -> list[SourceShare]:
    shares: Mapping[str, Fraction] = content.shares
    if not shares:
        return []
    parts = list(shares.values())
    rounded = zip(shares, apportion(parts, round(content.mg)), apportion(parts, WHOLE), strict=True)
    return [
        SourceShare(
            source=RecycledSource.of(source), mass_kg=kilograms(mg) or Decimal(0), percent=percent(ppb) or Decimal(0)
        )
        for source, mg, ppb in rounded
    ]


def _kilograms(mg: Fraction) -> Decimal:
    return kilograms(round(mg)) or Decimal(0)
