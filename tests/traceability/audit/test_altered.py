"""`altered`: what was changed behind the ledger's back breaks the chain, and is told with the event it is."""

from tests.traceability.audit.asking import gaps
from tests.traceability.test_verify_command import change
from tests.worlds import World
from traceability.access import Viewer
from traceability.audit.live import chain_of
from traceability.models import Gap

ALLIANCE = Viewer(roles=frozenset({"alliance"}))


def test_a_stored_event_that_was_changed_past_the_triggers_is_altered(world: World) -> None:
    whole = world.pack().produced()
    pack = world.pack().produced().installed().sold()
    event = pack.events[1]
    body = bytes(event.body)
    change(event, body=body.replace(b"installed", b"destroyed"))
    found = [gap for gap in gaps("2100-01-01", keep=True) if gap.gap == "altered"]
    assert [(gap.battery, gap.severity, gap.event, gap.organisation) for gap in found] == [
        (pack.code, "break", event.key, None)
    ]
    assert found[0].evidence["sequence"] == 2
    assert pack.record.audit_status == "broken"
    assert "altered" not in {gap.gap for gap in gaps("2100-01-01", battery=whole.code)}
    assert "altered" in {gap.gap for gap in gaps("2100-01-01", battery=pack.code)}
    # The last run's word stands until the next: a scan recomputes no hashes.
    assert chain_of(pack.record.id, viewer=ALLIANCE).status == "broken"
    change(event, body=body)
    gaps("2100-01-01", keep=True, verify=False)
    assert Gap.objects.filter(code="altered", closed_in=None).count() == 1
    gaps("2100-01-01", keep=True)
    assert not Gap.objects.filter(code="altered", closed_in=None).exists()
