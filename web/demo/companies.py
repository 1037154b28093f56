"""Who takes part in the demo. Battery makers and their manufacturer codes are real and public; all others, and every
organisation code, are invented for the demonstration."""

from dataclasses import dataclass
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
)
SECOND_LIFE: Final = Company(
    "jinsha", "金沙江梯次储能（演示）", "Jinsha Second-Life Storage (demo)", ("second_life",), "510500", ("SX1",)
)
COMPANIES: Final = (ALLIANCE, *BATTERY_MAKERS, *VEHICLE_MAKERS, *WORKSHOPS, DISMANTLER, *RECYCLERS, SECOND_LIFE)
_NUMBERS: Final = {company.slug: number for number, company in enumerate(COMPANIES, start=1)}
