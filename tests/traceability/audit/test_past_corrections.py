"""What the ledger wrote on the chains of parts and originals, corrected: seen from when the correction was reported."""

import pytest

from tests.traceability.audit.asking import gaps
from tests.traceability.test_corrections import instead
from tests.worlds import Life, World


@pytest.fixture
def pack(world: World) -> Life:
    """A pack that was built into a product; the alliance put the assembly ten days later, and more was told since."""
    pack = world.pack()
    told = [
        ("produced", world.maker, pack.code, 1, 1, {}),
        ("installed", world.maker, pack.code, 2, 2, {"vin": world.vin()}),
        ("removed", world.second_life, pack.code, 3, 3, {}),
        ("assembled", world.second_life, "08XPB01C8E0000001RP", 10, 10, {"sources": [pack.code]}),
    ]
    for type_, by, code, at, reported, details in told:
        world.capture([world.fact(type_, by, code, at=at, key=f"{type_}-1", top=reported_on(reported), **details)])
    replacement = instead("assembled", 20, sources=[pack.code]) | {"battery": "08XPB01C8E0000001RP"}
    correction = {"corrects": "assembled-1", "organisation": world.second_life.code, "replacement": replacement}
    world.capture([world.fact("corrected", world.alliance, None, at=30, key="c", top=reported_on(30), **correction)])
    world.capture([world.fact("recalled", world.maker, pack.code, at=2.5, key="late", top=reported_on(90))])
    return pack


def reported_on(day: int) -> dict[str, str]:
    return {"reportedAt": f"2022-{1 + day // 30:02d}-{1 + day % 30:02d}T00:00:00Z"}


@pytest.mark.parametrize(
    "as_of", [pytest.param("2022-01-20", id="before it was corrected"), pytest.param("2022-02-20", id="after it was")]
)
def test_a_source_ended_once_as_of_a_day_before_or_after_the_correction(pack: Life, as_of: str) -> None:
    breaks = [(gap.gap, gap.event) for gap in gaps(as_of) if gap.battery == pack.code and gap.severity == "break"]
    assert breaks == []
