"""`second_factor NAME`: whether a person has one; `--reset` takes it away; `--reseal` re-encrypts all of them."""

from argparse import ArgumentParser
from typing import Any

import structlog
from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.door import second_factor
from traceability.models import User

log = structlog.get_logger("web.people")


class Command(BaseCommand):
    help = "查看或重置用户的双因素认证 · Tell or reset a person's second factor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="用户名 · the person's user name")
        parser.add_argument(
            "--reset", action="store_true", help="移除并结束其全部会话 · take it away and end every session"
        )
        parser.add_argument(
            "--reseal", action="store_true", help="用新的 SECRET_KEY 重新加密 · encrypt all with the newest SECRET_KEY"
        )

    def handle(self, *args: Any, name: str | None, reset: bool, reseal: bool, **options: Any) -> None:
        if reseal:
            self.stdout.write(_("%d secrets encrypted anew.") % second_factor.reseal())
            return
        user = User.objects.select_related("organisation").filter(username=name).first()
        if user is None:
            raise CommandError(_("Nobody is called %s.") % name)
        if reset:
            second_factor.reset(user)
            log.warning("second_factor_reset", user=user.pk, by="command")
            self.stdout.write(_("Reset; the person sets up a new one at the next sign-in."))
            return
        has = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
        state = _("set up") if has else _("not set up")
        needs = _("required") if second_factor.is_required(user) else _("optional")
        self.stdout.write(f"{user.username}: {state}, {needs}")
