"""Who takes part in the demo. Battery makers and their manufacturer codes are real and public; all others, and every
organisation code, are invented for the demonstration."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from batteries.codes import organisation_code_with_check_digit


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation of the demo."""

    slug: str
    name: str
    name_en: str
    roles: tuple[str, ...]
    region: str
    prefixes: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Its invented unified social credit code, always the same."""
        return organisation_code_with_check_digit(f"91{self.region}MADEM{_NUMBERS[self.slug]:04d}")


ALLIANCE: Final = Company(
    "alliance",
    "四川省新能源汽车动力蓄电池回收利用产业联盟",
    "Sichuan NEV Power Battery Recycling and Utilisation Industry Alliance",
    ("alliance",),
    "510000",
)
BATTERY_MAKERS: Final = (
    Company("catl", "宁德时代", "CATL", ("battery_maker",), "350900", ("001",)),
    Company("eve", "亿纬锂能", "EVE Energy", ("battery_maker",), "441300", ("04Q",)),
    Company("rept", "瑞浦兰钧", "REPT Battero", ("battery_maker",), "330300", ("081",)),
    Company("sunwoda", "欣旺达", "Sunwoda", ("battery_maker",), "440300", ("00P",)),
)
VEHICLE_MAKERS: Final = (
    Company("shudu", "蜀都新能源汽车（演示）", "Shudu NEV (demo)", ("vehicle_maker",), "510112"),
    Company("bayu", "巴渝汽车（演示）", "Bayu Motors (demo)", ("vehicle_maker",), "500112"),
)
WORKSHOPS: Final = (
    Company("jinjiang", "锦江汽车维修（演示）", "Jinjiang Repairs (demo)", ("service",), "510104"),
    Company("mianyang", "绵阳动力电池回收网点（演示）", "Mianyang Recovery Outlet (demo)", ("outlet",), "510700"),
)
DISMANTLER: Final = Company(
    "deyang", "德阳报废汽车拆解（演示）", "Deyang Vehicle Dismantling (demo)", ("dismantler",), "510600"
)
RECYCLERS: Final = (
    Company("tianfu", "天府循环材料（演示）", "Tianfu Circular Materials (demo)", ("recycler",), "510100"),
    Company("panxi", "攀西再生资源（演示）", "Panxi Resources (demo)", ("recycler", "dismantler"), "510400"),
    Company("minjiang", "岷江新材料（演示）", "Minjiang New Materials (demo)", ("recycler",), "511400"),
    Company("jialing", "嘉陵再生利用（演示）", "Jialing Recycling (demo)", ("recycler",), "511300"),
)
#: Crushes, and hands its black mass over to the refinery, which crushes as well and leaches what both have crushed.
CRUSHER, REFINERY = RECYCLERS[:2]
#: Crushes and leaches for itself, and leaves too much lithium behind.
WASTEFUL: Final = RECYCLERS[2]
#: Crushes and sells; all that goes amiss at a recycler's door in the year that is judged goes amiss at this one's.
CARELESS: Final = RECYCLERS[3]
SECOND_LIFE: Final = Company(
    "jinsha", "金沙江梯次储能（演示）", "Jinsha Second-Life Storage (demo)", ("second_life",), "510500", ("SX1",)
)
#: On the list of announced companies since then, by which batch.
LISTED: Final = {
    CRUSHER.slug: (date(2018, 9, 3), "1"),
    REFINERY.slug: (date(2022, 12, 16), "4"),
    WASTEFUL.slug: (date(2022, 12, 16), "4"),
    CARELESS.slug: (date(2023, 12, 1), "5"),
    SECOND_LIFE.slug: (date(2018, 9, 3), "1"),
}
COMPANIES: Final = (ALLIANCE, *BATTERY_MAKERS, *VEHICLE_MAKERS, *WORKSHOPS, DISMANTLER, *RECYCLERS, SECOND_LIFE)
_NUMBERS: Final = {company.slug: number for number, company in enumerate(COMPANIES, start=1)}


def listing_of(company: Company) -> dict[str, str]:
    """Say since when a company is on the list, as the details of a `listing`."""
    since, batch = LISTED[company.slug]
    scope = "second_life" if company is SECOND_LIFE else "recovery"
    return {"organisation": company.code, "scope": scope, "batch": batch, "announcedOn": since.isoformat()}
