"""What makers say of batteries: projections of `produced`, `assembled`, `installed` and `model` events; their labels.

Decimals are canonical text (exact on every engine), masses integer milligrams, times integer milliseconds.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from traceability.models import CODE_LENGTH, KEY_LENGTH, LifecycleEvent, LifecycleRecord, Organisation


class Battery(models.Model):
    """A battery's description beside its lifecycle record."""

    record = models.OneToOneField(LifecycleRecord, models.CASCADE, primary_key=True, related_name="battery")
    battery_type = models.CharField(max_length=1, blank=True)
    manufacturer_code = models.CharField(max_length=3, blank=True)
    produced_on = models.DateField(null=True)
    model_number = models.CharField(max_length=80, blank=True)
    mass_mg = models.BigIntegerField(null=True)
    #: Of a part on its own that has no model: that of the battery it came out of.
    inherited_model = models.CharField(max_length=80, blank=True)

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


class ScrappedVehicle(models.Model):
    """A vehicle that a dismantler scrapped: each battery installed in it must have been removed (Order 73)."""

    event = models.OneToOneField(LifecycleEvent, models.PROTECT, primary_key=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="scrapped_vehicles")
    vin = models.CharField(max_length=17, blank=True, db_index=True)
    key = models.CharField(max_length=KEY_LENGTH)
    occurred_ms = models.BigIntegerField()
    reported_ms = models.BigIntegerField()

    class Meta:
        ordering = ("event",)


class ProductCode(models.Model):
    """A code that was proposed for a second-life product, so that it is proposed to nobody else. Not a fact."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    code = models.CharField(max_length=19)
    prefix = models.CharField(max_length=3)
    #: Positions 8 to 10 of the code.
    day = models.CharField(max_length=3)
    serial = models.IntegerField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "key"], name="product_code_organisation_key"),
            models.UniqueConstraint(fields=["prefix", "day", "serial"], name="product_code_day_serial"),
        ]

    def __str__(self) -> str:
        return self.code


class LabelKey(models.Model):
    """A key that signs one organisation's labels. Not a fact: made on first use, and no part of the ledger.

    One signs at a time, for a calendar year in China or until it is rotated or revoked; then its private part is
    erased. The public part stays, so that old labels can be verified for ever.
    """

    kid = models.CharField(_("key"), max_length=6)
    #: Hidden from the reverse side: what hangs visibly on an organisation counts as projected (`rebuild`).
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    year = models.IntegerField(_("year"))
    public_key = models.BinaryField(max_length=32)
    #: Sealed under SECRET_KEY (`label_keys.seal`); None once the key signs no more.
    sealed_key = models.BinaryField(null=True)
    created_at = models.DateTimeField(_("signs from"))
    retired_at = models.DateTimeField(_("signs until"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("label key")
        verbose_name_plural = _("label keys")
        ordering = ("organisation", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kid"], name="label_key_kid"),
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(retired_at=None), name="label_key_signing"
            ),
        ]

    def __str__(self) -> str:
        return self.kid


class Label(models.Model):
    """The text of a label that was issued here, kept to draw it again; whether it is valid, the ledger says."""

    code = models.CharField(max_length=CODE_LENGTH)
    serial = models.CharField(max_length=4)
    key = models.ForeignKey(LabelKey, models.PROTECT, related_name="labels", db_index=False)
    text = models.CharField(max_length=200)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["code", "serial"], name="label_code_serial")]

    def __str__(self) -> str:
        return f"{self.code} {self.serial}"
