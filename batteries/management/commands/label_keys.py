"""`label_keys`: the keys that sign labels; rotate one on demand, or revoke it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from batteries import label_keys
from batteries.models import LabelKey
from traceability.errors import Refusal
from traceability.models import Organisation
from traceability.values import iso, to_ms


class Command(BaseCommand):
    """List the keys, after having rotated or revoked one."""

    help = (
        "标签签名密钥：列出、更换（旧标签仍有效）、撤销（旧标签一律失效） · "
        "The keys that sign labels: list, rotate (old labels stay valid), revoke (old labels read as revoked)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do; nothing lists."""
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--rotate", metavar="ORGANISATION", help="即日起换用新密钥 · let a new key sign from now on"
        )
        action.add_argument("--revoke", metavar="KEY", help="密钥泄露时 · when a key has leaked")
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(self, *args: Any, rotate: str | None, revoke: str | None, form: str, **options: Any) -> None:
        """Do it, and print the keys."""
        if rotate is not None:
            owner = Organisation.objects.filter(code=rotate).first()
            if owner is None:
                raise CommandError(_("The organisation {value} is not registered.").format(value=rotate))
            label_keys.rotate(owner.pk)
        if revoke is not None:
            try:
                label_keys.revoke(revoke.strip().upper())
            except Refusal as refusal:
                raise CommandError(f"{refusal.message} ({refusal.code})") from refusal
        found = [as_json(row) for row in label_keys.published()]
        if form == "json":
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for key in found:
            self.stdout.write("  ".join((key["keyId"], key["organisation"], str(key["year"]), key["state"])))


def as_json(row: LabelKey) -> dict[str, Any]:
    """Tell one key, without its private part."""
    ends = row.retired_at and iso(to_ms(row.retired_at))
    state = "revoked" if row.revoked_at else "retired" if row.retired_at else "signing"
    started = iso(to_ms(row.created_at))
    told = {"keyId": row.kid, "organisation": row.organisation.code, "year": row.year, "state": state}
    return told | {"signsFrom": started, "signsUntil": ends}
