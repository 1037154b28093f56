"""Times and numbers that cannot be, through the door: refused where they stand, at once, and nothing is written."""

import json
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.graphql_schema.asking import post
from tests.graphql_schema.test_mutations import do, do_register, document, events, problems, retired
from tests.worlds import World

pytestmark = [pytest.mark.urls("graphql_schema.urls"), pytest.mark.timeout(20)]


@pytest.mark.parametrize(
    "time",
    [
        *("1970-12-31T23:59:59Z", "1971-01-01T07:59:59+08:00", "0001-01-01T00:00:00-09:00"),
        *("9999-01-01T00:00:00Z", "9998-12-31T20:00:00-09:00", "9999-12-31T23:59:59+09:00"),
    ],
)
def test_a_time_out_of_the_years_that_are_kept_is_a_wrong_value(world: World, time: str) -> None:
    life = retired(world)
    before = events()
    refused = do(world.workshop, "loseBattery", battery=life.code, occurredAt=time)
    assert problems(refused) == [("wrong_value", ["input", "occurredAt"])]
    assert time.replace("T", " ").replace("Z", "") in refused["errors"][0]["message"]
    unproduced = do_register(world.maker, [{"code": world.pack_code(), "producedAt": time}])
    assert problems(unproduced) == [("wrong_value", ["input", "batteries", "0", "producedAt"])]
    assert events() == before


def sent(world: World, time: str, mass: str) -> Any:
    """The answer to a dispatch with this mass, written into the variables as it stands."""
    item = {"code": retired(world).code, "massKg": "?"}
    given = {"idempotencyKey": "k", "occurredAt": time, "to": world.recycler.code, "items": [item]}
    body = json.dumps({"query": document("dispatchBatteries"), "variables": {"input": given}}).replace('"?"', mass)
    client = Client(headers={"Authorization": f"Bearer {world.workshop.token}"})
    before = events()
    answer = client.post("/graphql/", body, content_type="application/json").json()
    assert events() == before
    return answer


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-09:00", "0001-01-01T00:00:00+09:00"])
def test_a_time_that_has_no_utc_is_no_time(world: World, time: str) -> None:
    answer = sent(world, time, "440")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["invalid_variables"]
    assert time in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("mass", "code"),
    [
        *((f'"{text}"', "invalid_variables") for text in ("1E+400", "1e999999999", "1e99", "４４０", "٤٤٠", "4४0")),
        ("1E+400", "invalid_variables"),
        ("9" * 400, "invalid_variables"),
        ("1e999999999", "bad_json"),
        ("0e999999999", "bad_json"),
    ],
)
def test_what_is_no_plain_number_is_no_decimal(world: World, mass: str, code: str) -> None:
    answer = sent(world, factories.moment(100), mass)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


@pytest.mark.parametrize("mass", ["1e999999999", '"1E+400"', '"４４０"'])
def test_neither_is_one_in_the_text_of_the_query(world: World, mass: str) -> None:
    given = f'idempotencyKey: "k", occurredAt: "{factories.moment(100)}", to: "{world.recycler.code}"'
    items = f'[{{code: "{retired(world).code}", massKg: {mass}}}]'
    before = events()
    query = f"mutation {{ dispatchBatteries(input: {{{given}, items: {items}}}) {{ replayed }} }}"
    answer = post(world.workshop, query).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["invalid_query"]
    assert events() == before


def test_a_number_beyond_all_masses_is_a_wrong_value(world: World) -> None:
    answer = sent(world, factories.moment(100), "1e30")
    assert problems(answer["data"]["dispatchBatteries"]) == [("wrong_value", ["input", "items", "0", "massKg"])]
