"""Battery models, which makers file through the ledger, and the keys of labels: to read."""

from django.contrib import admin

from batteries.models import BatteryModel, LabelKey
from traceability.admin import ReadOnlyAdmin


@admin.register(BatteryModel)
class BatteryModelAdmin(ReadOnlyAdmin):
    """Models as their makers filed them."""

    list_display = ("number", "organisation", "level", "battery_type", "nominal_energy_kwh")
    list_select_related = ("organisation",)
    search_fields = ("number", "organisation__code", "organisation__name")


@admin.register(LabelKey)
class LabelKeyAdmin(ReadOnlyAdmin):
    """Whose labels are signed with what, and since when; `label_keys` rotates and revokes."""

    fields = ("kid", "organisation", "year", "created_at", "retired_at", "revoked_at")
    list_display = fields
    list_select_related = ("organisation",)
    search_fields = ("kid", "organisation__code", "organisation__name")
