"""A recycler's year with something of everything: met, not met, implausible, objected to, not applicable."""

from tests.recyclers.conditions.works import Works

METALS = {"li": "10", "ni": "10", "co": "10", "mn": "10"}
#: A name that a spreadsheet would run.
FORMULA = "=HYPERLINK(A1)"


def mixed_year(works: Works) -> None:
    """Smelt well and badly, crush with too much copper left, declare, object, hold a permit, receive unknown packs."""
    world, code = works.world, works.company.code
    out = {"ni": "9.9", "co": "9.85", "mn": "9.9"}
    works.smelted(into=METALS, out={"li": "8.8", **out}, day="2025-03-15", number="B-1", top={"site": {"name": "东厂"}})
    works.smelted(
        into=METALS, out={"li": "9.4", **out}, day="2025-04-15", number="@B-2", top={"site": {"name": "西厂"}}
    )
    works.crushed(powder="490", assay={"al": "1.2", "cu": "1.5"}, number="C-1")
    works.declare_all(without=("permit.pollution", "energy.li2co3"), rnd__share="2.1")
    works.declare(
        statements={"quality.system": True},
        documents=[{"clause": "quality.system", "sha256": "ab" * 32, "name": FORMULA}],
        day="2026-02-02",
    )
    works.declare(figures={"water.reuse": "95"}, year=2024)
    works.review(accepted=False, reason="水表未检定。", year=2024)
    works.tell(
        "permit", "2024-05-05", by=world.alliance,
        organisation=code, kind="pollution", number="P-17", validFrom="2024-05-01", validUntil="2026-06-30",
    )  # fmt: skip
    works.tell("received", "2025-06-15", battery=world.pack_code(), key="dock-1")
    works.tell("received", "2025-07-15", battery=world.pack_code(), reported="2025-10-01")
