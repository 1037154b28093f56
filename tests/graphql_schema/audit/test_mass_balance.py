"""The mass balance of a company by element, in the audit API."""

from typing import Any

import pytest

from tests.graphql_schema.audit.asking import good, refused
from tests.recyclers.works import CLOSED, Plant
from tests.worlds import Party, World

QUERY = """query Q($organisation: String!, $from: Date!, $until: Date!, $process: Process) {
  massBalance(organisation: $organisation, from: $from, until: $until, process: $process) {
    element inputKg outputKg residueKg lossKg recoveryPercent } }"""


def balance(who: Party, company: Party, **more: Any) -> dict[str, list[str | None]]:
    """Element → input, output, residue, loss, recovery; batches are closed on 2022-03-02."""
    given = {"organisation": company.code, "from": "2022-03-01", "until": "2022-03-31"} | more
    rows = good(who, QUERY, **given)["massBalance"]
    return {row.pop("element"): list(row.values()) for row in rows}


@pytest.fixture
def plant(world: World) -> Plant:
    """A ton of powder with 3 % lithium is smelted, out of which comes a lot that is smelted again."""
    plant = Plant(world)
    plant.opened(assay={"li": "3", "ni": "20"})
    first = [{"lot": "L1", "material": "electrode_powder", "massKg": "500", "assay": {"li": "4", "ni": "35"}}]
    slag = [{"kind": "slag", "massKg": "100", "assay": {"li": "2", "ni": "1"}}]
    plant.batch("B-1", {"A": "1000"}, "", process="pyrometallurgy", outputs=first, residues=slag)
    again = [{"lot": "L2", "material": "lithium_carbonate", "massKg": "100"}]
    plant.batch("B-2", {"L1": "500"}, "", process="hydrometallurgy", outputs=again, at=CLOSED + 1)
    plant.capture()
    return plant


def test_what_a_company_feeds_to_itself_neither_comes_in_nor_leaves(world: World, plant: Plant) -> None:
    # 30 kg came in; 18.79 kg left as carbonate, 2 kg lie in the slag.
    assert balance(world.alliance, world.recycler)["li"] == ["30.000000", "18.790000", "2.000000", "9.210000", "62.63"]


def test_one_process_by_itself_is_fed_from_outside(world: World, plant: Plant) -> None:
    found = balance(world.alliance, world.recycler, process="HYDROMETALLURGY")["li"]
    assert found == ["20.000000", "18.790000", "0.000000", "1.210000", "93.95"]


def test_what_is_not_known_is_null_and_never_zero(world: World, plant: Plant) -> None:
    # Nobody said how much copper the powder holds.
    assert balance(world.alliance, world.recycler)["cu"][0] is None


def test_batches_count_by_the_day_they_were_closed_on(world: World, plant: Plant) -> None:
    days = {"from": "2022-03-03", "until": "2022-03-03"}
    assert list(balance(world.alliance, world.recycler, **days)["li"])[:2] == ["20.000000", "18.790000"]
    assert balance(world.alliance, world.recycler, **{"from": "2022-03-04", "until": "2022-04-04"}) == {}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_are_hold_no_batches(world: World, plant: Plant, day: str) -> None:
    assert balance(world.alliance, world.recycler, **{"from": day, "until": day}) == {}


def test_a_company_sees_its_own_balance_and_no_other(world: World, plant: Plant) -> None:
    assert balance(world.recycler, world.recycler) == balance(world.alliance, world.recycler)
    assert balance(world.stranger, world.recycler) == {}
    assert balance(world.maker, world.recycler) == {}


@pytest.mark.parametrize("days", [("2022-03-02", "2022-03-01"), ("2022-01-01", "2023-01-03")])
def test_days_the_wrong_way_round_or_too_many_are_refused(world: World, days: tuple[str, str]) -> None:
    given = {"organisation": world.recycler.code, "from": days[0], "until": days[1]}
    assert refused(world.alliance, QUERY, **given) == ("wrong_value", ["until"])
