"""Battery models, to read: makers file them through the ledger."""

from django.contrib import admin

from batteries.models import BatteryModel
from traceability.admin import ReadOnlyAdmin


@admin.register(BatteryModel)
class BatteryModelAdmin(ReadOnlyAdmin):
    """Models as their makers filed them."""

    list_display = ("number", "organisation", "level", "battery_type", "nominal_energy_kwh")
    list_select_related = ("organisation",)
    search_fields = ("number", "organisation__code", "organisation__name")
