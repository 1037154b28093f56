"""Listings and permits, to read: the alliance records them through the ledger."""

from django.contrib import admin

from recyclers.models import Listing, Permit
from traceability.admin import ReadOnlyAdmin


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    """Companies on the announced list."""

    list_display = ("organisation", "scope", "batch_number", "announced_on", "revoked_on")
    list_select_related = ("organisation",)


@admin.register(Permit)
class PermitAdmin(ReadOnlyAdmin):
    """Permits under Order 73, Art. 18."""

    list_display = ("organisation", "kind", "number", "issuer", "valid_from", "valid_until")
    list_select_related = ("organisation",)
