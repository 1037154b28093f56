"""What makers say of batteries: projections of `produced`, `assembled`, `installed` and `model` events.

Decimals are canonical text (exact on every engine), masses integer milligrams, times integer milliseconds.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from traceability.models import LifecycleEvent, LifecycleRecord, Organisation


class Battery(models.Model):
    """A battery's description beside its lifecycle record."""

    record = models.OneToOneField(LifecycleRecord, models.CASCADE, primary_key=True, related_name="battery")
    battery_type = models.CharField(max_length=1, blank=True)
    manufacturer_code = models.CharField(max_length=3, blank=True)
    produced_on = models.DateField(null=True)
    model_number = models.CharField(max_length=80, blank=True)
    mass_mg = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("record",)


class BatteryModel(models.Model):
    """A model of pack, module or cell, as its maker filed it."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="battery_models")
    number = models.CharField(_("number"), max_length=80)
    level = models.CharField(_("level"), max_length=6, blank=True)
    battery_type = models.CharField(_("battery type"), max_length=1, blank=True)
    nominal_voltage_v = models.CharField(max_length=40, blank=True)
    rated_capacity_ah = models.CharField(max_length=40, blank=True)
    nominal_energy_kwh = models.CharField(max_length=40, blank=True)
    mass_mg = models.BigIntegerField(null=True)
    cells = models.IntegerField(null=True)
    gtin = models.CharField(max_length=14, blank=True)
    #: Element → mass fraction of the battery, as canonical text.
    composition = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("battery model")
        verbose_name_plural = _("battery models")
        ordering = ("organisation", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "number"], name="model_organisation_number")
        ]

    def __str__(self) -> str:
        return self.number


class Installation(models.Model):
    """A battery's time in a vehicle. The VIN is personal data: it can be erased, the row stays."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    record = models.ForeignKey(LifecycleRecord, models.PROTECT, related_name="installations")
    vin = models.CharField(max_length=17, blank=True, db_index=True)
    since_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("record", "since_ms")
