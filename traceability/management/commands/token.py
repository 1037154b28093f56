"""`token ORGANISATION --name NAME`: an API token for a machine, shown once."""

import json
from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from traceability import tokens
from traceability.errors import Refusal
from traceability.management.commands.export import read_day
from traceability.models import Organisation
from traceability.stages import ROLES


class Command(BaseCommand):
    """Issue a token and print its secret, which is stored nowhere."""

    help = "为单位的系统签发接口令牌，仅显示一次 · Issue an API token for an organisation; it is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose token it is, its name, and what it may do until when."""
        parser.add_argument("organisation", metavar="ORGANISATION", help="统一社会信用代码 · code of the organisation")
        parser.add_argument("--name", required=True, help="用途 · what it is for")
        parser.add_argument(
            "--role",
            action="append",
            choices=ROLES,
            default=[],
            help="只能以该角色（可多次），默认全部 · only in this role (repeatable); all by default",
        )
        parser.add_argument("--expires", metavar="DAY", type=read_day, help="有效期最后一天 · the last day it is valid")
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(
        self,
        *args: Any,
        organisation: str,
        name: str,
        role: list[str],
        expires: date | None,
        form: str,
        **options: Any,
    ) -> None:
        """Issue the token; the secret goes to standard output alone, for pipes."""
        owner = Organisation.objects.filter(code=organisation).first()
        if owner is None:
            raise CommandError(_("The organisation {value} is not registered.").format(value=organisation))
        if not 0 < len(name.strip()) <= 100:
            raise CommandError(_("A name of 1 to 100 characters is needed."))
        try:
            token, secret = tokens.issue(owner, name=name.strip(), scope=sorted(set(role)), expires_at=end_of(expires))
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from refusal
        if form == "json":
            ends = token.expires_at and token.expires_at.isoformat()
            told: dict[str, Any] = {"organisation": owner.code, "name": token.name, "scope": token.scope.split()}
            told |= {"prefix": token.prefix, "expiresAt": ends, "token": secret}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stderr.write(_("Keep it now: the token is not stored and is shown only once."))
        self.stdout.write(secret)


def end_of(day: date | None) -> datetime | None:
    """Give the moment at which a day ends in the installation's time zone; a day that is over is refused."""
    if day is None:
        return None
    if day < timezone.localdate():
        raise CommandError(_("The day {value} is over.").format(value=day.isoformat()))
    return datetime.combine(day + timedelta(days=1), time(), timezone.get_default_timezone())
