"""What the demo prints: what happened, one chain, how to come in, and lines to try."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from traceability.models import LifecycleEvent, LifecycleRecord, Organisation, Step
from traceability.values import from_ms
from traceability.verification import Verified, verify
from web.demo import auditing, complying, recovering
from web.demo.companies import RECYCLERS, VEHICLE_MAKERS
from web.demo.declaring import WATER
from web.demo.feeding import Access
from web.demo.province import Province
from web.demo.telling import CHINA

SCAN: Final = (
    "query($p: String!) { resolveScan(payload: $p)"
    " { kind code battery { stage manufacturer { name } } warnings { code message } } }"
)
CHAIN: Final = (
    "query($c: String!) { battery(code: $c) { stage chain { status gaps { code since } }"
    " events(last: 20) { edges { node { type occurredAt } } } } }"
)
BATCH: Final = (
    "query($n: String!) { batch(number: $n) { process lossPercent recovery { element percent }"
    " outputs { lot { number } massKg } } }"
)
DECLARE: Final = (
    "mutation($i: RecordDeclarationInput!) { recordDeclaration(input: $i)"
    " { key organisation { name } errors { code message path } } }"
)
RECEIVE: Final = (
    "mutation($i: ReceiveBatteriesInput!) { receiveBatteries(input: $i)"
    " { items { battery { code stage } outcome warnings { message } } errors { code message path } } }"
)

#: The lives end before this day, so that the same seed gives the same province on any day.
TODAY: Final = date(2026, 11, 1)


def tell(province: Province, say: Console) -> None:
    """Tell what the ledger holds now, and show one chain."""
    batteries = LifecycleRecord.objects.filter(kind="battery", chain=None)
    say.rule(_("What happened"))
    say.print(
        _("%(events)d events on %(batteries)d batteries of %(organisations)d organisations.")
        % {
            "events": LifecycleEvent.objects.count(),
            "batteries": batteries.count(),
            "organisations": Organisation.objects.count(),
        }
    )
    counts = batteries.values_list("stage").annotate(n=Count("id")).order_by("-n")
    label = _("Stage")
    say.print(f"  {label}: " + " · ".join(f"{word or '—'} {number}" for word, number in counts))
    counted = Verified()
    broken = list(verify(progress=counted))
    verdict = _("every hash and link holds") if not broken else _("%d records do not hold") % len(broken)
    label = _("Verified")
    say.print(f"  {label}: {counted.events} · {verdict}")
    recovering.tell(province.examples, say)
    auditing.tell(say)
    _chain(province.shown, say)
    complying.tell(province.judged, say)


def _chain(code: str, say: Console) -> None:
    say.rule(_("One chain: %s") % code)
    table = Table(box=None, pad_edge=False)
    for title in (_("occurred"), _("event"), _("organisation"), _("stage"), _("hash")):
        table.add_column(title, overflow="fold")
    steps = Step.objects.filter(record__kind="battery", record__code=code, effective=True)
    for step in steps.select_related("event", "organisation"):
        occurred = from_ms(step.occurred_ms).astimezone(CHINA)
        stage = f"{step.stage_before or '—'} → {step.stage_after}"
        if step.fault or step.unannounced:
            stage += f"  ⚠ {step.fault or 'unannounced_receipt'}"
        hash_ = bytes(step.event.hash).hex()[:12]
        table.add_row(f"{occurred:%Y-%m-%d %H:%M}", step.type, step.organisation.name, stage, hash_)
    say.print(table)


def invite(access: Access, port: int | None, province: Province, say: Console) -> None:
    """Print sign-ins, tokens and lines to try; `port` is where the server is about to listen."""
    base = f"http://127.0.0.1:{port or 8000}"
    say.rule(_("Come in"))
    say.print(f"{base}/   {base}/graphql/ (GraphiQL)   {base}/admin/", soft_wrap=True)
    people = Table(box=None, pad_edge=False)
    for title in (_("user name"), _("password"), _("for")):
        people.add_column(title, overflow="fold")
    for row in access.people:
        people.add_row(*row)
    say.print(people)
    for name, key, codes in access.factors:
        say.print(_("%s is asked for a code as well; each of these works once:") % name, " ".join(codes))
        say.print(_("or add this key to an authenticator app:"), key, soft_wrap=True)
    recycler, maker = access.tokens[RECYCLERS[0].slug], access.tokens[VEHICLE_MAKERS[0].slug]
    say.rule(_("Lines to try"))
    now = timezone.now().astimezone(CHINA).isoformat(timespec="seconds")
    arrival = {
        "idempotencyKey": "dock-1/1",
        "occurredAt": now,
        "items": [{"payload": f"https://qr.example/b/{province.awaited.lower()}", "condition": "INTACT"}],
    }
    # What the alliance objected to, declared anew: after it the recycler has evidence for everything.
    water = {"idempotencyKey": "water/1", "occurredAt": now, "year": province.judged, "figures": {WATER: "93.8"}}
    lines: list[tuple[str, str, dict[str, Any]]] = [
        (recycler, SCAN, {"p": province.shown}),
        (maker, CHAIN, {"c": province.shown}),
        (recycler, RECEIVE, {"i": arrival}),
        (recycler, DECLARE, {"i": water}),
    ]
    if number := province.examples.get("crushing"):
        lines.append((recycler, BATCH, {"n": number}))
    for token, query, variables in lines:
        body = json.dumps({"query": query, "variables": variables}, ensure_ascii=False)
        headers = f"-H 'Authorization: Bearer {token}' -H 'Content-Type: application/json'"
        say.print(f"curl -s {base}/graphql/ {headers} -d '{body}'", markup=False, soft_wrap=True)
    sent = Path(settings.DATA_DIR) / "demo" / "files" / f"04-{VEHICLE_MAKERS[0].slug}-packs.csv"
    say.print(
        f"curl -s {base}/files/registrations/ -H 'Authorization: Bearer {maker}' -F file=@{sent} -F dryRun=true",
        markup=False,
        soft_wrap=True,
    )
    if port is None:
        say.print(_("Without --no-server the demo is served at %s.") % base)
    else:
        say.print(_("Serving at %s; Ctrl+C ends it.") % base)
