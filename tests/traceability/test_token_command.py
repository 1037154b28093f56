"""`token`: an API token for a machine, shown once."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import factories
from tests.worlds import World
from traceability import tokens
from traceability.models import ApiToken


def issue(*arguments: str) -> str:
    call_command("token", *arguments, stdout=(out := StringIO()), stderr=StringIO())
    return out.getvalue().strip()


def test_the_secret_is_printed_alone_and_signs_in(world: World) -> None:
    secret = issue(world.maker.code, "--name", "MES")
    viewer = tokens.authenticate(secret)
    assert viewer is not None
    assert (viewer.organisation_code, viewer.roles) == (world.maker.code, world.maker.roles)
    token = ApiToken.objects.get()
    assert token.name == "MES"
    assert secret not in str(vars(token))


def test_a_token_may_be_for_some_roles_only(world: World) -> None:
    told = json.loads(issue(world.maker.code, "--name", "M", "--role", "battery_maker", "--format", "json"))
    assert told["scope"] == ["battery_maker"]
    viewer = tokens.authenticate(told["token"])
    assert viewer is not None
    assert viewer.roles == {"battery_maker"}


def test_a_token_ends_after_its_last_day_in_china(world: World) -> None:
    day = timezone.localdate() + timedelta(days=3)
    told = json.loads(issue(world.maker.code, "--name", "M", "--expires", day.isoformat(), "--format", "json"))
    ends = datetime.fromisoformat(told["expiresAt"])
    assert ends.isoformat() == f"{day + timedelta(days=1)}T00:00:00+08:00"
    ApiToken.objects.update(expires_at=timezone.now())
    assert tokens.authenticate(told["token"]) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("--name", "M", "--role", "recycler"),
        ("--name", "M", "--role", "queen"),
        ("--name", " "),
        ("--name", "x" * 101),
        ("--name", "M", "--expires", "2020-01-01"),
        ("--name", "M", "--expires", "soon"),
        (),
    ],
)
def test_what_makes_no_sense_is_an_error_and_no_token_is_made(world: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        issue(world.maker.code, *arguments)
    assert not ApiToken.objects.exists()


def test_an_unknown_organisation_has_no_token(world: World) -> None:
    with pytest.raises(CommandError):
        issue(factories.organisation_code(99), "--name", "M")
