"""Whose page a company's is, and where a year of it is shown."""

from datetime import date

from django.http import Http404
from django.urls import reverse

from recyclers.conditions.evaluation import ROLES
from traceability.access import Viewer
from traceability.models import Organisation


def visible_company(viewer: Viewer, code: str) -> Organisation:
    """Find a company whose conditions are this reader's business: its own, or any for the alliance."""
    row = Organisation.objects.filter(code=code.upper()).first()
    if row is None or not ROLES & row.role_set or not (viewer.is_alliance or row.pk == viewer.organisation_id):
        raise Http404
    return row


def address_of(code: str, year: int) -> str:
    """Where a company's year is shown."""
    return f"{reverse('company', args=[code])}?year={year}"


def year_of(text: str, today: date) -> int:
    """The year that is asked for, else the last full one."""
    year = int(text) if len(text) == 4 and text.isascii() and text.isdigit() else 0
    return year if 2000 <= year <= 2100 else today.year - 1
