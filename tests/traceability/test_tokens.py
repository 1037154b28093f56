"""Tokens for machines: a secret shown once, kept as a hash, with a scope and an end."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.worlds import World
from traceability import ledger, tokens
from traceability.errors import Refusal
from traceability.models import ApiToken


def test_a_token_acts_for_its_organisation(world: World) -> None:
    token, secret = tokens.issue(world.recycler.organisation, name="ERP")
    viewer = tokens.authenticate(secret)
    assert viewer is not None
    assert (viewer.organisation_id, viewer.organisation_code) == (world.recycler.id, world.recycler.code)
    assert (viewer.roles, viewer.token_id, viewer.user_id) == (frozenset({"recycler"}), token.pk, None)
    assert viewer.actor == f"token:{token.prefix}"
    assert viewer.is_known


def test_only_the_hash_of_256_random_bits_is_kept(world: World) -> None:
    token, secret = tokens.issue(world.recycler.organisation, name="ERP")
    _, prefix, rest = secret.split("_", 2)
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert prefix == row["prefix"]
    assert bytes(row["digest"]) == hashlib.sha256(rest.encode()).digest()
    assert rest not in str(row)
    assert len(rest) >= 43
    assert tokens.issue(world.recycler.organisation, name="ERP")[1] != secret


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret + "x",
        lambda secret: secret.swapcase(),
        lambda secret: secret.replace("evb_", "evc_", 1),
        lambda secret: "_".join(secret.split("_", 2)[:2]),
        lambda secret: secret + "\ud800",
        lambda secret: secret + "\0",
        lambda secret: f"evb_{'0' * 12}_{secret.split('_', 2)[2]}",
        lambda secret: f"evb_{'é' * 6}_x",
        lambda secret: f"evb_{'0' * 10_000}_x",
    ],
    ids=range(11),
)
def test_a_wrong_secret_is_nobody(world: World, spoil: Callable[[str], str]) -> None:
    _, secret = tokens.issue(world.recycler.organisation, name="ERP")
    assert tokens.authenticate(spoil(secret)) is None


def test_a_token_expires(world: World) -> None:
    now = timezone.now()
    _, ended = tokens.issue(world.recycler.organisation, name="old", expires_at=now - timedelta(seconds=1))
    _, alive = tokens.issue(world.recycler.organisation, name="new", expires_at=now + timedelta(hours=1))
    assert tokens.authenticate(ended) is None
    assert tokens.authenticate(alive) is not None


def test_a_revoked_token_is_nobody_at_once(world: World) -> None:
    token, secret = tokens.issue(world.recycler.organisation, name="ERP")
    assert tokens.authenticate(secret) is not None
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now())
    assert tokens.authenticate(secret) is None


def test_a_scope_narrows_the_roles(world: World) -> None:
    _, secret = tokens.issue(world.maker.organisation, name="MES", scope=["battery_maker"])
    viewer = tokens.authenticate(secret)
    assert viewer is not None
    assert viewer.roles == frozenset({"battery_maker"})
    fact = world.fact("installed", world.maker, world.pack().produced().code, vin=world.vin())
    with pytest.raises(Refusal) as error:
        ledger.record([fact], by=viewer)
    assert error.value.code == "role"


def test_a_scope_cannot_widen_the_roles(world: World) -> None:
    with pytest.raises(Refusal) as error:
        tokens.issue(world.recycler.organisation, name="ERP", scope=["alliance"])
    assert (error.value.code, ApiToken.objects.count()) == ("role", 0)


def test_a_role_that_the_organisation_lost_is_lost_to_its_tokens(world: World) -> None:
    _, secret = tokens.issue(world.maker.organisation, name="MES", scope=["battery_maker"])
    told = world.fact("organisation", world.alliance, code=world.maker.code, roles=["vehicle_maker"])
    world.capture([told])
    viewer = tokens.authenticate(secret)
    assert viewer is not None
    assert viewer.roles == frozenset()


def test_the_last_use_is_kept_to_the_minute(world: World) -> None:
    token, secret = tokens.issue(world.recycler.organisation, name="ERP")
    assert token.last_used_at is None
    tokens.authenticate(secret)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at >= first


def test_a_wrong_secret_leaves_no_trace_of_use(world: World) -> None:
    token, secret = tokens.issue(world.recycler.organisation, name="ERP")
    tokens.authenticate(secret[:-1])
    token.refresh_from_db()
    assert token.last_used_at is None
