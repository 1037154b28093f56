"""`labels CODE… --output FILE.pdf`: QR labels; what has none yet gets one first."""

import os
import secrets
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from batteries.codes import normalise
from batteries.label_issuing import issue_labels
from batteries.label_pictures import png, svg
from batteries.label_printing import Sticker, stickers, unlabelled
from batteries.label_sheets import CUTS, SIZES, pdf
from traceability.access import Viewer, viewer_for_organisation
from traceability.errors import Refusal
from traceability.models import LifecycleRecord, Organisation

_FORMS = (".pdf", ".png", ".svg")


class Command(BaseCommand):
    """Print labels; those that exist are drawn again, `--reprint` issues new ones in their place."""

    help = (
        "打印电池二维码标签：没有标签的先签发；--reprint 补打并替换旧标签 · "
        "QR labels as PDF (or PNG, SVG of one): issued where there is none; --reprint replaces those there are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the batteries, the file, and how it is laid out."""
        parser.add_argument("codes", nargs="+", metavar="CODE", help="电池编码 · battery codes")
        parser.add_argument(
            "--output", required=True, type=Path, metavar="FILE", help=".pdf；单张可为 .png、.svg · .png, .svg for one"
        )
        parser.add_argument("--size", choices=SIZES, default=SIZES[0], help="毫米 · millimetres (60x40)")
        parser.add_argument(
            "--cut", choices=CUTS, default=CUTS[0], help="A4：裁切线或 5 mm 间隔 · on A4: marks, or gaps of 5 mm"
        )
        parser.add_argument(
            "--organisation", metavar="CODE", help="签发单位，默认生产企业 · who issues; the maker by default"
        )
        parser.add_argument("--reprint", action="store_true", help="补打：签发新标签 · issue new labels for all")
        parser.add_argument("--reason", help="原因，记入档案 · why, for the record")

    def handle(
        self,
        *args: Any,
        codes: list[str],
        output: Path,
        size: Any,
        cut: Any,
        organisation: str | None,
        reprint: bool,
        reason: str | None,
        **options: Any,
    ) -> None:
        """Issue what is missing, draw all, and put the file in its place."""
        wanted = list(dict.fromkeys(map(normalise, codes)))
        check_output(output, len(wanted))
        try:
            viewer = issuer(organisation, wanted)
            new = wanted if reprint else unlabelled(wanted, viewer)
            if new:
                issue_labels(
                    [{"code": code} for code in new],
                    by=viewer,
                    idempotency_key=f"labels-{secrets.token_hex(8)}",
                    occurred_at=timezone.now(),
                    reason=reason,
                )
            found = stickers(wanted, viewer)
        except Refusal as refusal:
            raise CommandError(
                "\n".join(f"{problem.message} ({problem.code})" for problem in refusal.problems)
            ) from None
        write(output, drawn(found, output.suffix.lower(), size, cut))
        self.stdout.write(
            _("Labels: {count}, issued now: {new}; written to {file}").format(
                count=len(found), new=len(new), file=output
            )
        )


def issuer(code: str | None, codes: list[str]) -> Viewer:
    """Give the organisation that was named, or else the only maker of these batteries."""
    if code is not None:
        owner = Organisation.objects.filter(code=code).first()
        if owner is None:
            raise CommandError(_("The organisation {value} is not registered.").format(value=code))
        return viewer_for_organisation(owner, "command")
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=codes)
    makers = list(Organisation.objects.filter(pk__in=records.values("maker")).order_by("code")[:20])
    if not makers:
        raise CommandError(_("None of these batteries has a known maker; name the one that issues: --organisation."))
    if len(makers) > 1:
        value = ", ".join(maker.code for maker in makers)
        raise CommandError(
            _("The batteries have several makers; name the one that issues: {value}.").format(value=value)
        )
    return viewer_for_organisation(makers[0], "command")


def check_output(output: Path, count: int) -> None:
    """Refuse a file that cannot be written, before anything is issued for it."""
    form = output.suffix.lower()
    if form not in _FORMS:
        raise CommandError(_("{value}: the file must end in .pdf, .png or .svg.").format(value=output))
    if form != ".pdf" and count > 1:
        raise CommandError(_("A picture holds one label; write several to a PDF."))
    if output.is_dir() or not output.parent.is_dir() or not os.access(output.parent, os.W_OK):
        raise CommandError(_("{value} cannot be written.").format(value=output))


def drawn(found: list[Sticker], form: str, size: Any, cut: Any) -> bytes:
    """Draw the labels in the form that the file's name asks for."""
    if form == ".pdf":
        return pdf(found, size=size, cut=cut)
    return (png if form == ".png" else svg)(found[0].text, found[0].code)


def write(output: Path, content: bytes) -> None:
    """Put the whole file in its place at once, or leave what was there."""
    scratch = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        scratch.write_bytes(content)
        scratch.replace(output)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise CommandError(f"{output}: {error.strerror}") from error
