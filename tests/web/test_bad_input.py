"""What people, programs and prowlers put into addresses and forms: answered in words, and never with a fault."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.signing_in import come_in
from tests.traceability.audit.faulty import record_faults
from tests.worlds import Party, World
from traceability.audit.running import audit
from traceability.models import Gap

pytestmark = pytest.mark.django_db

BAD = (
    *("\0", "x" * 5_000, "0001-01-01", "9999-12-31", "2026-13-45", "-1", "9" * 18, "9" * 30, "²", "٣", "20259"),
    *("2025" + "0" * 5_000, f"{'9' * 18}." * 2 + "9" * 18),
)
#: address, with `{company}`, `{gap}` and `{battery}` filled in, and what it is asked with, all of it bad at once.
PAGES = (
    ("/audit/", "from until"),
    ("/audit/gaps/", "code severity status organisation region since until battery found_in after"),
    ("/audit/gaps/", "after"),
    ("/audit/take/sample", "form seed risk following"),
    *(("/audit/recyclers/{company}/compliance", name) for name in ("from", "asOf", "edition", "boundary")),
    ("/recyclers/", "verdict region listed"),
    ("/recyclers/{company}/", "year"),
    ("/recyclers/{company}/", "edition boundary averaging"),
    ("/recyclers/{company}/balance", "year"),
    ("/batches/", "process organisation number_prefix closed_from closed_until closed_ms after"),
    ("/lots/", "material organisation in_stock after"),
    ("/batteries/", "code_prefix stage level manufacturer model holder chain_status produced_from produced_until"),
    ("/batteries/", "after"),
    ("/b/{battery}", "label after parts hash"),
    ("/b/{battery}/bodies.json", "after"),
    ("/b/", "code"),
    ("/labels.pdf", "code"),
    ("/labels/revoked.json", "after"),
    ("/files/audit/latest/figures.csv", "groupBy following"),
    ("/files/audit/latest/sample.csv", "seed"),
    ("/files/audit/latest/sample.csv", "risk"),
    *(("/files/recalls/affected.csv", name) for name in ("model", "codePrefix", "campaign")),
    ("/sign-in/", "next"),
)
#: What a place in an address can be besides a record that is there.
PLACES = (
    *("/batches/{company}/%00", "/batches/{company}/a%00b", "/lots/{company}/%00", "/lots/{company}/%F0%9F%94%8B"),
    *("/organisations/{company}%00/", "/batteries/files/%00/", "/files/imports/%00/", "/files/imports/%00/errors"),
    *("/batteries/files/%00/preview", "/b/%00", "/b/%EF%BF%BD", "/B/a%00b", "/L/x/%00", "/01/09506000134352/21/%00"),
    *("/audit/gaps/999999999999999999/", "/files/audit/gaps/999999999999999999/evidence.zip", "/b/%FF"),
    *("/intake/receipts/aaaaaaaaaaaaaaaaaaaaaaaa", "/intake/receipts/.aaaaaaaaaaaaaaaa:aaaaaa:aaaa"),
)


def person(party: Party) -> Client:
    client = come_in(Client(headers={"accept-language": "en"}), party.user)
    client.raise_request_exception = False
    return client


def status(client: Client, address: str, asked: dict[str, str] | None = None) -> int:
    """What an address answers; what a fault does to the transaction is undone, so that the next one can be asked."""
    before = transaction.savepoint()
    answer = client.get(address, asked)
    answer.getvalue()
    transaction.set_rollback(False)
    transaction.savepoint_rollback(before)
    return answer.status_code


@pytest.fixture
def places(world: World) -> dict[str, Any]:
    record_faults(world)
    with audit():
        pass
    gap = Gap.objects.earliest("id")
    return {"company": world.recycler.code, "gap": gap.pk, "battery": gap.record.code}


def test_no_page_fails_whatever_its_address_asks(world: World, places: dict[str, Any]) -> None:
    client = person(world.alliance)
    asked = [(page.format(**places), dict.fromkeys(names.split(), value)) for page, names in PAGES for value in BAD]
    assert not [(page, given) for page, given in asked if status(client, page, given) >= 500]


def test_no_address_fails(world: World, places: dict[str, Any]) -> None:
    clients = [person(world.alliance), person(world.recycler), Client(raise_request_exception=False)]
    failed = [place for place in PLACES for who in clients if status(who, place.format(**places)) >= 500]
    assert not failed
