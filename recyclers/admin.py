"""What is said of companies, to read: it is recorded through the ledger."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from recyclers.models import Declaration, DeclarationReview, Listing, Penalty, Permit, Statement
from traceability.admin import ReadOnlyAdmin


class StatementAdmin(ReadOnlyAdmin):
    """Statements, the superseded ones marked."""

    list_select_related = ("organisation",)

    @admin.display(boolean=True, description=_("current"))
    def current(self, row: Statement) -> bool:
        """Say whether it is the last word."""
        return row.is_current


@admin.register(Listing)
class ListingAdmin(StatementAdmin):
    """Companies on the announced list."""

    list_display = ("organisation", "scope", "batch_number", "announced_on", "revoked_on", "current")


@admin.register(Permit)
class PermitAdmin(StatementAdmin):
    """Permits under Order 73, Art. 18."""

    list_display = ("organisation", "kind", "number", "issuer", "valid_from", "valid_until", "current")


@admin.register(Declaration)
class DeclarationAdmin(ReadOnlyAdmin):
    """What companies declared for a year."""

    list_select_related = ("organisation",)
    list_display = ("organisation", "year", "figures", "statements")


@admin.register(DeclarationReview)
class DeclarationReviewAdmin(ReadOnlyAdmin):
    """What the alliance made of it."""

    list_select_related = ("organisation",)
    list_display = ("organisation", "year", "accepted", "reason")


@admin.register(Penalty)
class PenaltyAdmin(ReadOnlyAdmin):
    """Administrative penalties."""

    list_select_related = ("organisation",)
    list_display = ("organisation", "decided_on", "authority", "number", "reason")
