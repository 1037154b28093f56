"""The admin: people and tokens are cared for, master data is only read."""

import re

import pytest
from django.test import Client

from tests.signing_in import come_in
from tests.worlds import World
from traceability import tokens
from traceability.models import ApiToken, Organisation, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World) -> Client:
    return come_in(Client(), User.objects.create_superuser("root", password="not-used-here"))


def test_every_list_opens(admin: Client) -> None:
    for address in (
        "traceability/organisation",
        "traceability/codeprefix",
        "traceability/user",
        "traceability/apitoken",
        "batteries/batterymodel",
        "batteries/labelkey",
        "recyclers/listing",
        "recyclers/permit",
    ):
        assert admin.get(f"/admin/{address}/").status_code == 200, address


def test_a_tokens_secret_is_shown_once_and_works(admin: Client, world: World) -> None:
    form = {"organisation": world.recycler.id, "name": "ERP", "scope": "recycler"}
    page = admin.post("/admin/traceability/apitoken/add/", form, follow=True).content.decode()
    secret = re.search(r"evb_[0-9a-f]{12}_[\w-]+", page)
    assert secret is not None
    viewer = tokens.authenticate(secret.group())
    assert viewer is not None
    assert viewer.organisation_code == world.recycler.code
    assert secret.group() not in admin.get("/admin/traceability/apitoken/").content.decode()


def test_a_scope_beyond_the_organisations_roles_is_refused(admin: Client, world: World) -> None:
    form = {"organisation": world.recycler.id, "name": "ERP", "scope": "alliance"}
    answer = admin.post("/admin/traceability/apitoken/add/", form)
    assert answer.status_code == 200
    assert not ApiToken.objects.exists()


def test_a_revoked_token_opens_nothing(admin: Client, world: World) -> None:
    token, secret = tokens.issue(world.recycler.organisation, name="ERP")
    admin.post("/admin/traceability/apitoken/", {"action": "revoke", "_selected_action": [token.pk]})
    assert tokens.authenticate(secret) is None
    assert ApiToken.objects.get().revoked_at is not None


def test_tokens_are_never_changed_or_deleted(admin: Client, world: World) -> None:
    token, _ = tokens.issue(world.recycler.organisation, name="ERP")
    address = f"/admin/traceability/apitoken/{token.pk}"
    assert admin.post(f"{address}/change/", {"name": "other"}).status_code == 403
    assert admin.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert ApiToken.objects.get().name == "ERP"


def test_master_data_is_only_read(admin: Client, world: World) -> None:
    row = world.maker.organisation
    assert admin.get(f"/admin/traceability/organisation/{row.pk}/change/").status_code == 200
    assert admin.get("/admin/traceability/organisation/add/").status_code == 403
    assert admin.post(f"/admin/traceability/organisation/{row.pk}/change/", {"name": "x"}).status_code == 403
    assert admin.post(f"/admin/traceability/organisation/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Organisation.objects.get(pk=row.pk).name == row.name
