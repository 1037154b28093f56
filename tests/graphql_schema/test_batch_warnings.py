"""What is likely to be a slip in a batch, or keeps it from being balanced, is told with it, and stays with it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.asking import good
from tests.graphql_schema.test_lots import tell
from tests.recyclers.materials import opened, record
from tests.worlds import Life, World

pytestmark = pytest.mark.django_db

LIST = "{ batches(first: 100) { edges { node { number warnings { code message } } } } }"


def stored(world: World) -> Life:
    pack = world.pack().produced().installed().removed()
    return pack.dispatched(world.recycler).received(world.recycler)


def told(world: World, number: str, **given: Any) -> list[str]:
    """Record a batch; the codes of what is told with it, which are read with it ever after."""
    answer = tell(
        world.recycler,
        "recordBatch",
        "batch { number } warnings { code }",
        **{"number": number, "idempotencyKey": number, **given},
    )
    assert answer["errors"] == []
    codes = [warning["code"] for warning in answer["warnings"]]
    nodes = [edge["node"] for edge in good(world.recycler, LIST)["batches"]["edges"]]
    assert [[w["code"] for w in node["warnings"]] for node in nodes if node["number"] == number] == [codes]
    return codes


LIME = [{"reagent": "lime", "massKg": "1"}]


def test_a_batch_without_a_process_is_told_that_it_is_not_balanced(world: World) -> None:
    assert told(world, "B-1", inputs=LIME) == ["no_process"]
    assert told(world, "B-2", inputs=LIME, process="CRUSHING") == []


@pytest.mark.parametrize("process", ["HYDROMETALLURGY", "PYROMETALLURGY"])
def test_a_smelting_of_what_nobody_knows_the_content_of_is_told_that_it_is_not_judged(
    world: World, process: str
) -> None:
    record(world, opened(world, "A"), opened(world, "K", assay={"ni": "5"}))
    unknown, known = ({"lot": lot, "massKg": "1"} for lot in "AK")
    assert told(world, "B-1", inputs=LIME, process=process) == ["unknown_content"]
    assert told(world, "B-2", inputs=[unknown], process=process) == ["unknown_content"]
    assert told(world, "B-3", inputs=[known], process=process) == []
    # Of nickel one input is known and one is not: no element is balanced.
    assert told(world, "B-4", inputs=[known, unknown], process=process) == ["unknown_content"]
    assert told(world, "B-5", inputs=[unknown], process="CRUSHING") == []


def test_a_pack_of_forty_four_tonnes_is_told(world: World) -> None:
    right, wrong = stored(world), stored(world)
    inputs = [{"battery": right.code, "massKg": "430"}, {"battery": wrong.code, "massKg": "44000"}]
    assert told(world, "B-1", inputs=inputs, process="CRUSHING") == ["implausible_mass"]
    ((warning,),) = [edge["node"]["warnings"] for edge in good(world.recycler, LIST)["batches"]["edges"]]
    assert f"{wrong.code}: 44000 kg (44–880 kg)" in warning["message"]
    assert right.code not in warning["message"]


def test_also_of_a_battery_that_went_in_under_a_provisional_code(world: World) -> None:
    true = world.pack().produced().installed().removed().dispatched(world.recycler)
    tag = world.battery("TMP-1").received(world.recycler).identified(true, by=world.recycler)
    assert told(world, "B-1", inputs=[{"battery": tag.code, "massKg": "900"}], process="CRUSHING") == [
        "implausible_mass"
    ]


def test_many_are_named_by_the_first_and_their_number(world: World) -> None:
    packs = [stored(world) for _ in range(7)]
    told(world, "B-1", inputs=[{"battery": pack.code, "massKg": "4"} for pack in packs], process="CRUSHING")
    ((warning,),) = [edge["node"]["warnings"] for edge in good(world.recycler, LIST)["batches"]["edges"]]
    assert [pack.code in warning["message"] for pack in packs] == [True] * 5 + [False] * 2
    assert "(7)" in warning["message"]


def test_warnings_of_a_page_of_batches_are_found_together(world: World) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as captured:
            good(world.recycler.viewer, LIST)
        return len(captured)

    def fill(prefix: str, size: int) -> None:
        for n in range(size):
            told(world, f"{prefix}{n}", inputs=[{"battery": stored(world).code, "massKg": "4400"}], process="CRUSHING")

    fill("few", 2)
    few = counted()
    fill("many", 8)
    assert counted() == few <= 16
