"""`unlock`: forgets failed attempts, so that somebody locked out can try again at once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.door import attempts


class Command(BaseCommand):
    help = "解除登录或令牌的锁定 · Forget failed attempts of an account, a token's prefix or an address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", default="", help="用户名或令牌前缀 · user name, or prefix of a token")
        parser.add_argument("--address", default="", help="网络地址 · network address")
        parser.add_argument("--all", action="store_true", dest="everything", help="全部 · everything")

    def handle(self, *args: Any, account: str, address: str, everything: bool, **options: Any) -> None:
        if not (account or address or everything):
            raise CommandError(_("Say what to unlock: --account, --address or --all."))
        count = attempts.unlock(account=account, origin=address)
        self.stdout.write(_("%d counts forgotten.") % count)
